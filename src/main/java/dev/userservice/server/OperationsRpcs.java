package dev.userservice.server;

import com.google.protobuf.DescriptorProtos.FileDescriptorProto;
import com.google.protobuf.Descriptors.DescriptorValidationException;
import com.google.protobuf.Descriptors.FileDescriptor;
import com.google.protobuf.Descriptors.MethodDescriptor;
import com.google.protobuf.Descriptors.ServiceDescriptor;
import com.google.protobuf.Duration;
import com.google.protobuf.Message;
import com.google.protobuf.TextFormat;
import com.google.rpc.ErrorDetailsProto;
import com.google.rpc.RetryInfo;
import com.google.rpc.StatusProto;
import dev.userservice.operations.Health;
import dev.userservice.operations.Reflection;
import dev.userservice.proto.UserServiceGrpcService;
import dev.userservice.rpc.RpcException;
import dev.userservice.rpc.RpcServer;
import dev.userservice.rpc.RpcStatus;
import io.vertx.core.Future;
import io.vertx.grpc.common.GrpcMessageDecoder;
import io.vertx.grpc.common.GrpcMessageEncoder;
import io.vertx.grpc.common.GrpcStatus;
import io.vertx.grpc.common.ServiceMethod;
import io.vertx.grpc.common.ServiceName;
import io.vertx.grpc.health.v1.HealthCheckRequest;
import io.vertx.grpc.health.v1.HealthCheckResponse;
import io.vertx.grpc.health.v1.HealthListRequest;
import io.vertx.grpc.health.v1.HealthProto;
import io.vertx.grpc.reflection.v1.ServerReflectionProto;
import io.vertx.grpc.reflection.v1.ServerReflectionRequest;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/** Binds the services that every gRPC client expects to find: health, and reflection. */
public final class OperationsRpcs {

  private static final ServiceDescriptor HEALTH =
      service(HealthProto.getDescriptor(), "grpc.health.v1", "Health");
  private static final ServiceDescriptor REFLECTION =
      service(ServerReflectionProto.getDescriptor(), "grpc.reflection.v1", "ServerReflection");

  /** v1alpha is v1 under another name. */
  private static final ServiceDescriptor REFLECTION_ALPHA =
      service(ServerReflectionProto.getDescriptor(), "grpc.reflection.v1alpha", "ServerReflection");

  /** The types of the details that come with errors, as Any has them. */
  private static final List<FileDescriptor> ERROR_FILES =
      List.of(StatusProto.getDescriptor(), ErrorDetailsProto.getDescriptor());

  /** For callers of a server that stops: another server may answer at once. */
  static final RetryInfo RETRY_SOON =
      RetryInfo.newBuilder().setRetryDelay(Duration.newBuilder().setNanos(100_000_000)).build();

  /** The status of the calls that a server cannot wait for when it stops. */
  public static final RpcException SHUTTING_DOWN =
      new RpcException(
          new RpcStatus(
              GrpcStatus.UNAVAILABLE,
              "SHUTTING_DOWN",
              "the server is shutting down",
              List.of(RETRY_SOON)));

  /** The status of the calls of a connection that is too old, which another can replace. */
  public static final RpcException CONNECTION_TOO_OLD =
      new RpcException(
          new RpcStatus(
              GrpcStatus.UNAVAILABLE,
              "CONNECTION_TOO_OLD",
              "the connection has reached its maximum age; call again on another",
              List.of(RETRY_SOON)));

  /** A health or reflection request is a name. */
  private static final int REQUEST_BYTES = 4_096;

  private OperationsRpcs() {}

  /** All methods of the server, {@code service/method}. */
  public static Set<String> allMethods() {
    Set<String> all = methods(List.of(UserServiceGrpcService.SERVICE_DESCRIPTOR));
    all.addAll(methods());
    return all;
  }

  /** The methods of these services, {@code service/method}, whether they are bound or not. */
  static Set<String> methods() {
    return methods(List.of(HEALTH, REFLECTION, REFLECTION_ALPHA));
  }

  static Set<String> methods(List<ServiceDescriptor> services) {
    return services.stream()
        .flatMap(service -> service.getMethods().stream())
        .map(OperationsRpcs::name)
        .collect(Collectors.toSet());
  }

  /** The full name of a method, {@code service/method}. */
  static String name(MethodDescriptor method) {
    return method.getService().getFullName() + "/" + method.getName();
  }

  public static void bindHealth(RpcServer server, Health health) {
    ServiceName name = ServiceName.create(HEALTH.getFullName());
    server
        .service(name, HEALTH)
        .messageBytes(REQUEST_BYTES)
        .unary(
            method(name, "Check", HealthCheckRequest.getDefaultInstance()),
            request -> check(health, request))
        .unary(
            method(name, "List", HealthListRequest.getDefaultInstance()),
            request -> Future.succeededFuture(health.list()))
        .subscription(method(name, "Watch", HealthCheckRequest.getDefaultInstance()), health::watch)
        .bind();
  }

  private static Future<HealthCheckResponse> check(Health health, HealthCheckRequest request) {
    return health
        .check(request)
        .map(Future::succeededFuture)
        .orElseThrow(
            () ->
                new RpcException(
                    new RpcStatus(
                        GrpcStatus.NOT_FOUND,
                        "UNKNOWN_SERVICE",
                        "unknown service " + request.getService())));
  }

  /** Both versions of reflection, over everything that is bound by then, and themselves. */
  public static void bindReflection(RpcServer server) {
    List<ServiceDescriptor> versions = List.of(REFLECTION, REFLECTION_ALPHA);
    List<ServiceDescriptor> served = new ArrayList<>(versions);
    server.services().forEach(service -> served.add(service.descriptor()));
    Reflection reflection = new Reflection(served, ERROR_FILES);
    for (ServiceDescriptor version : versions) {
      ServiceName name = ServiceName.create(version.getFullName());
      server
          .service(name, version)
          .messageBytes(REQUEST_BYTES)
          .bidirectional(
              method(name, "ServerReflectionInfo", ServerReflectionRequest.getDefaultInstance()),
              reflection::answer)
          .bind();
    }
  }

  /**
   * A service of a file that is made again for a package, under its canonical name: Vert.x's lacks
   * the folders, and tools that look for {@code grpc/health/v1/health.proto} would not find it.
   */
  private static ServiceDescriptor service(FileDescriptor file, String packageName, String name) {
    try {
      FileDescriptorProto.Builder proto = FileDescriptorProto.newBuilder();
      TextFormat.merge(
          file.toProto().toString().replace(file.getPackage() + ".", packageName + "."), proto);
      proto.setPackage(packageName).setName(packageName.replace('.', '/') + "/" + file.getName());
      return FileDescriptor.buildFrom(
              proto.build(), file.getDependencies().toArray(new FileDescriptor[0]))
          .findServiceByName(name);
    } catch (TextFormat.ParseException | DescriptorValidationException e) {
      throw new IllegalStateException("the text of a descriptor is not one", e);
    }
  }

  private static <Q extends Message, R extends Message> ServiceMethod<Q, R> method(
      ServiceName service, String name, Q request) {
    return ServiceMethod.server(
        service, name, GrpcMessageEncoder.encoder(), GrpcMessageDecoder.decoder(request));
  }
}
