package dev.userservice;

import dev.userservice.config.ConfigException;
import dev.userservice.config.JsonDocument;
import io.vertx.core.DeploymentOptions;
import io.vertx.core.VertxOptions;
import io.vertx.core.json.Json;
import io.vertx.core.json.JsonObject;
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
record StockOptions(JsonObject vertx, JsonObject deployment, int instances) {

  private static final String INSTANCES = "vertx.deployment.options.instances";

  /**
   * Takes them from a command line.
   *
   * @throws ConfigException when a document is refused
   * @throws IllegalArgumentException when a value is
   */
  static StockOptions take(ParseResult parsed) {
    JsonObject vertx = document(parsed, "--options");
    JsonObject deployment = document(parsed, "--deployment-options");
    String checked = "--options";
    try {
      new VertxOptions(vertx == null ? new JsonObject() : vertx);
      checked = "--deployment-options";
      new DeploymentOptions(deployment == null ? new JsonObject() : deployment);
    } catch (RuntimeException failure) {
      throw new ConfigException(checked + ": " + StartFailure.reason(failure));
    }
    return new StockOptions(vertx, deployment, instances(parsed, deployment));
  }

  /**
   * What an option says. The stock command does not get to see it: it would read the file once
   * more, with no bound, and what comes out of a pipe can be read only once.
   */
  static String take(ParseResult parsed, String name) {
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
