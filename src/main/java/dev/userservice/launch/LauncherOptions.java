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
 * What the options of the launcher say that Vert.x checks too, but later, and without saying which
 * option or property it means.
 *
 * @param vertx of {@code --options}; null for none
 * @param deployment of {@code --deployment-options}; null for none
 * @param instances how many verticles there are to be; 0 when nobody says
 */
public record LauncherOptions(JsonObject vertx, JsonObject deployment, int instances) {

  private static final String EVENT_BUS = "vertx.eventBus.options.";
  private static final String INSTANCES = "vertx.deployment.options.instances";

  /**
   * Takes them from a command line.
   *
   * @throws ConfigException when a document or a property is refused
   * @throws IllegalArgumentException when a value is
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
   * @param taken makes options of a document, and a document of these
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

  /** Vert.x takes the default for a value of another type, without a word. */
  private static void checkTypes(String option, JsonObject given, JsonObject taken, String prefix) {
    for (String key : given.fieldNames()) {
      Object value = given.getValue(key);
      Object result = taken.getValue(key);
      if (value instanceof JsonObject inner && result instanceof JsonObject innerResult) {
        checkTypes(option, inner, innerResult, prefix + key + ".");
      } else if (result == null && !(value instanceof JsonObject)) {
        // Not the value, here and below: it may be a password.
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
   * Checks that a server of a cluster has a port of its own for everything that it listens on.
   *
   * @throws ConfigException when two would have the same
   */
  public void checkClusterPorts(ParseResult parsed, ServerConfig config) {
    JsonObject none = new JsonObject();
    EventBusOptions bus =
        new EventBusOptions((vertx == null ? none : vertx).getJsonObject("eventBusOptions", none));
    // Later ones win, as in the launcher.
    String host = bus.getHost() == null ? config.cluster().host() : bus.getHost();
    host = parsed.matchedOptionValue("--cluster-host", host);
    host = System.getProperty(EVENT_BUS + "host", host);
    int port = parsed.matchedOptionValue("--cluster-port", bus.getPort());
    config.checkClusterPorts(host, Integer.getInteger(EVENT_BUS + "port", port));
  }

  /**
   * What an option says. The stock command does not get to see it: it would read the file once
   * more, with no bound, and what comes out of a pipe can be read only once.
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
