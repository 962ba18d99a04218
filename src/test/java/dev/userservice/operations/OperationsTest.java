package dev.userservice.operations;

import static dev.userservice.kit.ForeignCalls.CHECK;
import static dev.userservice.kit.ForeignCalls.check;
import static dev.userservice.kit.ForeignCalls.method;
import static dev.userservice.kit.ForeignCalls.soon;
import static dev.userservice.kit.ForeignCalls.watch;
import static dev.userservice.kit.Requests.get;
import static dev.userservice.kit.Requests.list;
import static dev.userservice.kit.Requests.says;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.google.protobuf.Any;
import com.google.protobuf.DescriptorProtos.FileDescriptorProto;
import com.google.rpc.RetryInfo;
import dev.userservice.kit.AnyCall;
import dev.userservice.kit.ErrorDetails;
import dev.userservice.kit.ForeignCalls;
import dev.userservice.kit.LogLines;
import dev.userservice.kit.Recorder;
import dev.userservice.kit.Requests;
import dev.userservice.kit.RunningServer;
import dev.userservice.kit.Waits;
import dev.userservice.proto.BatchCreateResponse;
import dev.userservice.proto.CreateUserRequest;
import dev.userservice.proto.GetUserRequest;
import dev.userservice.proto.ListUsersRequest;
import dev.userservice.proto.UserMessage;
import dev.userservice.proto.UserResponse;
import dev.userservice.server.OperationsRpcs;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.MethodDescriptor.MethodType;
import io.grpc.Status.Code;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.StreamObserver;
import io.vertx.core.json.JsonObject;
import io.vertx.grpc.health.v1.HealthCheckRequest;
import io.vertx.grpc.health.v1.HealthCheckResponse;
import io.vertx.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.vertx.grpc.health.v1.HealthListRequest;
import io.vertx.grpc.health.v1.HealthListResponse;
import io.vertx.grpc.reflection.v1.ExtensionRequest;
import io.vertx.grpc.reflection.v1.ServerReflectionRequest;
import io.vertx.grpc.reflection.v1.ServerReflectionResponse;
import io.vertx.grpc.reflection.v1.ServiceResponse;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The services that every gRPC client expects to find, and the acts of an operator. */
class OperationsTest {

  private static final String SERVICE = "users.v1.UserService";
  private static final String HEALTH_FILE = "grpc/health/v1/health.proto";

  private RunningServer server;

  @AfterEach
  void stop() {
    if (server != null) {
      server.close();
    }
  }

  private ManagedChannel start(JsonObject config) {
    server = RunningServer.start(1, config);
    return server.channel();
  }

  @Test
  void health_checkAndList() {
    ManagedChannel channel = start(new JsonObject());

    assertThat(check(channel, "")).isEqualTo(ServingStatus.SERVING);
    assertThat(check(channel, SERVICE)).isEqualTo(ServingStatus.SERVING);
    StatusRuntimeException unknown =
        catchThrowableOfType(StatusRuntimeException.class, () -> check(channel, "no.such.Service"));
    assertThat(unknown.getStatus().getCode()).isEqualTo(Code.NOT_FOUND);
    HealthListResponse all =
        ClientCalls.blockingUnaryCall(
            channel,
            ForeignCalls.<HealthListRequest, HealthListResponse>method(
                "grpc.health.v1.Health/List",
                MethodType.UNARY,
                HealthListRequest.getDefaultInstance(),
                HealthListResponse.getDefaultInstance()),
            soon(),
            HealthListRequest.getDefaultInstance());
    assertThat(all.getStatusesMap()).containsOnlyKeys("", SERVICE);
  }

  @Test
  void health_watchTellsChangesAndEndsWithTheServer() throws Exception {
    ManagedChannel channel = start(new JsonObject().put("drainDelayMillis", 200));
    Recorder<HealthCheckRequest, HealthCheckResponse> known = watch(channel, SERVICE);
    Recorder<HealthCheckRequest, HealthCheckResponse> unknown = watch(channel, "no.such.Service");
    known.awaitCount(1);
    unknown.awaitCount(1);

    server.vertx().close().timeout(Waits.SECONDS, TimeUnit.SECONDS).await();

    assertThat(known.failure().getStatus().getCode()).isEqualTo(Code.UNAVAILABLE);
    assertThat(known.messages())
        .extracting(HealthCheckResponse::getStatus)
        .containsExactly(ServingStatus.SERVING, ServingStatus.NOT_SERVING);
    assertThat(unknown.failure().getStatus().getCode()).isEqualTo(Code.UNAVAILABLE);
    assertThat(unknown.messages())
        .extracting(HealthCheckResponse::getStatus)
        .containsExactly(ServingStatus.SERVICE_UNKNOWN);
  }

  @Test
  void drain_takesCallsWhileItsHealthSaysNo() throws Exception {
    ManagedChannel channel = start(new JsonObject().put("drainDelayMillis", 3_000));
    Recorder<HealthCheckRequest, HealthCheckResponse> health = watch(channel, "");
    health.awaitCount(1);
    var stub = server.blocking();
    assertThat(stub.getUser(get(1)).getName()).isEqualTo("Alice Johnson");

    var closed = server.vertx().close();
    health.await(change -> change.getStatus() == ServingStatus.NOT_SERVING);

    assertThat(stub.getUser(get(1)).getName()).isEqualTo("Alice Johnson");
    closed.timeout(Waits.SECONDS, TimeUnit.SECONDS).await();
  }

  @Test
  void drain_endsTheChatWithRetryInfoAndLetsAListFinish() throws Exception {
    start(new JsonObject().put("drainTimeoutMillis", 60_000));
    Recorder<UserMessage, UserMessage> chat = Recorder.reading();
    server.async().streamUsers(chat).onNext(says(1, "hello"));
    chat.awaitCount(1);
    for (int i = 0; i < 5; i++) {
      int first = i * 10_000;
      batch(first, 10_000);
    }
    Recorder<ListUsersRequest, UserResponse> users = stalledList();
    users.request(1);
    users.awaitCount(1);

    var closed = server.vertx().close();
    StatusRuntimeException ended = chat.failure();
    users.request(Integer.MAX_VALUE);

    assertThat(ended.getStatus().getCode()).isEqualTo(Code.UNAVAILABLE);
    assertThat(ErrorDetails.of(ended).get(RetryInfo.class).getRetryDelay().getNanos()).isPositive();
    assertThat(users.status().getCode()).as("%s", users.status()).isEqualTo(Code.OK);
    assertThat(users.messages()).hasSize(50_005);
    closed.timeout(Waits.SECONDS, TimeUnit.SECONDS).await();
  }

  @Test
  void drain_endsWhatDoesNotFinishInTime() throws Exception {
    start(new JsonObject().put("drainTimeoutMillis", 300));
    for (int i = 0; i < 5; i++) {
      batch(i * 10_000, 10_000);
    }
    Recorder<ListUsersRequest, UserResponse> users = stalledList();
    users.request(1);
    users.awaitCount(1);

    server.vertx().close().timeout(Waits.SECONDS, TimeUnit.SECONDS).await();
    users.request(Integer.MAX_VALUE);

    assertThat(users.status().getCode()).isEqualTo(Code.UNAVAILABLE);
  }

  private Recorder<ListUsersRequest, UserResponse> stalledList() {
    Recorder<ListUsersRequest, UserResponse> users = Recorder.stalled();
    server.async().listUsers(list(0, 0), users);
    return users;
  }

  private void batch(int first, int count) throws Exception {
    Recorder<CreateUserRequest, BatchCreateResponse> batch = Recorder.reading();
    StreamObserver<CreateUserRequest> items = server.async().batchCreateUsers(batch);
    for (int i = first; i < first + count; i++) {
      items.onNext(Requests.create("User " + i, "user" + i + "@example.com", 1));
    }
    items.onCompleted();
    assertThat(batch.status().getCode()).isEqualTo(Code.OK);
  }

  @Test
  void reflection_inBothVersions() throws Exception {
    ManagedChannel channel = start(new JsonObject());
    for (String version : List.of("v1", "v1alpha")) {
      ServerReflectionResponse list = reflect(channel, version, r -> r.setListServices(""));
      assertThat(list.getListServicesResponse().getServiceList())
          .extracting(ServiceResponse::getName)
          .containsExactlyInAnyOrder(
              SERVICE,
              "grpc.health.v1.Health",
              "grpc.reflection.v1.ServerReflection",
              "grpc.reflection.v1alpha.ServerReflection");
      for (String symbol :
          List.of(
              SERVICE,
              SERVICE + ".GetUser",
              "users.v1.UserResponse",
              "users.v1.UserResponse.name")) {
        assertThat(fileOf(channel, version, r -> r.setFileContainingSymbol(symbol)))
            .isEqualTo("user_service.proto");
      }
      String reflection = "grpc.reflection." + version;
      String file = "grpc/reflection/" + version + "/reflection.proto";
      for (var symbol :
          Map.of(
                  reflection + ".ServerReflection",
                  file,
                  reflection + ".ServerReflection.ServerReflectionInfo",
                  file,
                  reflection + ".ServerReflectionRequest.message_request",
                  file,
                  "grpc.health.v1.Health.Watch",
                  HEALTH_FILE,
                  "grpc.health.v1.HealthCheckResponse.ServingStatus",
                  HEALTH_FILE,
                  "grpc.health.v1.HealthCheckResponse.SERVING",
                  HEALTH_FILE,
                  "google.rpc.Status.details",
                  "google/rpc/status.proto",
                  "google.rpc.BadRequest.FieldViolation",
                  "google/rpc/error_details.proto",
                  "google.protobuf.Any",
                  "google/protobuf/any.proto")
              .entrySet()) {
        assertThat(fileOf(channel, version, r -> r.setFileContainingSymbol(symbol.getKey())))
            .as(symbol.getKey())
            .isEqualTo(symbol.getValue());
        assertThat(fileOf(channel, version, r -> r.setFileByFilename(symbol.getValue())))
            .isEqualTo(symbol.getValue());
      }
      assertThat(
              reflect(
                      channel,
                      version,
                      r -> r.setAllExtensionNumbersOfType("users.v1.UserResponse"))
                  .getAllExtensionNumbersResponse()
                  .getBaseTypeName())
          .isEqualTo("users.v1.UserResponse");
      assertThat(reflectionError(channel, version, r -> r.setFileContainingSymbol("no.such")))
          .isEqualTo(5);
      assertThat(reflectionError(channel, version, r -> r.setFileByFilename("no.such")))
          .isEqualTo(5);
      assertThat(reflectionError(channel, version, r -> r.setAllExtensionNumbersOfType("no.such")))
          .isEqualTo(5);
      assertThat(
              reflectionError(
                  channel,
                  version,
                  r ->
                      r.setFileContainingExtension(
                          ExtensionRequest.newBuilder()
                              .setContainingType("users.v1.UserResponse"))))
          .isEqualTo(5);
      assertThat(reflectionError(channel, version, r -> r.setHost("asks nothing"))).isEqualTo(3);
    }
  }

  /** Tools read each detail of an error by the type that its Any names. */
  @Test
  void reflection_knowsTheDetailsOfErrors() throws Exception {
    ManagedChannel channel = start(new JsonObject());
    for (StatusRuntimeException failure :
        List.of(
            failure(() -> server.blocking().getUser(get(0))),
            failure(() -> server.blocking().getUser(get(42))))) {
      List<Any> details = ErrorDetails.of(failure).status().getDetailsList();
      assertThat(details).hasSize(2);
      for (Any detail : details) {
        String type = detail.getTypeUrl().substring(detail.getTypeUrl().indexOf('/') + 1);
        assertThat(fileOf(channel, "v1", r -> r.setFileContainingSymbol(type)))
            .isEqualTo("google/rpc/error_details.proto");
      }
    }
  }

  private static StatusRuntimeException failure(ThrowingCallable call) {
    return catchThrowableOfType(StatusRuntimeException.class, call);
  }

  /** A method without its line in the table of its service would be listed, and not answer. */
  @Test
  void everyMethodThatReflectionLists_isBound() throws Exception {
    ManagedChannel channel = start(new JsonObject());
    List<String> methods = new ArrayList<>();
    for (ServiceResponse service :
        reflect(channel, "v1", r -> r.setListServices(""))
            .getListServicesResponse()
            .getServiceList()) {
      FileDescriptorProto file =
          file(channel, "v1", r -> r.setFileContainingSymbol(service.getName()));
      file.getServiceList().get(0).getMethodList().stream()
          .map(method -> service.getName() + "/" + method.getName())
          .forEach(methods::add);
    }

    assertThat(methods).containsAll(OperationsRpcs.allMethods());
    for (String method : methods) {
      AnyCall call = new AnyCall(method, GetUserRequest.getDefaultInstance(), true);
      assertThat(call.answer(channel, new Metadata()).code())
          .as(method)
          .isNotEqualTo(Code.UNIMPLEMENTED);
    }
  }

  @Test
  void reflection_switchedOff() throws Exception {
    ManagedChannel channel = start(new JsonObject().put("reflection", false));
    Recorder<ServerReflectionRequest, ServerReflectionResponse> recorder = Recorder.reading();
    ClientCalls.asyncBidiStreamingCall(channel.newCall(reflection("v1"), soon()), recorder)
        .onCompleted();

    assertThat(recorder.status().getCode()).isEqualTo(Code.UNIMPLEMENTED);
  }

  @Test
  void accessLog_oneLineACall() throws Exception {
    try (LogLines lines = LogLines.of(AccessLog.class.getName())) {
      ManagedChannel channel = start(new JsonObject().put("accessLog", true));
      server.blocking().listUsers(list(3, 0)).forEachRemaining(user -> {});
      catchThrowableOfType(StatusRuntimeException.class, () -> server.blocking().getUser(get(42)));
      catchThrowableOfType(
          StatusRuntimeException.class,
          () ->
              ClientCalls.blockingUnaryCall(
                  channel,
                  CHECK.toBuilder().setFullMethodName("x/y").build(),
                  soon(),
                  HealthCheckRequest.getDefaultInstance()));

      assertThat(lines.messages())
          .satisfiesExactly(
              line ->
                  assertThat(line)
                      .matches(
                          "users.v1.UserService/ListUsers OK \\d+ ms, 1 in, 3 out, from 127.0.0.1:\\d+"),
              line ->
                  assertThat(line)
                      .startsWith("users.v1.UserService/GetUser NOT_FOUND ")
                      .contains("1 in, 0 out"),
              line -> assertThat(line).startsWith("x/y UNIMPLEMENTED "));
    }
  }

  private interface Asks {
    void ask(ServerReflectionRequest.Builder request);
  }

  /** The name of the file that is asked for; its imports come behind it. */
  private static String fileOf(ManagedChannel channel, String version, Asks asks) throws Exception {
    return file(channel, version, asks).getName();
  }

  private static FileDescriptorProto file(ManagedChannel channel, String version, Asks asks)
      throws Exception {
    ServerReflectionResponse response = reflect(channel, version, asks);
    assertThat(response.hasFileDescriptorResponse()).as("%s", response).isTrue();
    return FileDescriptorProto.parseFrom(
        response.getFileDescriptorResponse().getFileDescriptorProto(0));
  }

  private static int reflectionError(ManagedChannel channel, String version, Asks asks)
      throws Exception {
    return reflect(channel, version, asks).getErrorResponse().getErrorCode();
  }

  private static ServerReflectionResponse reflect(ManagedChannel channel, String version, Asks asks)
      throws Exception {
    ServerReflectionRequest.Builder request = ServerReflectionRequest.newBuilder();
    asks.ask(request);
    Recorder<ServerReflectionRequest, ServerReflectionResponse> recorder = Recorder.reading();
    StreamObserver<ServerReflectionRequest> call =
        ClientCalls.asyncBidiStreamingCall(channel.newCall(reflection(version), soon()), recorder);
    call.onNext(request.build());
    call.onCompleted();
    assertThat(recorder.status().getCode()).isEqualTo(Code.OK);
    return recorder.messages().get(0);
  }

  private static MethodDescriptor<ServerReflectionRequest, ServerReflectionResponse> reflection(
      String version) {
    return method(
        "grpc.reflection." + version + ".ServerReflection/ServerReflectionInfo",
        MethodType.BIDI_STREAMING,
        ServerReflectionRequest.getDefaultInstance(),
        ServerReflectionResponse.getDefaultInstance());
  }
}
