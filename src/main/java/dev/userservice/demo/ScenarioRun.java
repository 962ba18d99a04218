package dev.userservice.demo;

import dev.userservice.client.CallException;
import dev.userservice.client.Channel;
import dev.userservice.client.Deadline;
import dev.userservice.config.ClientConfig;
import dev.userservice.config.KeyPairConfig;
import dev.userservice.config.ScenarioName;
import dev.userservice.console.Printable;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;

/** Runs all scenarios of a configuration in turn, even after one of them fails. */
public final class ScenarioRun {

  /** The launcher gives a deployment two minutes; the rest is for the JVM and for closing. */
  private static final int BUDGET_SECONDS = 100;

  private final Vertx vertx;
  private final ClientConfig config;
  private final Deadline budget;
  private final Pause pause;
  private final Channel channel;
  private final Transcript transcript;
  private final BooleanSupplier interrupted;
  private int passed;
  private String firstFailure;

  /**
   * @param interrupted returns true when the process is ending: nothing more is shown or started
   *     then
   */
  public ScenarioRun(
      Vertx vertx, ClientConfig config, Transcript transcript, BooleanSupplier interrupted) {
    this.vertx = vertx;
    this.config = config;
    this.transcript = transcript;
    this.interrupted = interrupted;
    budget = Deadline.in(TimeUnit.SECONDS.toMillis(BUDGET_SECONDS));
    pause = new Pause(vertx, config.pauseMillis(), budget);
    channel = new Channel(vertx, config, budget);
  }

  /**
   * Finds a server, warms up, runs the scenarios and prints a summary.
   *
   * @return fails with a {@link ScenarioException} that explains the first failure or reports an
   *     interruption, and as {@link Channel#findServer} does
   */
  public Future<Void> run() {
    return channel
        .findServer(transcript.status())
        .compose(found -> warmUp())
        .compose(warm -> runAll(config.scenarios()))
        .eventually(channel::close);
  }

  private Future<Void> warmUp() {
    transcript.start(config.addresses(), config.deadlineMillis());
    Future<Void> classes =
        vertx.executeBlocking(
            () -> {
              Transcript.loadClasses();
              return null;
            });
    return Future.join(channel.warmUp(), classes).mapEmpty();
  }

  private Future<Void> runAll(List<ScenarioName> names) {
    Future<Void> chain = Future.succeededFuture();
    for (int i = 0; i < names.size(); i++) {
      int number = i + 1;
      ScenarioName name = names.get(i);
      chain =
          chain
              .compose(before -> number == 1 ? Future.succeededFuture() : pause.take())
              .compose(paused -> runOne(number, name));
    }
    return chain.compose(
        end -> {
          transcript.summary(passed, names.size());
          return firstFailure == null
              ? Future.succeededFuture()
              : Future.failedFuture(new ScenarioException(firstFailure));
        });
  }

  private Future<Void> runOne(int number, ScenarioName name) {
    if (interrupted.getAsBoolean()) {
      return interruption();
    }
    Scenario scenario = scenario(name);
    transcript.headline(number + ". " + scenario.title());
    long start = System.nanoTime();
    return Future.succeededFuture()
        .compose(begin -> budget.isOver() ? notRun() : scenario.run(channel, transcript))
        .transform(
            end -> {
              if (interrupted.getAsBoolean()) {
                return interruption();
              }
              long millis = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - start);
              if (end.succeeded()) {
                passed++;
                transcript.passed(millis, channel.takeCalled());
              } else {
                failed(number, name, end.cause(), millis);
              }
              return Future.succeededFuture();
            });
  }

  private Scenario scenario(ScenarioName name) {
    return switch (name) {
      case GET -> new GetScenario();
      case CREATE -> new CreateScenario();
      case LIST -> new ListScenario();
      case BATCH -> new BatchScenario();
      case CHAT -> new ChatScenario(pause);
      case RELAY -> new RelayScenario();
      case HEALTH -> new HealthScenario();
    };
  }

  private static Future<Void> notRun() {
    return Future.failedFuture(
        new ScenarioException(
            "not run: the earlier scenarios used up the %d s for all".formatted(BUDGET_SECONDS)));
  }

  private static Future<Void> interruption() {
    return Future.failedFuture(new ScenarioException("interrupted"));
  }

  private void failed(int number, ScenarioName name, Throwable failure, long millis) {
    if (failure instanceof CallException call) {
      if (call.saidByServer()) {
        transcript.received(call);
      }
      if (call.isAccessRefused()) {
        transcript.note(credentials());
      }
    }
    String why = ScenarioException.reason(failure);
    transcript.failed(millis, why);
    if (firstFailure == null) {
      firstFailure = "scenario %d (%s) failed: %s".formatted(number, name, Printable.line(why));
    }
  }

  /** Describes the source of the credentials, without the credentials. */
  private String credentials() {
    String token = "without a token: neither \"token\" nor \"tokenFile\" is set";
    if (!config.token().isEmpty()) {
      token = "with the token of \"token\"";
    } else if (!config.tokenFile().isEmpty()) {
      token = "with the token in %s: \"tokenFile\"".formatted(config.tokenFile());
    }
    KeyPairConfig identity = config.tls().identity();
    return "Called %s%s"
        .formatted(token, identity.isGiven() ? ", and the certificate in " + identity : "");
  }
}
