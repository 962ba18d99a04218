package dev.userservice.client;

import dev.userservice.config.ClientConfig;
import dev.userservice.config.KeyPairConfig;
import io.vertx.core.Future;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;

/** Runs scenarios one after the other, all of them, whatever becomes of each. */
public final class ScenarioRun {

  private static final Map<String, Scenario> SCENARIOS =
      Map.of(
          "get", new GetScenario(),
          "create", new CreateScenario(),
          "list", new ListScenario(),
          "batch", new BatchScenario(),
          "chat", new ChatScenario(),
          "relay", new RelayScenario(),
          "health", new HealthScenario());

  private final Channel channel;
  private final Transcript transcript;
  private final BooleanSupplier interrupted;
  private String credentials = "";
  private int passed;
  private String firstFailure;

  /**
   * @param interrupted whether the process is ending: nothing more is shown, or begun
   */
  public ScenarioRun(Channel channel, Transcript transcript, BooleanSupplier interrupted) {
    this.channel = channel;
    this.transcript = transcript;
    this.interrupted = interrupted;
  }

  /**
   * Warms up, runs the scenarios of the configuration and prints a summary.
   *
   * @return fails with a {@link ScenarioException} that explains the first failure, or says that
   *     the run was interrupted
   */
  public Future<Void> run(ClientConfig config) {
    credentials = credentials(config);
    transcript.start(channel.target(), config.deadlineMillis());
    List<String> names = config.scenarios();
    Future<Void> chain = channel.warmUp();
    for (int i = 0; i < names.size(); i++) {
      int number = i + 1;
      String name = names.get(i);
      chain =
          chain
              .compose(before -> number == 1 ? Future.succeededFuture() : channel.pause())
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

  private Future<Void> runOne(int number, String name) {
    if (interrupted.getAsBoolean()) {
      return interruption();
    }
    Scenario scenario = SCENARIOS.get(name);
    transcript.headline(number + ". " + scenario.title());
    long start = System.nanoTime();
    return Future.succeededFuture()
        .compose(begin -> scenario.run(channel, transcript))
        .transform(
            end -> {
              if (interrupted.getAsBoolean()) {
                return interruption();
              }
              long millis = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - start);
              if (end.succeeded()) {
                passed++;
                transcript.passed(millis, channel.called());
              } else {
                failed(number, name, end.cause(), millis);
              }
              return Future.succeededFuture();
            });
  }

  private static Future<Void> interruption() {
    return Future.failedFuture(new ScenarioException("interrupted"));
  }

  private void failed(int number, String name, Throwable failure, long millis) {
    if (failure instanceof CallException call) {
      if (call.saidByServer()) {
        transcript.received(call);
      }
      if (call.isOfAccess()) {
        transcript.note(credentials);
      }
    }
    String why = ScenarioException.reason(failure);
    transcript.failed(millis, why);
    if (firstFailure == null) {
      firstFailure = "scenario %d (%s) failed: %s".formatted(number, name, Printable.line(why));
    }
  }

  /** With what the calls say who makes them: where it comes from, not what it is. */
  private static String credentials(ClientConfig config) {
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
