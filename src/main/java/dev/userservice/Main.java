package dev.userservice;

import dev.userservice.cluster.Cluster;
import dev.userservice.cluster.ClusterException;
import dev.userservice.cluster.Members;
import dev.userservice.config.ClusterConfig;
import dev.userservice.config.ConfigException;
import dev.userservice.config.ConfigSource;
import dev.userservice.config.JsonDocument;
import dev.userservice.config.ServerConfig;
import io.vertx.core.Deployable;
import io.vertx.core.DeploymentOptions;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.VertxBuilder;
import io.vertx.core.VertxOptions;
import io.vertx.core.eventbus.EventBusOptions;
import io.vertx.core.internal.logging.Logger;
import io.vertx.core.internal.logging.LoggerFactory;
import io.vertx.core.json.Json;
import io.vertx.core.json.JsonObject;
import io.vertx.core.shareddata.LocalMap;
import io.vertx.launcher.application.HookContext;
import io.vertx.launcher.application.VertxApplication;
import io.vertx.launcher.application.VertxApplicationHooks;
import io.vertx.launcher.application.impl.CommandException;
import io.vertx.launcher.application.impl.VertxApplicationCommand;
import java.util.function.Supplier;
import picocli.CommandLine;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParseResult;

/**
 * The Vert.x launcher, with its options and its hooks, and with what an operator expects of a
 * program: configuration that is checked before anything starts, failures in one or two lines, and
 * exit codes that mean something.
 *
 * <p>Without a main verticle it serves: {@link UserVerticle} is the default. The exit codes are the
 * constants here, and the launcher's own: 11 when Vert.x cannot start, 15 when a verticle cannot.
 */
public final class Main extends VertxApplication implements VertxApplicationHooks {

  /**
   * A server was stopped by a signal, after all calls had ended; or all scenarios or loads passed.
   */
  static final int OK = 0;

  /** Something that should not happen. */
  static final int UNEXPECTED = 1;

  /** The command line has an option that there is not, or a value that it cannot have. */
  static final int USAGE = 2;

  /** The configuration is refused. */
  static final int CONFIGURATION = 3;

  /** The address cannot be listened on. */
  static final int ADDRESS = 4;

  /** A scenario or a load failed, no server answered, or a signal came before all had passed. */
  static final int SCENARIO = 5;

  /** The store cannot be used, or cannot be reached in time. */
  static final int STORE = 6;

  private static final String INSTANCES = "vertx.deployment.options.instances";
  private static final Logger LOG = LoggerFactory.getLogger(VertxApplication.class);

  private final String[] args;

  private String verticle;
  private boolean instancesGiven;
  private JsonObject vertxOptions;
  private JsonObject deploymentOptions;
  private JsonObject config;
  private boolean clustered;
  private Cluster cluster;

  /** Made on the main thread or an event loop before the main thread goes on. */
  private volatile BenchVerticle bench;

  /** Set on the main thread, read on the one that ends the process. */
  private volatile int exitCode = OK;

  /** The exit code stands: what fails from now on fails because Vert.x is being closed. */
  private volatile boolean ended;

  Main(String[] args) {
    // Usage and exit are ours: the stock ones print a page, and know three codes.
    super(args, null, false, false);
    this.args = args;
  }

  public static void main(String[] args) {
    // To HTTP/1 clients it is a way to keep us busy; HTTP/2 forbids it anyway (RFC 9113, 9.2.1).
    System.setProperty("jdk.tls.rejectClientInitiatedRenegotiation", "true");
    int code = new Main(args).launch();
    if (code != OK) {
      System.exit(code);
    }
  }

  @Override
  public int launch() {
    try {
      exitCode =
          new CommandLine(new VertxApplicationCommand(this, this, LOG))
              .setOptionsCaseInsensitive(true)
              .setParameterExceptionHandler((failure, ignored) -> misused(failure.getMessage()))
              .setExecutionExceptionHandler((failure, ignored, parsed) -> failed(failure))
              .setExecutionStrategy(this::run)
              .execute(args);
    } catch (Error failure) {
      // Such as a broken service provider on the class path; picocli lets an Error pass.
      exitCode = complain(UNEXPECTED, failure.toString());
    }
    return exitCode;
  }

  private int run(ParseResult parsed) {
    if (parsed.isUsageHelpRequested()) {
      return new CommandLine.RunLast().execute(parsed);
    }
    if (parsed.hasMatchedOption("--worker") && parsed.hasMatchedOption("--virtual-thread")) {
      return misused("--worker and --virtual-thread exclude each other");
    }
    verticle = parsed.matchedPositionalValue(0, null);
    try {
      vertxOptions = document("--options", take(parsed, "--options"));
      deploymentOptions = document("--deployment-options", take(parsed, "--deployment-options"));
      config = configuration(take(parsed, "--conf"));
    } catch (ConfigException refused) {
      return complain(CONFIGURATION, refused.getMessage());
    }
    int refused = checkStockOptions(parsed);
    if (refused != OK) {
      return refused;
    }
    clustered = parsed.matchedOptionValue("--cluster", false);
    if (clustered && !serves()) {
      return misused("--cluster is for servers; a client is given their addresses");
    }
    if (!clustered && serves() && config.containsKey("cluster")) {
      complain(OK, "without --cluster this server stays alone; it is configured for a cluster");
    }
    // A client has failed until its scenarios or loads have passed, whatever ends it before.
    exitCode = runsScenarios() || runsLoads() ? SCENARIO : OK;
    return new CommandLine.RunLast().execute(parsed);
  }

  /**
   * What an option says. The stock command does not get to see it: it would read the file once
   * more, with no bound, and what comes out of a pipe can be read only once.
   */
  private static String take(ParseResult parsed, String name) {
    OptionSpec option = parsed.matchedOption(name);
    if (option == null) {
      return null;
    }
    String argument = option.getValue();
    option.setValue(null);
    return argument;
  }

  private static JsonObject document(String option, String argument) {
    return argument == null ? null : JsonDocument.parse(option, argument);
  }

  private JsonObject configuration(String argument) {
    if (serves()) {
      return ConfigSource.server(
          argument, System.getenv(), System.getProperties(), warning -> complain(OK, warning));
    }
    if (runsScenarios()) {
      return ConfigSource.client(
          argument, System.getenv(), System.getProperties(), warning -> complain(OK, warning));
    }
    if (runsLoads()) {
      return ConfigSource.bench(
          argument, System.getenv(), System.getProperties(), warning -> complain(OK, warning));
    }
    return document("--conf", argument);
  }

  /** Vert.x checks these too, but later, and does not say which option or property it means. */
  private int checkStockOptions(ParseResult parsed) {
    String checked = "--options";
    try {
      new VertxOptions(vertxOptions == null ? new JsonObject() : vertxOptions);
      checked = "--deployment-options";
      new DeploymentOptions(deploymentOptions == null ? new JsonObject() : deploymentOptions);
    } catch (RuntimeException failure) {
      return complain(CONFIGURATION, checked + ": " + StartFailure.reason(failure));
    }
    Integer option = parsed.matchedOptionValue("--instances", null);
    String property = System.getProperty(INSTANCES);
    Object document =
        deploymentOptions == null ? null : deploymentOptions.getValue("instances", null);
    instancesGiven = option != null || property != null || document != null;
    if (option != null && option < 1) {
      return complain(USAGE, "--instances is " + option + ", but must be 1 or more");
    }
    if (property != null && !property.matches("0*[1-9]\\d{0,8}")) {
      return complain(USAGE, "-D" + INSTANCES + " is " + property + ", but must be 1 or more");
    }
    if (document != null && !(document instanceof Integer number && number > 0)) {
      return complain(
          CONFIGURATION,
          "--deployment-options: \"instances\" is %s, but must be a whole number, 1 or more"
              .formatted(Json.encode(document)));
    }
    if (runsLoads()
        && (option != null && option > 1
            || property != null && Integer.parseInt(property) > 1
            || document instanceof Integer number && number > 1)) {
      return misused("a load has one instance; start another process for more");
    }
    return OK;
  }

  @Override
  public JsonObject afterVertxOptionsParsed(JsonObject ignored) {
    return vertxOptions;
  }

  @Override
  public JsonObject afterDeploymentOptionsParsed(JsonObject ignored) {
    return deploymentOptions;
  }

  @Override
  public JsonObject afterConfigParsed(JsonObject ignored) {
    return config;
  }

  @Override
  public VertxBuilder createVertxBuilder(VertxOptions options) {
    VertxBuilder builder = Vertx.builder().with(options);
    if (!clustered) {
      return builder;
    }
    ClusterConfig how = ServerConfig.from(config).cluster();
    EventBusOptions bus = options.getEventBusOptions();
    if (bus.getHost() == null) {
      bus.setHost(how.host());
    }
    cluster = Cluster.join(how);
    return builder.withClusterManager(cluster.manager());
  }

  @Override
  public Supplier<? extends Deployable> verticleSupplier() {
    if (runsLoads()) {
      return () -> bench = new BenchVerticle();
    }
    return verticle == null ? UserVerticle::new : null;
  }

  @Override
  public void beforeDeployingVerticle(HookContext context) {
    if (serves() && !instancesGiven) {
      context.deploymentOptions().setInstances(Runtime.getRuntime().availableProcessors());
    }
  }

  @Override
  public void afterVerticleDeployed(HookContext context) {
    if (serves()) {
      LocalMap<String, Object> started =
          context.vertx().sharedData().getLocalMap(UserVerticle.LOCAL_MAP);
      System.out.println("gRPC Server started on port " + started.get(UserVerticle.PORT));
      if (clustered) {
        System.out.println(new Members(context.vertx()));
      }
      System.out.println(
          started.containsKey(UserVerticle.READY)
              ? "Server is ready to accept requests..."
              : "Server waits for its store; health is NOT_SERVING until then...");
    } else if (runsScenarios()) {
      exitCode = OK;
      ended = true;
      System.exit(OK);
    } else if (runsLoads()) {
      awaitLoads();
    }
  }

  /** On the main thread, which has nothing else to do. */
  private void awaitLoads() {
    Throwable failure = bench.ended().transform(end -> Future.succeededFuture(end.cause())).await();
    if (!ended) {
      StartFailure explained = failure == null ? null : StartFailure.of(failure, null);
      exitCode = explained == null ? OK : complain(explained.exitCode(), explained.message());
      ended = true;
    }
    // Also when a signal was faster: who returns from here says that all is well.
    System.exit(exitCode);
  }

  @Override
  public void afterFailureToStartVertx(HookContext context, Throwable failure) {
    exitCode = complain(StartFailure.VERTX, StartFailure.reason(failure));
  }

  @Override
  public void afterFailureToDeployVerticle(HookContext context, Throwable failure) {
    if (ended) {
      return;
    }
    StartFailure explained =
        StartFailure.of(failure, serves() ? context.deploymentOptions().getConfig() : null);
    exitCode = complain(explained.exitCode(), explained.message());
    ended = true;
  }

  @Override
  public void beforeStoppingVertx(HookContext context) {
    if (!ended && runsScenarios()) {
      complain(SCENARIO, "stopped before all scenarios had passed");
    }
    if (!ended && runsLoads()) {
      complain(SCENARIO, "stopped before all loads had ended");
    }
    ended = true;
  }

  /** The last thing that happens, after a signal as after a failed start. */
  @Override
  public void afterVertxStopped(HookContext context) {
    if (cluster != null) {
      cluster.leave();
    }
    halt(exitCode);
  }

  @Override
  public void afterFailureToStopVertx(HookContext context, Throwable failure) {
    int code = complain(UNEXPECTED, "could not stop in order: " + StartFailure.reason(failure));
    halt(exitCode != OK ? exitCode : code);
  }

  /**
   * Ends the process with a code of our choice: after a signal the JVM would add 128 to its number.
   */
  private static void halt(int code) {
    System.out.flush();
    Runtime.getRuntime().halt(code);
  }

  private static int misused(String why) {
    return complain(USAGE, why + "; --help lists the options");
  }

  private int failed(Exception failure) {
    if (failure instanceof ClusterException refused) {
      return complain(refused.isAddress() ? ADDRESS : StartFailure.VERTX, refused.getMessage());
    }
    if (failure instanceof CommandException stock) {
      return exitCode != OK || ended ? exitCode : complain(stock.getCode(), "could not start");
    }
    return complain(UNEXPECTED, StartFailure.reason(failure));
  }

  private static int complain(int code, String message) {
    System.err.println("user-service: " + message);
    return code;
  }

  private boolean serves() {
    return verticle == null || verticle.equals(UserVerticle.class.getName());
  }

  private boolean runsScenarios() {
    return ClientVerticle.class.getName().equals(verticle);
  }

  private boolean runsLoads() {
    return BenchVerticle.class.getName().equals(verticle);
  }
}
