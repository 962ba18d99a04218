package dev.userservice.client;

import io.vertx.core.Future;
import io.vertx.grpc.common.GrpcMessageDecoder;
import io.vertx.grpc.common.GrpcMessageEncoder;
import io.vertx.grpc.common.ServiceMethod;
import io.vertx.grpc.common.ServiceName;
import io.vertx.grpc.health.v1.HealthCheckRequest;
import io.vertx.grpc.health.v1.HealthCheckResponse;
import io.vertx.grpc.health.v1.HealthCheckResponse.ServingStatus;

/** Unary: is the server ready? Not one of the demo's five, but what a script asks. */
final class HealthScenario implements Scenario {

  static final ServiceMethod<HealthCheckResponse, HealthCheckRequest> CHECK =
      ServiceMethod.client(
          ServiceName.create("grpc.health.v1.Health"),
          "Check",
          GrpcMessageEncoder.encoder(),
          GrpcMessageDecoder.decoder(HealthCheckResponse.getDefaultInstance()));

  @Override
  public String title() {
    return "Health.Check, unary";
  }

  @Override
  public Future<Void> run(Channel channel, Transcript transcript) {
    HealthCheckRequest request = HealthCheckRequest.getDefaultInstance();
    transcript.sent(request);
    return channel
        .ask(CHECK, request)
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
