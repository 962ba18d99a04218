package dev.userservice.launch;

import dev.userservice.config.ConfigException;
import dev.userservice.config.JsonDocument;
import dev.userservice.config.Quoted;
import dev.userservice.config.ServerConfig;
import dev.userservice.config.Suggestion;
import io.vertx.core.DeploymentOptions;
import io.vertx.core.VertxOptions;
import io.vertx.core.eventbus.EventBusOptions;
import io.vertx.core.json.Json;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.LinkedHashSet;
import java.util.Set;
import java.util.function.UnaryOperator;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParseResult;

/**
 * The launcher's options that this program checks itself. Vert.x checks them too, but later, and
 * without naming the option or property.
 *
 * @param vertx the document of {@code --options}, or null
 * @param deployment the document of {@code --deployment-options}, or null
 * @param instances the number of verticles to deploy; 0 when not set
 */
public record LauncherOptions(JsonObject vertx, JsonObject deployment, int instances) {

  private static final String EVENT_BUS = "vertx.eventBus.options.";
  private static final String INSTANCES = "vertx.deployment.options.instances";

  /**
   * Reads and checks the options of a command line.
   *
   * @throws ConfigException when a document or a property is refused
   * @throws IllegalArgumentException when another value is refused
   */
  public static LauncherOptions take(ParseResult parsed) {
    JsonObject vertx = document(parsed, "--options");
    JsonObject deployment = document(parsed, "--deployment-options");
    check("--options", vertx, json -> new VertxOptions(json).toJson());
    check("--deployment-options", deployment, json -> new DeploymentOptions(json).toJson());
    LauncherProperties.check(System.getProperties());
    return new LauncherOptions(vertx, deployment, instances(parsed, deployment));
  }

  /**
   * @param taken converts a document to options of Vert.x and back
   */
  private static void check(String option, JsonObject json, UnaryOperator<JsonObject> taken) {
    if (json == null) {
      return;
    }
    RecordingJson recording = new RecordingJson(json);
    JsonObject result;
    try {
      result = taken.apply(recording);
    } catch (RuntimeException failure) {
      throw new ConfigException(option + ": " + StartFailure.reason(failure));
    }
    for (String unknown : recording.unread()) {
      Set<String> known = new LinkedHashSet<>();
      addPaths(taken.apply(new JsonObject()), "", known);
      throw new ConfigException(
          "%s: unknown key %s%s"
              .formatted(option, Quoted.of(unknown), Suggestion.of(unknown, known, "\"%s\"", "")));
    }
    checkTypes(option, json, result, "");
  }

  /** Refuses values of a wrong type, which Vert.x silently replaces by the default. */
  private static void checkTypes(String option, JsonObject given, JsonObject taken, String prefix) {
    for (String key : given.fieldNames()) {
      Object value = given.getValue(key);
      Object result = taken.getValue(key);
      if (value instanceof JsonObject inner && result instanceof JsonObject innerResult) {
        checkTypes(option, inner, innerResult, prefix + key + ".");
      } else if (result == null && !(value instanceof JsonObject)) {
        // Without the value, here and below: it may be a password.
        throw new ConfigException(
            "%s: \"%s\" cannot be %s".formatted(option, prefix + key, type(value)));
      } else if (result != null && !type(value).equals(type(result))) {
        throw new ConfigException(
            "%s: \"%s\" must be %s, but is %s"
                .formatted(option, prefix + key, type(result), type(value)));
      }
    }
  }

  private static String type(Object value) {
    if (value instanceof Number) {
      return "a number";
    }
    if (value instanceof Boolean) {
      return "true or false";
    }
    if (value instanceof JsonObject) {
      return "an object";
    }
    return value == null ? "null" : value instanceof JsonArray ? "a list" : "a text";
  }

  private static void addPaths(JsonObject json, String prefix, Set<String> paths) {
    for (String key : json.fieldNames()) {
      paths.add(prefix + key);
      if (json.getValue(key) instanceof JsonObject inner) {
        addPaths(inner, prefix + key + ".", paths);
      }
    }
  }

  /**
   * Checks that all listeners of a server in a cluster have different ports.
   *
   * @throws ConfigException when two have the same port
   */
  public void checkClusterPorts(ParseResult parsed, ServerConfig config) {
    JsonObject none = new JsonObject();
    EventBusOptions bus =
        new EventBusOptions((vertx == null ? none : vertx).getJsonObject("eventBusOptions", none));
    // Later settings win, as in the launcher.
    String host = bus.getHost() == null ? config.cluster().host() : bus.getHost();
    host = parsed.matchedOptionValue("--cluster-host", host);
    host = System.getProperty(EVENT_BUS + "host", host);
    int port = parsed.matchedOptionValue("--cluster-port", bus.getPort());
    config.checkClusterPorts(host, Integer.getInteger(EVENT_BUS + "port", port));
  }

  /**
   * Returns and clears the value of an option. The stock command must not see it: it would read the
   * file again without a limit, and a pipe can be read only once.
   */
  public static String take(ParseResult parsed, String name) {
    OptionSpec option = parsed.matchedOption(name);
    if (option == null) {
      return null;
    }
    String argument = option.getValue();
    option.setValue(null);
    return argument;
  }

  private static JsonObject document(ParseResult parsed, String option) {
    String argument = take(parsed, option);
    return argument == null ? null : JsonDocument.parse(option, argument);
  }

  private static int instances(ParseResult parsed, JsonObject deployment) {
    Object document = deployment == null ? null : deployment.getValue("instances", null);
    if (document != null && !(document instanceof Integer number && number > 0)) {
      throw new ConfigException(
          "--deployment-options: \"instances\" is %s, but must be a whole number, 1 or more"
              .formatted(Json.encode(document)));
    }
    String property = System.getProperty(INSTANCES);
    if (property != null && !property.matches("0*[1-9]\\d{0,8}")) {
      throw new IllegalArgumentException(
          "-D" + INSTANCES + " is " + property + ", but must be 1 or more");
    }
    Integer option = parsed.matchedOptionValue("--instances", null);
    if (option != null && option < 1) {
      throw new IllegalArgumentException("--instances is " + option + ", but must be 1 or more");
    }
    if (option != null) {
      return option;
    }
    return property != null ? Integer.parseInt(property) : document != null ? (int) document : 0;
  }
}
