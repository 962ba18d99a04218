package dev.userservice;

import dev.userservice.config.ConfigException;
import dev.userservice.config.ConfigSource;
import dev.userservice.config.JsonDocument;
import io.vertx.core.Deployable;
import io.vertx.core.DeploymentOptions;
import io.vertx.core.internal.logging.Logger;
import io.vertx.core.internal.logging.LoggerFactory;
import io.vertx.core.json.JsonObject;
import io.vertx.launcher.application.HookContext;
import io.vertx.launcher.application.VertxApplication;
import io.vertx.launcher.application.VertxApplicationHooks;
import io.vertx.launcher.application.impl.CommandException;
import io.vertx.launcher.application.impl.VertxApplicationCommand;
import java.util.function.Supplier;
import picocli.CommandLine;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;

/**
 * The Vert.x launcher, with its options and its hooks, and with what an operator expects of a
 * program: configuration that is checked before anything starts, failures in one or two lines, and
 * exit codes that mean something.
 *
 * <p>Without a main verticle it serves: {@link UserVerticle} is the default.
 */
public final class Main extends VertxApplication implements VertxApplicationHooks {

  /** Stopped by a signal after all calls had ended, or all scenarios passed. */
  static final int OK = 0;

  /** Something that should not happen. */
  static final int UNEXPECTED = 1;

  /** The command line has an option that there is not, or a value that it cannot have. */
  static final int USAGE = 2;

  /** The configuration is refused. */
  static final int CONFIGURATION = 3;

  /** The address cannot be listened on. */
  static final int ADDRESS = 4;

  /** A scenario failed, or no server answered. */
  static final int SCENARIO = 5;

  private static final Logger LOG = LoggerFactory.getLogger(VertxApplication.class);

  private final String[] args;
  private ParseResult options;
  private volatile int exitCode = OK;

  Main(String[] args) {
    // Usage and exit are ours: the stock ones print a page, and know three codes.
    super(args, null, false, false);
    this.args = args;
  }

  public static void main(String[] args) {
    int code = new Main(args).launch();
    if (code != OK) {
      System.exit(code);
    }
  }

  @Override
  public int launch() {
    exitCode =
        new CommandLine(new VertxApplicationCommand(this, this, LOG))
            .setOptionsCaseInsensitive(true)
            .setParameterExceptionHandler((failure, ignored) -> misused(failure))
            .setExecutionExceptionHandler((failure, ignored, parsed) -> failed(failure))
            .setExecutionStrategy(this::run)
            .execute(args);
    return exitCode;
  }

  private int run(ParseResult parsed) {
    options = parsed;
    Integer instances = parsed.matchedOptionValue("--instances", null);
    if (instances != null && instances < 1) {
      return complain(USAGE, "--instances is " + instances + ", but must be 1 or more");
    }
    return new CommandLine.RunLast().execute(parsed);
  }

  @Override
  public JsonObject afterVertxOptionsParsed(JsonObject ignored) {
    return document("--options");
  }

  @Override
  public JsonObject afterDeploymentOptionsParsed(JsonObject ignored) {
    return document("--deployment-options");
  }

  @Override
  public JsonObject afterConfigParsed(JsonObject ignored) {
    String argument = options.matchedOptionValue("--conf", null);
    if (serves()) {
      return ConfigSource.server(argument, System.getenv(), System.getProperties());
    }
    if (runsScenarios()) {
      return ConfigSource.client(argument, System.getenv(), System.getProperties());
    }
    return document("--conf");
  }

  @Override
  public Supplier<? extends Deployable> verticleSupplier() {
    return verticle() == null ? UserVerticle::new : null;
  }

  @Override
  public void beforeDeployingVerticle(HookContext context) {
    DeploymentOptions deployment = context.deploymentOptions();
    if (serves() && !saysInstances()) {
      deployment.setInstances(Runtime.getRuntime().availableProcessors());
    }
  }

  @Override
  public void afterVerticleDeployed(HookContext context) {
    if (serves()) {
      System.out.println(
          "gRPC Server started on port "
              + context
                  .vertx()
                  .sharedData()
                  .getLocalMap(UserVerticle.LOCAL_MAP)
                  .get(UserVerticle.PORT));
      System.out.println("Server is ready to accept requests...");
    } else if (runsScenarios()) {
      System.exit(OK);
    }
  }

  @Override
  public void afterFailureToStartVertx(HookContext context, Throwable failure) {
    exitCode = complain(StartFailure.VERTX, StartFailure.reason(failure));
  }

  @Override
  public void afterFailureToDeployVerticle(HookContext context, Throwable failure) {
    StartFailure explained = StartFailure.of(failure, context.deploymentOptions().getConfig());
    exitCode = complain(explained.exitCode(), explained.message());
  }

  /** The last thing that happens, after a signal as after a failed start. */
  @Override
  public void afterVertxStopped(HookContext context) {
    halt(exitCode);
  }

  @Override
  public void afterFailureToStopVertx(HookContext context, Throwable failure) {
    halt(complain(UNEXPECTED, "could not stop in order: " + StartFailure.reason(failure)));
  }

  /**
   * Ends the process with a code of our choice: after a signal the JVM would add 128 to its number.
   */
  private static void halt(int code) {
    System.out.flush();
    Runtime.getRuntime().halt(code);
  }

  private int misused(ParameterException failure) {
    return complain(USAGE, failure.getMessage() + "; --help lists the options");
  }

  private int failed(Exception failure) {
    if (failure instanceof CommandException stock) {
      return exitCode != OK ? exitCode : complain(stock.getCode(), "could not start");
    }
    if (failure instanceof ConfigException refused) {
      return complain(CONFIGURATION, refused.getMessage());
    }
    return complain(UNEXPECTED, StartFailure.reason(failure));
  }

  private static int complain(int code, String message) {
    System.err.println("user-service: " + message);
    return code;
  }

  private JsonObject document(String option) {
    String argument = options.matchedOptionValue(option, null);
    return argument == null ? null : JsonDocument.parse(option, argument);
  }

  private String verticle() {
    return options.matchedPositionalValue(0, null);
  }

  private boolean serves() {
    return verticle() == null || verticle().equals(UserVerticle.class.getName());
  }

  private boolean runsScenarios() {
    return ClientVerticle.class.getName().equals(verticle());
  }

  private boolean saysInstances() {
    JsonObject deployment = document("--deployment-options");
    return options.hasMatchedOption("--instances")
        || (deployment != null && deployment.containsKey("instances"))
        || System.getProperty("vertx.deployment.options.instances") != null;
  }
}
