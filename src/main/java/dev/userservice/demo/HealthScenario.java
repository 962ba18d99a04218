package dev.userservice.demo;

import dev.userservice.client.Channel;
import io.vertx.core.Future;
import io.vertx.grpc.health.v1.HealthCheckRequest;
import io.vertx.grpc.health.v1.HealthCheckResponse;
import io.vertx.grpc.health.v1.HealthCheckResponse.ServingStatus;

/** Unary: checks that the server is ready. Not one of the demo's five; for scripts. */
final class HealthScenario implements Scenario {

  @Override
  public String title() {
    return "Health.Check, unary";
  }

  @Override
  public Future<Void> run(Channel channel, Transcript transcript) {
    HealthCheckRequest request = HealthCheckRequest.getDefaultInstance();
    transcript.sent(request);
    return channel
        .ask(Channel.HEALTH_CHECK, request)
        .map(
            responses -> {
              HealthCheckResponse health = Expect.one(responses);
              transcript.received(health);
              Expect.that(
                  health.getStatus() == ServingStatus.SERVING, "SERVING", health.getStatus());
              return null;
            });
  }
}
