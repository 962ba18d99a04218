package dev.userservice.config;

import io.vertx.core.json.JsonObject;
import java.util.List;
import java.util.regex.Pattern;

/**
 * The configuration of the client.
 *
 * @param addresses where servers listen, 1 to 64; a name may stand for several
 * @param balance how the server of a call is chosen
 * @param tls how it checks whom it talks to, and proves who it is
 * @param token the bearer token that it sends, which belongs into the environment; empty for none
 * @param tokenFile a file with the token; empty for none
 * @param scenarios the scenarios to run, in this order
 * @param waitMillis how long to wait for a server to answer, 0 to 60,000 milliseconds
 * @param deadlineMillis how long each call may take, 1 to 60,000 milliseconds
 * @param pauseMillis how long to pause between scenarios and between chat messages, 0 to 10,000
 *     milliseconds
 * @param log how log lines are written, as in {@link ServerConfig}
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

  /** How {@link #isToken} wants it, to follow what has to be one. */
  public static final String TOKEN_FORM =
      "is one line of printable ASCII without spaces, and without \"Bearer\"";

  private static final int SERVER_PORT = 50_051;

  /** All that a header can carry; as long as those that our server takes. */
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
   * Checks a configuration and fills in what is missing.
   *
   * @throws ConfigException when a key is unknown, or a value is not of its type or range
   */
  public static ClientConfig from(JsonObject json) {
    return ConfigSource.of(json).read(ClientConfig::read);
  }

  static ClientConfig read(ConfigReader reader) {
    return read(
        reader,
        reader.oneOf("balance", Balance.ROUND_ROBIN),
        reader.list("scenarios", DEMO),
        reader.number("pauseMillis", 0, 0, 10_000));
  }

  /** For a client that has no scenarios: where servers are, how to speak to them, and as whom. */
  static ClientConfig readWithoutScenarios(ConfigReader reader) {
    return read(reader, Balance.ROUND_ROBIN, List.of(), 0);
  }

  private static ClientConfig read(
      ConfigReader reader, Balance balance, List<ScenarioName> scenarios, int pauseMillis) {
    ClientConfig config =
        new ClientConfig(
            reader.list(
                "addresses",
                List.of("127.0.0.1:" + SERVER_PORT),
                64,
                text -> Address.parse(text, SERVER_PORT),
                "addresses such as \"localhost:" + SERVER_PORT + "\""),
            balance,
            ClientTlsConfig.read(reader.object("tls")),
            reader.secret("token").strip(),
            reader.textOrNone("tokenFile"),
            scenarios,
            reader.number("waitMillis", 10_000, 0, 60_000),
            reader.number("deadlineMillis", 5_000, 1, 60_000),
            pauseMillis,
            reader.oneOf("log", "auto", ServerConfig.LOG_FORMATS));
    if (!config.token.isEmpty() && !config.tokenFile.isEmpty()) {
      throw reader.refused("tokenFile", "and \"token\" say the same; take one of them");
    }
    config.checkToken(reader);
    if (reader.has("tls") && !config.tls.enabled() && !reader.object("tls").has("enabled")) {
      reader.refuseIdle("tls", "\"enabled\": true, or a file that it needs");
    }
    return config;
  }

  /** Whether a text can be sent as a bearer token. */
  public static boolean isToken(String text) {
    return TOKEN.matcher(text).matches();
  }

  private void checkToken(ConfigReader reader) {
    if (!token.isEmpty() && !isToken(token)) {
      throw reader.refused("token", "is no token: that " + TOKEN_FORM);
    }
    if (token.isEmpty() && tokenFile.isEmpty() || tls.enabled()) {
      return;
    }
    for (Address address : addresses) {
      if (!Address.isLoopback(address.host())) {
        throw reader.refused(
            token.isEmpty() ? "tokenFile" : "token",
            "would go to %s in plaintext, and who reads it on its way can use it; set \"tls.enabled\" or \"tls.caFile\""
                .formatted(address));
      }
    }
  }

  /** All but the token. */
  @Override
  public String toString() {
    return "client of " + Address.list(addresses);
  }
}
