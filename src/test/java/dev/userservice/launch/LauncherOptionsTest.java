package dev.userservice.launch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.userservice.config.ConfigException;
import io.vertx.core.DeploymentOptions;
import io.vertx.core.VertxOptions;
import io.vertx.core.json.JsonObject;
import io.vertx.launcher.application.VertxApplication;
import io.vertx.launcher.application.VertxApplicationHooks;
import io.vertx.launcher.application.impl.VertxApplicationCommand;
import java.util.Properties;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;

class LauncherOptionsTest {

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          {"eventLoopPoolSzie":1}          | unknown key "eventLoopPoolSzie"; did you mean "eventLoopPoolSize"?
          {"eventLoops":1}                 | unknown key "eventLoops"
          {"a\\u001bb":1}                  | unknown key "a\\u001Bb"
          {"eventBusOptions":{"prot":1}}   | unknown key "eventBusOptions.prot"; did you mean "eventBusOptions.port"?
          {"eventBusOptions":{"colour":1}} | unknown key "eventBusOptions.colour"
          {"fileSystemOptions":{"x":{}}}   | unknown key "fileSystemOptions.x"
          {"addressResolverOptions":{"ndot":1}} | unknown key "addressResolverOptions.ndot"; did you mean "addressResolverOptions.ndots"?
          {"eventBusOptions":{"pemKeyCertOptions":{"path":"a"}}} | unknown key "eventBusOptions.pemKeyCertOptions.path"
          {"eventLoopPoolSize":"4"}        | "eventLoopPoolSize" must be a number, but is a text
          {"eventLoopPoolSize":null}       | "eventLoopPoolSize" must be a number, but is null
          {"eventLoopPoolSize":{}}         | "eventLoopPoolSize" must be a number, but is an object
          {"useDaemonThread":"yes"}        | "useDaemonThread" must be true or false, but is a text
          {"eventBusOptions":{"host":5}}   | "eventBusOptions.host" cannot be a number
          {"eventBusOptions":7}            | "eventBusOptions" must be an object, but is a number
          {"eventLoopPoolSize":0}          | eventLoopPoolSize must be > 0
          """)
  void options_refused(String json, String why) {
    assertThatThrownBy(() -> take("--options", json))
        .isInstanceOf(ConfigException.class)
        .hasMessageStartingWith("--options: " + why);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          {"instance":2}                  | unknown key "instance"; did you mean "instances"?
          {"threadingModel":"WORKERS"}    | No enum constant
          {"workerPoolSize":true}         | "workerPoolSize" must be a number, but is true or false
          """)
  void deploymentOptions_refused(String json, String why) {
    assertThatThrownBy(() -> take("--deployment-options", json))
        .isInstanceOf(ConfigException.class)
        .hasMessageStartingWith("--deployment-options: " + why);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{}",
        "conf/vertx.json",
        "{\"useDaemonThread\":true,\"haGroup\":\"g\",\"maxWorkerExecuteTimeUnit\":\"SECONDS\"}",
        "{\"metricsOptions\":{\"enabled\":true,\"what\":{\"an implementation\":\"knows\"}}}",
        "{\"tracingOptions\":{\"what\":1}}",
        "{\"eventBusOptions\":{\"host\":\"h\",\"ssl\":true,\"clusterNodeMetadata\":{\"a\":1},\"pemKeyCertOptions\":{\"keyPaths\":[\"k\"],\"certPaths\":[\"c\"]},\"enabledSecureTransportProtocols\":[\"TLSv1.3\"]}}",
        "{\"addressResolverOptions\":{\"servers\":[\"127.0.0.1\"],\"hostsPath\":\"h\"}}"
      })
  void options_taken(String json) {
    take("--options", json);
  }

  /** Each key that Vert.x itself writes is one that it reads. */
  @Test
  void options_allDefaults_taken() {
    JsonObject defaults = new VertxOptions().toJson();

    assertThat(take("--options", defaults.encode()).vertx()).isEqualTo(defaults);
    take("--deployment-options", new DeploymentOptions().toJson().encode());
    take("--deployment-options", "{\"config\":{\"any\":{\"key\":1}},\"instances\":3}");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          vertx.options.workerPoolSzie | 1 | unknown property -Dvertx.options.workerPoolSzie; did you mean -Dvertx.options.workerPoolSize?
          vertx.options.colour | 1 | unknown property -Dvertx.options.colour
          vertx.options.workerPoolSize | x | -Dvertx.options.workerPoolSize is "x", but must be a whole number
          vertx.options.haEnabled | yes | -Dvertx.options.haEnabled is "yes", but must be true or false
          vertx.options.eventBusOptions | {} | unknown property -Dvertx.options.eventBusOptions
          vertx.options.warningExceptionTimeUnit | second | -Dvertx.options.warningExceptionTimeUnit is "second", but must be one of [NANOSECONDS,
          vertx.eventBus.options.prot | 1 | unknown property -Dvertx.eventBus.options.prot; did you mean -Dvertx.eventBus.options.port?
          vertx.deployment.options.instance | 1 | unknown property -Dvertx.deployment.options.instance; did you mean -Dvertx.deployment.options.instances?
          """)
  void property_refused(String name, String value, String why) {
    assertThatThrownBy(() -> LauncherProperties.check(properties(name, value)))
        .isInstanceOf(ConfigException.class)
        .hasMessageStartingWith(why);
  }

  @ParameterizedTest
  @CsvSource({
    "vertx.options.workerPoolSize, 7",
    "vertx.options.WORKERPOOLSIZE, 7",
    "vertx.options.maxEventLoopExecuteTime, 2000000000000",
    "vertx.options.warningExceptionTimeUnit, SECONDS",
    "vertx.options.preferNativeTransport, true",
    "vertx.eventBus.options.clusterPublicHost, h",
    "vertx.deployment.options.workerPoolName, w",
    "vertx.cacheDirBase, /tmp"
  })
  void property_taken(String name, String value) {
    LauncherProperties.check(properties(name, value));
  }

  private static Properties properties(String name, String value) {
    Properties properties = new Properties();
    properties.setProperty(name, value);
    return properties;
  }

  private static LauncherOptions take(String... args) {
    return LauncherOptions.take(commandLine().parseArgs(args));
  }

  /** The command line of the launcher, which runs nothing. */
  static CommandLine commandLine() {
    return new CommandLine(
        new VertxApplicationCommand(
            new VertxApplication(new String[0]), VertxApplicationHooks.DEFAULT, null));
  }
}
