package dev.userservice.config;

import io.vertx.core.json.JsonObject;
import java.util.List;
import java.util.regex.Pattern;

/**
 * The configuration of the client.
 *
 * @param token empty for none
 * @param tokenFile empty for none
 * @param scenarios empty for a load
 */
public record ClientConfig(
    List<Address> addresses,
    Balance balance,
    ClientTlsConfig tls,
    String token,
    String tokenFile,
    List<ScenarioName> scenarios,
    int waitMillis,
    int deadlineMillis,
    int pauseMillis,
    String log) {

  /** The form that {@link #isToken} requires, to follow the name of a token. */
  public static final String TOKEN_FORM =
      "is one line of printable ASCII without spaces, and without \"Bearer\"";

  private static final int SERVER_PORT = 50_051;

  /** The characters that a header can carry, and the max length that our server accepts. */
  private static final Pattern TOKEN = Pattern.compile("[!-~]{1,8192}");

  /** The default scenarios: those of the demo. */
  private static final List<ScenarioName> DEMO =
      List.of(
          ScenarioName.GET,
          ScenarioName.CREATE,
          ScenarioName.LIST,
          ScenarioName.BATCH,
          ScenarioName.CHAT);

  /**
   * Checks a configuration and adds the defaults.
   *
   * @throws ConfigException with a line for each unknown key, and each value of a wrong type or
   *     outside its range
   */
  public static ClientConfig from(JsonObject json) {
    return ConfigSource.of(json).read(ClientConfig::read);
  }

  static ClientConfig read(ConfigReader reader) {
    return read(reader, true);
  }

  /** For a client without scenarios: only the servers, the protocol, and the credentials. */
  static ClientConfig readWithoutScenarios(ConfigReader reader) {
    return read(reader, false);
  }

  private static ClientConfig read(ConfigReader reader, boolean scenarios) {
    ClientConfig config =
        new ClientConfig(
            reader.list(
                "addresses",
                List.of("127.0.0.1:" + SERVER_PORT),
                64,
                text -> Address.parse(text, SERVER_PORT),
                "addresses such as \"localhost:" + SERVER_PORT + "\"",
                "Addresses of servers. A name may resolve to several."),
            scenarios
                ? reader.oneOf(
                    "balance",
                    Balance.ROUND_ROBIN,
                    "Choice of the server of a call: each in turn, the one with the fewest open"
                        + " calls, or the first that answers.")
                : Balance.ROUND_ROBIN,
            ClientTlsConfig.read(reader.object("tls")),
            reader
                .secret("token", "The bearer token; belongs in the environment or `tokenFile`.")
                .strip(),
            reader.textOrNone("tokenFile", "The file with the bearer token."),
            scenarios
                ? reader.list(
                    "scenarios",
                    DEMO,
                    "Scenarios to run, in this order. `relay` needs several servers.")
                : List.of(),
            reader.number(
                "waitMillis", 10_000, 0, 60_000, "Max time to wait until a server answers."),
            reader.number("deadlineMillis", 5_000, 1, 60_000, "Deadline of each call."),
            scenarios
                ? reader.number(
                    "pauseMillis",
                    0,
                    0,
                    10_000,
                    "Pause between scenarios and between chat messages.")
                : 0,
            ServerConfig.readLog(reader));
    reader.check(() -> config.check(reader));
    return config;
  }

  /** Returns true if a text can be sent as a bearer token. */
  public static boolean isToken(String text) {
    return TOKEN.matcher(text).matches();
  }

  private void check(ConfigReader reader) {
    if (!token.isEmpty() && !tokenFile.isEmpty()) {
      throw reader.refused("tokenFile", "and \"token\" say the same; take one of them");
    }
    checkToken(reader);
    if (reader.has("tls") && !tls.enabled() && !reader.object("tls").has("enabled")) {
      reader.refuseIdle("tls", "\"enabled\": true, or a file that it needs");
    }
  }

  private void checkToken(ConfigReader reader) {
    if (!token.isEmpty() && !isToken(token)) {
      throw reader.refused("token", "is not a token: that " + TOKEN_FORM);
    }
    if (token.isEmpty() && tokenFile.isEmpty() || tls.enabled()) {
      return;
    }
    for (Address address : addresses) {
      if (!Address.isLoopback(address.host())) {
        throw reader.refused(
            token.isEmpty() ? "tokenFile" : "token",
            "would be sent to %s in plaintext, readable and reusable on its way; set \"tls.enabled\" or \"tls.caFile\""
                .formatted(address));
      }
    }
  }

  /** Without the token. */
  @Override
  public String toString() {
    return "client of " + Address.list(addresses);
  }
}
