package dev.userservice;

import dev.userservice.client.StatusLine;
import dev.userservice.client.Terminal;
import dev.userservice.cluster.Cluster;
import dev.userservice.cluster.ClusterException;
import dev.userservice.cluster.MemberSockets;
import dev.userservice.cluster.Members;
import dev.userservice.cluster.SerialFilter;
import dev.userservice.config.ClusterConfig;
import dev.userservice.config.ClusterTlsConfig;
import dev.userservice.config.ConfigException;
import dev.userservice.config.FileName;
import dev.userservice.config.ServerConfig;
import dev.userservice.launch.ExitCode;
import dev.userservice.launch.LauncherOptions;
import dev.userservice.launch.Misuse;
import dev.userservice.launch.Role;
import dev.userservice.launch.StartFailure;
import dev.userservice.launch.StartLines;
import dev.userservice.operations.LogFormat;
import dev.userservice.operations.Metrics;
import dev.userservice.operations.TraceIds;
import dev.userservice.operations.Tracing;
import dev.userservice.operations.TracingException;
import dev.userservice.operations.Watchdog;
import dev.userservice.security.ClusterTls;
import dev.userservice.security.RejectedPeers;
import dev.userservice.security.UnusableFileException;
import dev.userservice.server.OperationsRpcs;
import dev.userservice.server.Started;
import dev.userservice.server.StoreOpening;
import io.vertx.core.Deployable;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.VertxBuilder;
import io.vertx.core.VertxOptions;
import io.vertx.core.eventbus.EventBusOptions;
import io.vertx.core.internal.logging.Logger;
import io.vertx.core.internal.logging.LoggerFactory;
import io.vertx.core.json.JsonObject;
import io.vertx.launcher.application.HookContext;
import io.vertx.launcher.application.VertxApplication;
import io.vertx.launcher.application.VertxApplicationHooks;
import io.vertx.launcher.application.impl.CommandException;
import io.vertx.launcher.application.impl.VertxApplicationCommand;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Supplier;
import picocli.CommandLine;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParseResult;

/**
 * The Vert.x launcher, with its options and its hooks, and with what an operator expects of a
 * program: configuration that is checked before anything starts, failures in one or two lines, and
 * exit codes that mean something.
 *
 * <p>Without a main verticle it serves: {@link UserVerticle} is the default. The exit codes are
 * those of {@link ExitCode}.
 */
public final class Main extends VertxApplication implements VertxApplicationHooks {

  /** Between two lines in the log about peers that are no members: they try again for ever. */
  private static final int REFUSED_PEER_SECONDS = 60;

  private static final String PRINT_CONFIG = "--print-config";
  private static final String VERSION = "--version";
  private static final Logger LOG = LoggerFactory.getLogger(VertxApplication.class);

  private final String[] args;

  private Role role;
  private LauncherOptions options;
  private JsonObject config;
  private boolean clustered;
  private Metrics metrics;
  private Cluster cluster;

  /** Null when there are no other servers, or these speak plaintext with each other. */
  private ClusterTls clusterTls;

  /** Null when it is off. */
  private Tracing tracing;

  /** For a server that starts; on a terminal only, elsewhere the log says what it waits for. */
  private final StatusLine status = new StatusLine(System.out, Terminal.isThere());

  /** Made on the main thread or an event loop before the main thread goes on. */
  private volatile BenchVerticle bench;

  /** One for each instance; added to by the main thread, read by the one that ends the process. */
  private final List<ClientVerticle> clients = new CopyOnWriteArrayList<>();

  /** Set on the main thread, read on the one that ends the process. */
  private volatile int exitCode = ExitCode.OK;

  /** The exit code stands: what fails from now on fails because Vert.x is being closed. */
  private volatile boolean ended;

  Main(String[] args) {
    // Usage and exit are ours: the stock ones print a page, and know three codes.
    super(args, null, false, false);
    this.args = args;
  }

  /**
   * Starts the program, and returns while a server goes on.
   *
   * @return {@link #OK}, or the exit code of a start that failed
   */
  static int run(String[] args) {
    // In a Turkish locale JGroups reads none of its configuration; elsewhere numbers in messages
    // have digits that no program reads.
    Locale.setDefault(Locale.ROOT);
    String folder = System.getProperty("user.dir");
    String refusal = FileName.refusal(folder);
    if (refusal != null) {
      // The JDK's management beans, which the watchdog needs, could not be loaded.
      return complain(ExitCode.CONFIGURATION, "the current folder, " + folder + ", " + refusal);
    }
    Watchdog.start(ExitCode.LAST_RESORT);
    // To HTTP/1 clients it is a way to keep us busy; HTTP/2 forbids it anyway (RFC 9113, 9.2.1).
    System.setProperty("jdk.tls.rejectClientInitiatedRenegotiation", "true");
    return new Main(args).launch();
  }

  @Override
  public int launch() {
    CommandLine line = new CommandLine(new VertxApplicationCommand(this, this, LOG));
    line.getCommandSpec()
        .addOption(
            OptionSpec.builder(PRINT_CONFIG)
                .description(
                    "Prints the configuration in force and where each value comes from, and ends.")
                .build())
        .addOption(
            OptionSpec.builder(VERSION)
                .description("Prints the versions of this program, Vert.x and Java, and ends.")
                .build())
        .usageMessage()
        .description(
            "Runs a verticle: UserVerticle serves, and is the default; ClientVerticle runs scenarios; BenchVerticle makes load.");
    line.setCommandName("java -jar target/user-service.jar");
    try {
      exitCode =
          line.setOptionsCaseInsensitive(true)
              .setParameterExceptionHandler(
                  (failure, ignored) ->
                      complain(ExitCode.USAGE, Misuse.explain(failure, List.of(args))))
              .setExecutionExceptionHandler((failure, ignored, parsed) -> failed(failure))
              .setExecutionStrategy(this::run)
              .execute(args);
    } catch (Error failure) {
      Watchdog.check(failure);
      // Such as a broken service provider on the class path; picocli lets an Error pass.
      exitCode = complain(ExitCode.UNEXPECTED, failure.toString());
    }
    return exitCode;
  }

  private int run(ParseResult parsed) {
    if (parsed.isUsageHelpRequested()) {
      return new CommandLine.RunLast().execute(parsed);
    }
    if (parsed.hasMatchedOption(VERSION)) {
      System.out.println(StartLines.versions());
      return ExitCode.OK;
    }
    if (parsed.hasMatchedOption("--worker") && parsed.hasMatchedOption("--virtual-thread")) {
      return misused("--worker and --virtual-thread exclude each other");
    }
    role = Role.of(parsed.matchedPositionalValue(0, null));
    clustered = parsed.matchedOptionValue("--cluster", false);
    try {
      options = LauncherOptions.take(parsed);
      String conf = LauncherOptions.take(parsed, "--conf");
      if (parsed.hasMatchedOption(PRINT_CONFIG)) {
        if (role == Role.OTHER) {
          return misused(PRINT_CONFIG + " is for the server, the client and the load");
        }
        System.out.print(role.list(conf, OperationsRpcs.allMethods(), Main::warn));
        return ExitCode.OK;
      }
      config = role.configuration(conf, Main::warn);
      if (clustered && role == Role.SERVER) {
        options.checkClusterPorts(parsed, ServerConfig.from(config));
      }
      tracing =
          Tracing.from(
              System.getenv(),
              System.getProperties(),
              role.program,
              Main.class.getPackage().getImplementationVersion());
    } catch (ConfigException | TracingException refused) {
      return complain(ExitCode.CONFIGURATION, refused.getMessage());
    } catch (IllegalArgumentException refused) {
      return complain(ExitCode.USAGE, refused.getMessage());
    }
    LogFormat.use(logsJson(), tracing == null ? () -> TraceIds.NONE : Tracing::current);
    if (role == Role.BENCH && options.instances() > 1) {
      return misused("a load has one instance; start another process for more");
    }
    if (clustered && role != Role.SERVER) {
      return misused("--cluster is for servers; a client is given their addresses");
    }
    if (!clustered && role == Role.SERVER && config.containsKey("cluster")) {
      warn("without --cluster the chat of this server stays alone; it is configured for a cluster");
    }
    // A client has failed until its scenarios or loads have passed, whatever ends it before.
    exitCode = role.ends() ? ExitCode.SCENARIO : ExitCode.OK;
    return new CommandLine.RunLast().execute(parsed);
  }

  private boolean logsJson() {
    String log = role.log(config);
    return log.equals("json") || log.equals("auto") && !Terminal.isThere();
  }

  @Override
  public JsonObject afterVertxOptionsParsed(JsonObject ignored) {
    return options.vertx();
  }

  @Override
  public JsonObject afterDeploymentOptionsParsed(JsonObject ignored) {
    return options.deployment();
  }

  @Override
  public JsonObject afterConfigParsed(JsonObject ignored) {
    return config;
  }

  @Override
  public VertxBuilder createVertxBuilder(VertxOptions vertxOptions) {
    VertxBuilder builder = Vertx.builder().with(LauncherOptions.withoutFileCache(vertxOptions));
    if (role == Role.SERVER) {
      ServerConfig server = ServerConfig.from(config);
      if (server.management().isOn()) {
        metrics = new Metrics(StartLines.version());
        builder = metrics.of(builder, vertxOptions);
      }
      if (server.hasMembers(clustered)) {
        SerialFilter.install();
        ClusterTlsConfig tls = server.cluster().tls();
        clusterTls =
            tls.isOn() ? new ClusterTls(tls, new RejectedPeers(REFUSED_PEER_SECONDS)) : null;
      }
    }
    if (tracing != null) {
      builder.withTracer(tracing.factory());
    }
    if (!clustered) {
      return builder;
    }
    ClusterConfig how = ServerConfig.from(config).cluster();
    EventBusOptions bus = vertxOptions.getEventBusOptions();
    if (bus.getHost() == null) {
      bus.setHost(how.host());
    }
    if (clusterTls != null) {
      clusterTls.configure(bus);
    }
    status.redraw("Looking for other servers at " + how.others());
    cluster =
        Cluster.join(
            how,
            Optional.ofNullable(clusterTls)
                .map(tls -> new MemberSockets(tls::over, tls.handshakeMillis(), tls::failed)));
    return builder.withClusterManager(cluster.manager());
  }

  @Override
  public void afterVertxStarted(HookContext context) {
    Watchdog.watch(context.vertx());
    if (clusterTls != null) {
      clusterTls.start(context.vertx());
    }
    if (tracing != null) {
      tracing.addTo(context.vertx());
    }
  }

  @Override
  public Supplier<? extends Deployable> verticleSupplier() {
    // The launcher's shutdown hook has just been added.
    EntryPoint.handOver();
    return switch (role) {
      case SERVER -> UserVerticle::new;
      case BENCH -> () -> bench = new BenchVerticle();
      case CLIENT ->
          () -> {
            ClientVerticle client = new ClientVerticle();
            clients.add(client);
            return client;
          };
      case OTHER -> null;
    };
  }

  @Override
  public void beforeDeployingVerticle(HookContext context) {
    if (metrics != null) {
      Started.of(context.vertx()).measuredBy(metrics);
    }
    if (role == Role.SERVER) {
      Started.of(context.vertx()).onStoreLost(this::stop);
    }
    if (role == Role.SERVER && status.isRedrawn()) {
      StoreOpening.showWaits(
          context.vertx(), ServerConfig.from(config).store().startTimeoutMillis(), status);
    }
    if (role == Role.SERVER && options.instances() == 0) {
      context.deploymentOptions().setInstances(Runtime.getRuntime().availableProcessors());
    }
  }

  @Override
  public void afterVerticleDeployed(HookContext context) {
    status.end();
    if (role == Role.SERVER) {
      Started started = Started.of(context.vertx());
      StartLines.of(
              ServerConfig.from(config),
              context.deploymentOptions().getInstances(),
              started.port(),
              started.managementPort(),
              clustered ? new Members(context.vertx()).toString() : "",
              started.isReady())
          .forEach(System.out::println);
    } else if (role == Role.CLIENT) {
      exitCode = ExitCode.OK;
      ended = true;
      System.exit(ExitCode.OK);
    } else if (role == Role.BENCH) {
      awaitLoads();
    }
  }

  /** As after a signal, for a server whose store is lost. */
  private synchronized void stop(String why) {
    if (!ended) {
      ended = true;
      exitCode = complain(ExitCode.STORE, why);
      // Waits until Vert.x is closed, which an event loop must not.
      new Thread(() -> System.exit(ExitCode.STORE), "store-lost").start();
    }
  }

  /** On the main thread, which has nothing else to do. */
  private void awaitLoads() {
    Throwable failure = bench.ended().transform(end -> Future.succeededFuture(end.cause())).await();
    if (!ended) {
      StartFailure explained = failure == null ? null : StartFailure.of(failure, null);
      exitCode =
          explained == null ? ExitCode.OK : complain(explained.exitCode(), explained.message());
      ended = true;
    }
    // Also when a signal was faster: who returns from here says that all is well.
    System.exit(exitCode);
  }

  @Override
  public void afterFailureToStartVertx(HookContext context, Throwable failure) {
    Watchdog.check(failure);
    status.end();
    exitCode = complain(StartFailure.VERTX, StartFailure.reason(failure));
  }

  @Override
  public void afterFailureToDeployVerticle(HookContext context, Throwable failure) {
    Watchdog.check(failure);
    status.end();
    if (ended) {
      return;
    }
    StartFailure explained =
        StartFailure.of(
            failure, role == Role.SERVER ? context.deploymentOptions().getConfig() : null);
    exitCode = complain(explained.exitCode(), explained.message());
    ended = true;
  }

  @Override
  public void beforeStoppingVertx(HookContext context) {
    status.end();
    if (!ended && role.ends()) {
      clients.forEach(ClientVerticle::interrupt);
      complain(ExitCode.SCENARIO, role.interrupted);
    }
    ended = true;
  }

  /** The last thing that happens, after a signal as after a failed start. */
  @Override
  public void afterVertxStopped(HookContext context) {
    if (cluster != null) {
      cluster.leave();
    }
    if (tracing != null) {
      tracing.close();
    }
    halt(exitCode);
  }

  @Override
  public void afterFailureToStopVertx(HookContext context, Throwable failure) {
    Watchdog.check(failure);
    int code =
        complain(ExitCode.UNEXPECTED, "could not stop in order: " + StartFailure.reason(failure));
    halt(exitCode != ExitCode.OK ? exitCode : code);
  }

  /**
   * Ends the process with a code of our choice: after a signal the JVM would add 128 to its number.
   */
  private static void halt(int code) {
    System.out.flush();
    Runtime.getRuntime().halt(code);
  }

  private static int misused(String why) {
    return complain(ExitCode.USAGE, why + "; --help lists the options");
  }

  private int failed(Exception failure) {
    Watchdog.check(failure);
    status.end();
    if (failure instanceof ClusterException refused) {
      return complain(
          refused.isAddress() ? ExitCode.ADDRESS : StartFailure.VERTX, refused.getMessage());
    }
    if (failure instanceof UnusableFileException unusable) {
      return complain(ExitCode.CONFIGURATION, unusable.getMessage());
    }
    if (failure instanceof CommandException stock) {
      return exitCode != ExitCode.OK || ended
          ? exitCode
          : complain(stock.getCode(), "could not start");
    }
    return complain(ExitCode.UNEXPECTED, StartFailure.reason(failure));
  }

  private static void warn(String message) {
    complain(ExitCode.OK, message);
  }

  private static int complain(int code, String message) {
    if (!EntryPoint.isEnding()) {
      say(message);
    }
    return code;
  }

  static void say(String message) {
    System.err.println("user-service: " + message);
  }
}
