package dev.userservice.kit;

import com.google.protobuf.Message;
import io.grpc.CallOptions;
import io.grpc.ManagedChannel;
import io.grpc.MethodDescriptor;
import io.grpc.MethodDescriptor.MethodType;
import io.grpc.protobuf.ProtoUtils;
import io.grpc.stub.ClientCalls;
import io.vertx.grpc.health.v1.HealthCheckRequest;
import io.vertx.grpc.health.v1.HealthCheckResponse;
import io.vertx.grpc.health.v1.HealthCheckResponse.ServingStatus;
import java.util.concurrent.TimeUnit;

/** Calls of services for which grpc-java has no stubs here. */
public final class ForeignCalls {

  public static final MethodDescriptor<HealthCheckRequest, HealthCheckResponse> CHECK =
      method("grpc.health.v1.Health/Check", MethodType.UNARY);
  public static final MethodDescriptor<HealthCheckRequest, HealthCheckResponse> WATCH =
      method("grpc.health.v1.Health/Watch", MethodType.SERVER_STREAMING);

  public static ServingStatus check(ManagedChannel channel, String service) {
    return ClientCalls.blockingUnaryCall(channel, CHECK, soon(), health(service)).getStatus();
  }

  public static Recorder<HealthCheckRequest, HealthCheckResponse> watch(
      ManagedChannel channel, String service) {
    Recorder<HealthCheckRequest, HealthCheckResponse> recorder = Recorder.reading();
    ClientCalls.asyncServerStreamingCall(channel.newCall(WATCH, soon()), health(service), recorder);
    return recorder;
  }

  private static HealthCheckRequest health(String service) {
    return HealthCheckRequest.newBuilder().setService(service).build();
  }

  private static MethodDescriptor<HealthCheckRequest, HealthCheckResponse> method(
      String name, MethodType type) {
    return method(
        name,
        type,
        HealthCheckRequest.getDefaultInstance(),
        HealthCheckResponse.getDefaultInstance());
  }

  public static <Q extends Message, R extends Message> MethodDescriptor<Q, R> method(
      String name, MethodType type, Q request, R response) {
    return MethodDescriptor.<Q, R>newBuilder()
        .setFullMethodName(name)
        .setType(type)
        .setRequestMarshaller(ProtoUtils.marshaller(request))
        .setResponseMarshaller(ProtoUtils.marshaller(response))
        .build();
  }

  public static CallOptions soon() {
    return CallOptions.DEFAULT.withDeadlineAfter(Waits.SECONDS, TimeUnit.SECONDS);
  }

  private ForeignCalls() {}
}
