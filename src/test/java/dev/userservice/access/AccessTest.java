package dev.userservice.access;

import static dev.userservice.kit.Requests.create;
import static dev.userservice.kit.Requests.get;
import static dev.userservice.kit.Requests.john;
import static dev.userservice.kit.Requests.list;
import static dev.userservice.kit.Requests.says;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.userservice.config.ConfigException;
import dev.userservice.kit.AnyCall;
import dev.userservice.kit.AnyCall.Answer;
import dev.userservice.kit.DeadlineForEachCall;
import dev.userservice.kit.Issuer;
import dev.userservice.kit.LogLines;
import dev.userservice.kit.Recorder;
import dev.userservice.kit.RunningServer;
import dev.userservice.kit.Waits;
import dev.userservice.operations.AccessLog;
import dev.userservice.proto.BatchCreateResponse;
import dev.userservice.proto.CreateUserRequest;
import dev.userservice.proto.ListUsersRequest;
import dev.userservice.proto.UserMessage;
import dev.userservice.proto.UserResponse;
import dev.userservice.proto.UserServiceGrpc;
import dev.userservice.proto.UserServiceGrpc.UserServiceBlockingStub;
import dev.userservice.proto.UserServiceGrpc.UserServiceStub;
import io.grpc.Metadata;
import io.grpc.Status.Code;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.MetadataUtils;
import io.grpc.stub.StreamObserver;
import io.vertx.core.json.JsonObject;
import io.vertx.grpc.health.v1.HealthCheckRequest;
import io.vertx.grpc.reflection.v1.ServerReflectionRequest;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Which calls a caller may make, by its token and by the table of rights. */
class AccessTest extends AccessCalls {

  private UserServiceStub asyncAs(String token) {
    return UserServiceGrpc.newStub(server.channel())
        .withInterceptors(
            MetadataUtils.newAttachHeadersInterceptor(Issuer.bearer(token)),
            new DeadlineForEachCall(Waits.SECONDS, TimeUnit.SECONDS));
  }

  @Test
  void rights_theMostSpecificEntryCounts() throws Exception {
    start(
        new JsonObject()
            .put(USERS + "CreateUser", roles("users:write", "users:admin"))
            .put(USERS + "*", roles("users:read"))
            .put("*", roles("*")));

    UserServiceBlockingStub reader = as(issuer.token("users:read"));
    assertThat(reader.getUser(get(1)).getName()).isEqualTo("Alice Johnson");
    StatusRuntimeException refused = refused(() -> reader.createUser(john()));
    assertRefused(refused, Code.PERMISSION_DENIED, "NOT_PERMITTED");
    assertThat(refused.getStatus().getDescription())
        .contains("CreateUser", "users:admin or users:write");
    UserServiceBlockingStub writer = as(issuer.token("users:write"));
    assertRefused(refused(() -> writer.getUser(get(1))), Code.PERMISSION_DENIED, "NOT_PERMITTED");
    assertThat(writer.createUser(john()).getUserId()).isEqualTo(6);
    AnyCall reflection =
        new AnyCall(
            "grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
            ServerReflectionRequest.newBuilder().setListServices("*").build());
    assertThat(reflection.answer(server.channel(), Issuer.bearer(issuer.token())).code())
        .isEqualTo(Code.OK);
  }

  @Test
  void rights_methodWithoutAnEntryIsRefused() throws Exception {
    start(new JsonObject().put(USERS + "GetUser", roles("*")));

    UserServiceBlockingStub caller = as(issuer.token());
    assertThat(caller.getUser(get(1)).getUserId()).isEqualTo(1);
    StatusRuntimeException refused = refused(() -> caller.createUser(john()));
    assertRefused(refused, Code.PERMISSION_DENIED, "NOT_PERMITTED");
    assertThat(refused.getStatus().getDescription()).startsWith("no role may call");
  }

  /** A path that only resembles a method's is an unknown method, for the table too. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "users.v1.UserService/CreateUser/x",
        "users.v1.UserService/CreateUser/",
        "users.v1.UserService/CreateUser//",
        "/users.v1.UserService/CreateUser",
        "x/users.v1.UserService/CreateUser",
        "users.v1.UserService/CreateUser?x",
        "users.v1.UserService/CreateUser/x?y",
        "users.v1.UserService/Create%55ser",
        "users.v1.UserService/createuser",
        "grpc.health.v1.Health/Check/../../../users.v1.UserService/CreateUser",
      })
  void rights_cannotBeBypassedByAnotherPath(String path) throws Exception {
    start(new JsonObject().put(USERS + "ListUsers", roles("users:read")));
    String token = issuer.token("users:read");

    Answer answer = new AnyCall(path, john()).answer(server.channel(), Issuer.bearer(token));

    assertThat(answer.code()).isIn(Code.PERMISSION_DENIED, Code.UNIMPLEMENTED);
    assertThat(as(token).listUsers(list(0, 5)).hasNext()).as("a user after the fifth").isFalse();
  }

  @Test
  void refusal_isSentBeforeTheRequestIsRead() throws Exception {
    start(new JsonObject().put(USERS + "GetUser", roles("users:read")));
    Recorder<CreateUserRequest, BatchCreateResponse> batch = Recorder.reading();
    StreamObserver<CreateUserRequest> items =
        asyncAs(issuer.token("users:read")).batchCreateUsers(batch);

    items.onNext(create("", "not an address", -1));

    assertRefused(batch.failure(), Code.PERMISSION_DENIED, "NOT_PERMITTED");
  }

  @Test
  void unknownMethodsInTheTable_failTheStart() throws Exception {
    String typed = "{\"" + USERS + "GetUsr\":[\"a\"]}";
    assertThatThrownBy(() -> start(new JsonObject(typed)))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("\"auth.rights\" has \"users.v1.UserService/GetUsr\"")
        .hasMessageContaining("did you mean \"users.v1.UserService/GetUser\"?");
    JsonObject limit =
        new JsonObject().put("rateLimit", new JsonObject("{\"methods\":{\"x/*\":1}}"));
    assertThatThrownBy(() -> server = RunningServer.start(1, limit))
        .hasMessageContaining("\"rateLimit.methods\" has \"x/*\"");
  }

  @Test
  void health_isPublicUnlessConfiguredOtherwise() throws Exception {
    start(
        new JsonObject().put("*", roles("users:read")),
        new JsonObject().put("auth", new JsonObject().put("publicHealth", false)));

    AnyCall check =
        new AnyCall("grpc.health.v1.Health/Check", HealthCheckRequest.getDefaultInstance());
    assertThat(check.answer(server.channel(), new Metadata()).code())
        .isEqualTo(Code.UNAUTHENTICATED);
    assertThat(check.answer(server.channel(), Issuer.bearer(issuer.token("users:read"))).code())
        .isEqualTo(Code.OK);
  }

  @Test
  void authorization_inEachForm() throws Exception {
    start(new JsonObject().put("*", roles("*")));
    String token = issuer.token();
    assertThat(code("Bearer " + token)).isEqualTo(Code.OK);
    assertThat(code("bearer   " + token)).isEqualTo(Code.OK);
    for (String bad : new String[] {token, "Basic " + token, "Bearer", "Bearer ", ""}) {
      assertThat(code(bad)).as(bad).isEqualTo(Code.UNAUTHENTICATED);
    }
    assertThat(code("Bearer " + token, "Bearer " + token)).isEqualTo(Code.UNAUTHENTICATED);
  }

  private Code code(String... authorization) throws Exception {
    Metadata metadata = new Metadata();
    for (String value : authorization) {
      metadata.put(Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER), value);
    }
    return new AnyCall(USERS + "GetUser", get(1)).answer(server.channel(), metadata).code();
  }

  @Test
  void chat_usesTheUserIdOfTheCaller() throws Exception {
    start(new JsonObject().put("*", roles("*")));
    Recorder<UserMessage, UserMessage> heard = Recorder.reading();
    StreamObserver<UserMessage> listener = asyncAs(issuer.token()).streamUsers(heard);
    listener.onNext(says(1, "I am here"));
    heard.awaitCount(1);

    Recorder<UserMessage, UserMessage> answers = Recorder.reading();
    asyncAs(issuer.token(claims -> claims.put("user_id", "42")))
        .streamUsers(answers)
        .onNext(says(1, "I am Alice"));

    UserMessage message = heard.await(m -> m.getMessage().equals("I am Alice"));
    assertThat(message.getUserId()).isEqualTo(42);
    Recorder<UserMessage, UserMessage> withoutUserId = Recorder.reading();
    asyncAs(issuer.token(claims -> claims.remove("user_id"))).streamUsers(withoutUserId);
    assertRefused(withoutUserId.failure(), Code.PERMISSION_DENIED, "NO_USER_ID");
  }

  @Test
  void tokenThatExpires_endsItsStreams() throws Exception {
    start(new JsonObject().put("*", roles("*")));
    for (int i = 0; i < 5; i++) {
      batch(i * 10_000);
    }
    String brief =
        issuer.token(claims -> claims.put("exp", System.currentTimeMillis() / 1_000 + 4));
    Recorder<UserMessage, UserMessage> chat = Recorder.reading();
    asyncAs(brief).streamUsers(chat).onNext(says(7, "for now"));
    Recorder<ListUsersRequest, UserResponse> stalled = Recorder.stalled();
    asyncAs(brief).listUsers(list(0, 0), stalled);
    stalled.request(1);
    chat.awaitCount(1);
    stalled.awaitCount(1);

    assertRefused(chat.failure(), Code.UNAUTHENTICATED, "TOKEN_EXPIRED");
    stalled.request(Integer.MAX_VALUE);
    assertRefused(stalled.failure(), Code.UNAUTHENTICATED, "TOKEN_EXPIRED");
    assertThat(server.openCallsAndMembers()).isZero();
  }

  private void batch(int first) throws Exception {
    Recorder<CreateUserRequest, BatchCreateResponse> batch = Recorder.reading();
    StreamObserver<CreateUserRequest> items = asyncAs(issuer.token()).batchCreateUsers(batch);
    for (int i = first; i < first + 10_000; i++) {
      items.onNext(create("User " + i, "user" + i + "@example.com", 1));
    }
    items.onCompleted();
    assertThat(batch.status().getCode()).isEqualTo(Code.OK);
  }

  @Test
  void accessLog_hasTheCaller() throws Exception {
    try (LogLines logged = LogLines.of(AccessLog.class.getName())) {
      start(new JsonObject().put("*", roles("*")), new JsonObject().put("accessLog", true));
      String token = issuer.token(claims -> claims.put("sub", "gr\u00e4ce\nx"));
      as(token).getUser(get(1));

      assertThat(logged.messages()).hasSize(1);
      assertThat(logged.messages().get(0)).contains(", by gr?ce?x, from ").doesNotContain(token);
    }
  }
}
