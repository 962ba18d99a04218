package dev.userservice.kit;

import dev.userservice.ClientVerticle;
import dev.userservice.console.StatusLine;
import dev.userservice.demo.Transcript;
import io.vertx.core.DeploymentOptions;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.ByteArrayOutputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * One run of the real client verticle.
 *
 * @param shown its output
 * @param failure the message of the failed deployment; null when it succeeded
 */
public record Demo(String shown, String failure) {

  /** Runs scenarios against a port of the loopback address; without names, all of them. */
  public static Demo run(Vertx vertx, int port, String... scenarios) {
    return run(vertx, config(port, scenarios));
  }

  public static Demo run(Vertx vertx, JsonObject config) {
    return start(vertx, config).timeout(Waits.SECONDS, TimeUnit.SECONDS).await();
  }

  public static Future<Demo> start(Vertx vertx, JsonObject config) {
    ByteArrayOutputStream shown = new ByteArrayOutputStream();
    PrintStream out = new PrintStream(shown, true, StandardCharsets.UTF_8);
    Transcript transcript = new Transcript(out, StandardCharsets.UTF_8, false);
    return vertx
        .deployVerticle(
            () -> new ClientVerticle(transcript), new DeploymentOptions().setConfig(config))
        .transform(
            end ->
                Future.succeededFuture(
                    new Demo(
                        shown.toString(StandardCharsets.UTF_8),
                        end.failed() ? end.cause().getMessage() : null)));
  }

  /** Shows nothing. */
  public static StatusLine noStatus() {
    return new StatusLine(new PrintStream(OutputStream.nullOutputStream()), false);
  }

  /** Gives calls ten seconds, more than a busy machine needs. */
  public static JsonObject config(int port, String... scenarios) {
    JsonObject config =
        new JsonObject()
            .put("addresses", new JsonArray().add("127.0.0.1:" + port))
            .put("deadlineMillis", 10_000);
    return scenarios.length == 0
        ? config
        : config.put("scenarios", new JsonArray(List.of((Object[]) scenarios)));
  }
}
