package dev.userservice.call;

import dev.userservice.config.ClientConfig;
import dev.userservice.config.ConfigException;
import dev.userservice.config.Program;
import io.vertx.core.MultiMap;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The settings of a call.
 *
 * @param client servers, TLS and token
 * @param metadata the pairs to send
 * @param deadline the time of the call; null for that of its kind
 */
record CallSettings(ClientConfig client, MultiMap metadata, Duration deadline) {

  private static final int WAIT_MILLIS = 1_000;

  private static final Pattern TIME = Pattern.compile("([0-9]{1,6})(ms|s|m)");

  /** Lower-case names as gRPC has them, without its own. */
  private static final Pattern NAME = Pattern.compile("(?!grpc-)[0-9a-z_.-]{1,128}");

  private static final Pattern VALUE = Pattern.compile("[ -~]{0,8192}");

  /**
   * Reads the configuration of the client, and the options, which win.
   *
   * @param warn called for a secret where others may read it
   * @throws ConfigException when the configuration is refused
   * @throws UsageException when an option is
   */
  static CallSettings of(CallOptions options, Consumer<String> warn) {
    JsonObject json =
        Program.CLIENT
            .load(options.conf, System.getenv(), System.getProperties(), warn)
            .json()
            .copy();
    // A tool says soon that it finds no server.
    json.put("waitMillis", json.getInteger("waitMillis", WAIT_MILLIS));
    if (!options.addresses.isEmpty()) {
      json.put("addresses", new JsonArray(List.copyOf(options.addresses)));
    }
    if (options.tokenFile != null) {
      json.remove("token");
      json.put("tokenFile", options.tokenFile);
    }
    JsonObject tls = json.getJsonObject("tls", new JsonObject()).copy();
    if (options.tls) {
      tls.put("enabled", true);
    }
    put(tls, "caFile", options.ca);
    put(tls, "certificateFile", options.certificate);
    put(tls, "keyFile", options.key);
    put(tls, "serverName", options.serverName);
    if (!tls.isEmpty()) {
      json.put("tls", tls);
    }
    return new CallSettings(
        ClientConfig.from(json), metadata(options.metadata), deadline(options.deadline));
  }

  private static void put(JsonObject json, String key, String value) {
    if (value != null) {
      json.put(key, value);
    }
  }

  private static MultiMap metadata(List<String> pairs) {
    MultiMap metadata = HttpHeaders.headers();
    for (String pair : pairs) {
      int colon = pair.indexOf(':');
      String name = colon < 0 ? "" : pair.substring(0, colon).strip().toLowerCase(Locale.ROOT);
      String value = pair.substring(colon + 1).strip();
      if (!NAME.matcher(name).matches() || !VALUE.matcher(value).matches()) {
        throw new UsageException(
            "--metadata needs NAME:VALUE, with a name of letters, digits and any of _ . -, which"
                + " does not begin with grpc-, and a value of printable ASCII");
      }
      metadata.add(name, value);
    }
    return metadata;
  }

  private static Duration deadline(String text) {
    if (text == null) {
      return null;
    }
    Matcher time = TIME.matcher(text);
    if (!time.matches() || Integer.parseInt(time.group(1)) == 0) {
      throw new UsageException("--deadline needs a time such as 500ms, 5s or 2m");
    }
    int number = Integer.parseInt(time.group(1));
    return switch (time.group(2)) {
      case "ms" -> Duration.ofMillis(number);
      case "s" -> Duration.ofSeconds(number);
      default -> Duration.ofMinutes(number);
    };
  }
}
