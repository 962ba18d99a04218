package dev.userservice.launch;

import dev.userservice.client.WarmUp;
import dev.userservice.cluster.Members;
import dev.userservice.config.ServerConfig;
import dev.userservice.console.StatusLine;
import dev.userservice.console.Terminal;
import dev.userservice.operations.LogFormat;
import dev.userservice.operations.Started;
import dev.userservice.operations.TraceIds;
import dev.userservice.operations.Tracing;
import dev.userservice.operations.Watchdog;
import dev.userservice.server.StoreOpening;
import io.vertx.core.Deployable;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.VertxBuilder;
import io.vertx.core.VertxOptions;
import io.vertx.core.json.JsonObject;
import io.vertx.launcher.application.HookContext;
import io.vertx.launcher.application.VertxApplicationHooks;
import java.util.function.BiFunction;
import java.util.function.Supplier;

/** One run of the launcher: from the checked configuration to the exit code of the process. */
public final class Lifecycle implements VertxApplicationHooks {

  private final BiFunction<Role, Lifecycle, Deployable> verticles;

  /** Shown on a terminal only; elsewhere the log says what a start waits for. */
  private final StatusLine status = new StatusLine(System.out, Terminal.isInteractive());

  private final Promise<Void> loadsEnd = Promise.promise();

  private Role role;
  private LauncherOptions options;
  private JsonObject config;
  private boolean clustered;

  /** Null for other roles. */
  private ServerConfig server;

  private VertxParts parts;

  /** Set on the main thread, read on the thread that ends the process. */
  private volatile int exitCode = ExitCode.OK;

  /** The exit code is final: later failures happen because Vert.x is being closed. */
  private volatile boolean ended;

  private volatile boolean interrupted;

  Lifecycle(BiFunction<Role, Lifecycle, Deployable> verticles) {
    this.verticles = verticles;
  }

  /**
   * Sets the run that the hooks are for.
   *
   * @param config checked
   * @param tracing null when it is off
   */
  void prepare(
      Role role, LauncherOptions options, JsonObject config, boolean clustered, Tracing tracing) {
    this.role = role;
    this.options = options;
    this.config = config;
    this.clustered = clustered;
    server = role == Role.SERVER ? ServerConfig.from(config) : null;
    parts = new VertxParts(server, clustered, tracing, status);
    String log = role.log(config);
    LogFormat.use(
        log.equals("json") || log.equals("auto") && !Terminal.isInteractive(),
        tracing == null ? () -> TraceIds.NONE : Tracing::current);
    // A client has failed until its scenarios or loads have passed, whatever ends it before.
    exitCode = role.ends() ? ExitCode.SCENARIO : ExitCode.OK;
  }

  /** Returns true while a signal ends the process. Thread-safe. */
  public boolean isInterrupted() {
    return interrupted;
  }

  /** Completed by the load verticle when all loads have ended. */
  public Promise<Void> loadsEnd() {
    return loadsEnd;
  }

  int exitCode() {
    return exitCode;
  }

  /** Returns true when the exit code is final, or that of an explained failure. */
  boolean isDecided() {
    return ended || exitCode != ExitCode.OK;
  }

  /** Clears the status line of the start. */
  void endStatus() {
    status.end();
  }

  @Override
  public JsonObject afterVertxOptionsParsed(JsonObject ignored) {
    JsonObject given = options.vertx();
    if (role != Role.CLIENT) {
      return given;
    }
    JsonObject patient = new JsonObject().put("maxEventLoopExecuteTime", WarmUp.MAX_TURN_NANOS);
    return given == null ? patient : patient.mergeIn(given);
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
    return parts.builder(vertxOptions);
  }

  @Override
  public void afterVertxStarted(HookContext context) {
    Watchdog.watch(context.vertx());
    parts.start(context.vertx());
  }

  @Override
  public Supplier<? extends Deployable> verticleSupplier() {
    // The launcher's shutdown hook has just been added.
    Signals.handOver();
    return role == Role.OTHER ? null : () -> verticles.apply(role, this);
  }

  @Override
  public void beforeDeployingVerticle(HookContext context) {
    if (server == null) {
      return;
    }
    Started started = Started.of(context.vertx());
    parts.metrics().ifPresent(started::measuredBy);
    started.onStoreLost(this::stop);
    if (status.isRedrawn()) {
      StoreOpening.showWaits(context.vertx(), server.store().startTimeoutMillis(), status);
    }
    if (options.instances() == 0) {
      context.deploymentOptions().setInstances(Runtime.getRuntime().availableProcessors());
    }
  }

  @Override
  public void afterVerticleDeployed(HookContext context) {
    status.end();
    switch (role) {
      case SERVER -> {
        Started started = Started.of(context.vertx());
        StartLines.of(
                server,
                context.deploymentOptions().getInstances(),
                started.port(),
                started.managementPort(),
                clustered ? new Members(context.vertx()).toString() : "",
                started.isReady())
            .forEach(System.out::println);
      }
      case CLIENT -> {
        exitCode = ExitCode.OK;
        ended = true;
        System.exit(ExitCode.OK);
      }
      case LOAD -> awaitLoads();
      case OTHER -> {}
    }
  }

  /** Stops a server whose store is lost, as a signal would. */
  private synchronized void stop(String why) {
    if (!ended) {
      ended = true;
      exitCode = ErrorLine.complain(ExitCode.STORE, why);
      // exit waits until Vert.x is closed, which would block an event loop.
      new Thread(() -> System.exit(ExitCode.STORE), "store-lost").start();
    }
  }

  /** Blocks the main thread until all loads have ended. */
  private void awaitLoads() {
    Throwable failure =
        loadsEnd.future().transform(end -> Future.succeededFuture(end.cause())).await();
    if (!ended) {
      exitCode = failure == null ? ExitCode.OK : StartFailure.of(failure, role, null).complain();
      ended = true;
    }
    // Also after a signal: a return from here would mean success.
    System.exit(exitCode);
  }

  @Override
  public void afterFailureToStartVertx(HookContext context, Throwable failure) {
    Watchdog.check(failure);
    status.end();
    exitCode = ErrorLine.complain(StartFailure.VERTX, StartFailure.reason(failure));
  }

  @Override
  public void afterFailureToDeployVerticle(HookContext context, Throwable failure) {
    Watchdog.check(failure);
    status.end();
    if (ended) {
      return;
    }
    exitCode = StartFailure.of(failure, role, server).complain();
    ended = true;
  }

  @Override
  public void beforeStoppingVertx(HookContext context) {
    status.end();
    if (!ended && role.ends()) {
      interrupted = true;
      ErrorLine.complain(ExitCode.SCENARIO, role.interrupted);
    }
    ended = true;
  }

  /** The last hook, after a signal and after a failed start. */
  @Override
  public void afterVertxStopped(HookContext context) {
    parts.close();
    halt(exitCode);
  }

  @Override
  public void afterFailureToStopVertx(HookContext context, Throwable failure) {
    Watchdog.check(failure);
    int code =
        ErrorLine.complain(
            ExitCode.UNEXPECTED, "could not stop cleanly: " + StartFailure.reason(failure));
    halt(exitCode != ExitCode.OK ? exitCode : code);
  }

  /** Ends the process with our code: after a signal the JVM would add 128 to its number. */
  private static void halt(int code) {
    System.out.flush();
    Runtime.getRuntime().halt(code);
  }
}
