package dev.userservice.access;

import static dev.userservice.kit.Requests.create;
import static dev.userservice.kit.Requests.get;
import static dev.userservice.kit.Requests.john;
import static dev.userservice.kit.Requests.list;
import static dev.userservice.kit.Requests.says;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.google.rpc.RetryInfo;
import dev.userservice.config.ConfigException;
import dev.userservice.kit.AnyCall;
import dev.userservice.kit.AnyCall.Answer;
import dev.userservice.kit.Certificate;
import dev.userservice.kit.DeadlineForEachCall;
import dev.userservice.kit.ErrorDetails;
import dev.userservice.kit.ForeignCalls;
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
import dev.userservice.rpc.SourceAddress;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.Status.Code;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.GrpcSslContexts;
import io.grpc.stub.MetadataUtils;
import io.grpc.stub.StreamObserver;
import io.netty.pkitesting.CertificateBuilder;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.core.net.SocketAddress;
import io.vertx.grpc.health.v1.HealthCheckRequest;
import io.vertx.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.vertx.grpc.reflection.v1.ServerReflectionRequest;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Rights and rate limits of callers, over the wire. */
@Timeout(Waits.TEST_SECONDS)
class AccessTest {

  private static final String USERS = "users.v1.UserService/";

  private static Issuer issuer;

  @TempDir private Path folder;

  private RunningServer server;

  @BeforeAll
  static void makeIssuer() throws Exception {
    issuer = Issuer.make();
  }

  @AfterEach
  void stop() {
    if (server != null) {
      server.close();
    }
  }

  private static JsonArray roles(String... roles) {
    return new JsonArray(List.of(roles));
  }

  private void start(JsonObject rights, JsonObject more) throws Exception {
    JsonObject config = new JsonObject().put("auth", issuer.auth(folder, rights));
    server = RunningServer.start(2, config.mergeIn(more, true));
  }

  private void start(JsonObject rights) throws Exception {
    start(rights, new JsonObject());
  }

  private UserServiceBlockingStub as(String token) {
    return UserServiceGrpc.newBlockingStub(server.channel())
        .withInterceptors(
            MetadataUtils.newAttachHeadersInterceptor(Issuer.bearer(token)),
            new DeadlineForEachCall(Waits.SECONDS, TimeUnit.SECONDS));
  }

  private UserServiceStub asyncAs(String token) {
    return UserServiceGrpc.newStub(server.channel())
        .withInterceptors(
            MetadataUtils.newAttachHeadersInterceptor(Issuer.bearer(token)),
            new DeadlineForEachCall(Waits.SECONDS, TimeUnit.SECONDS));
  }

  private static StatusRuntimeException refused(ThrowingCallable call) {
    StatusRuntimeException refused = catchThrowableOfType(StatusRuntimeException.class, call);
    assertThat(refused).as("refused").isNotNull();
    return refused;
  }

  private static void assertRefused(StatusRuntimeException refused, Code code, String reason) {
    assertThat(refused.getStatus().getCode()).as("%s", refused).isEqualTo(code);
    assertThat(ErrorDetails.of(refused).reason()).isEqualTo("userservice.dev/" + reason);
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
  void certificates_nameCallers() throws Exception {
    Certificate authority = Certificate.authority(folder, "authority");
    Certificate own = authority.forServer("server");
    Certificate uri =
        authority.issue(
            "uri", Certificate.builder("cn").addSanUriName(new URI("spiffe://example.com/job")));
    JsonObject tls = own.pem().put("clientCaFile", authority.certificate().toString());
    JsonObject certificates =
        new JsonObject()
            .put("reader", new JsonObject().put("roles", roles("users:read")))
            .put(
                "spiffe://example.com/job",
                new JsonObject().put("roles", roles("users:write")).put("userId", 5));
    start(
        new JsonObject()
            .put(USERS + "GetUser", roles("users:read"))
            .put(USERS + "CreateUser", roles("users:write"))
            .put(USERS + "StreamUsers", roles("*")),
        new JsonObject()
            .put("tls", tls)
            .put("auth", new JsonObject().put("certificates", certificates)));
    Certificate readerCertificate = authority.forClient("reader");
    ManagedChannel reader = channel(authority, readerCertificate);
    ManagedChannel job = channel(authority, uri);
    ManagedChannel unknown = channel(authority, authority.forClient("unknown"));
    AnyCall getUser = new AnyCall(USERS + "GetUser", get(1));
    AnyCall createUser = new AnyCall(USERS + "CreateUser", john());
    AnyCall chat = new AnyCall(USERS + "StreamUsers", says(1, "hello"));
    Metadata none = new Metadata();

    assertThat(getUser.answer(reader, none).code()).isEqualTo(Code.OK);
    assertThat(createUser.answer(reader, none).reason()).isEqualTo("NOT_PERMITTED");
    assertThat(chat.answer(reader, none).reason()).isEqualTo("NO_USER_ID");
    assertThat(createUser.answer(job, none).code()).isEqualTo(Code.OK);
    assertThat(chat.answer(job, none).code()).isEqualTo(Code.OK);
    assertThat(getUser.answer(job, none).reason()).isEqualTo("NOT_PERMITTED");
    assertThat(getUser.answer(unknown, none).reason()).isEqualTo("TOKEN_MISSING");
    // The token takes precedence over the certificate.
    assertThat(getUser.answer(unknown, Issuer.bearer(issuer.token("users:read"))).code())
        .isEqualTo(Code.OK);
    assertThat(getUser.answer(reader, Issuer.bearer(issuer.token("other"))).reason())
        .isEqualTo("NOT_PERMITTED");
    assertThat(getUser.answer(reader, Issuer.bearer("garbage")).reason())
        .isEqualTo("TOKEN_MALFORMED");
  }

  /** A server that authenticates by certificate only, with one known caller: the reader. */
  private void startForReader(Certificate authority) throws Exception {
    Certificate own = authority.forServer("server");
    JsonObject auth =
        new JsonObject()
            .put(
                "certificates",
                new JsonObject().put("reader", new JsonObject().put("roles", roles("users:read"))))
            .put("rights", new JsonObject().put("*", roles("users:read")));
    server =
        RunningServer.start(
            1,
            new JsonObject()
                .put("tls", own.pem().put("clientCaFile", authority.certificate().toString()))
                .put("auth", auth));
  }

  @Test
  void certificates_withSeveralNames() throws Exception {
    Certificate authority = Certificate.authority(folder, "authority");
    startForReader(authority);
    Map<String, CertificateBuilder> several =
        Map.of(
            "CNs", Certificate.builder("x").subject("CN=reader,O=x,CN=other"),
            "CNs, the other way round", Certificate.builder("x").subject("CN=other,CN=reader"),
            "CNs of one part", Certificate.builder("x").subject("CN=reader+CN=other"),
            "CNs behind another name", Certificate.builder("x").subject("O=x+CN=reader,CN=other"),
            "hosts", Certificate.builder("x").addSanDnsName("reader").addSanDnsName("other"),
            "URIs",
                Certificate.builder("x")
                    .addSanUriName(new URI("urn:reader"))
                    .addSanUriName(new URI("urn:other")),
            "e-mail addresses",
                Certificate.builder("x").addSanRfc822Name("reader").addSanRfc822Name("o@x.org"));
    AnyCall getUser = new AnyCall(USERS + "GetUser", get(1));

    for (Map.Entry<String, CertificateBuilder> names : several.entrySet()) {
      Answer refused =
          getUser.answer(
              channel(authority, authority.issue("several", names.getValue())), new Metadata());
      assertThat(refused.code()).as(names.getKey()).isEqualTo(Code.UNAUTHENTICATED);
      assertThat(refused.reason()).as(names.getKey()).isEqualTo("CERTIFICATE_AMBIGUOUS");
    }
    List<CertificateBuilder> single =
        List.of(
            Certificate.builder("x").subject("OU=reader+CN=reader,O=y"),
            Certificate.builder("x").subject("CN=reader,CN=reader"),
            Certificate.builder("x").subject("CN=a,CN=b").addSanDnsName("reader"));
    for (CertificateBuilder one : single) {
      Certificate certificate = authority.issue("one", one);
      assertThat(getUser.answer(channel(authority, certificate), new Metadata()).code())
          .as("%s", certificate.bundle().getCertificate().getSubjectX500Principal())
          .isEqualTo(Code.OK);
    }
  }

  @Test
  void certificates_withoutTokens() throws Exception {
    Certificate authority = Certificate.authority(folder, "authority");
    startForReader(authority);
    AnyCall getUser = new AnyCall(USERS + "GetUser", get(1));
    ManagedChannel reader = channel(authority, authority.forClient("reader"));
    ManagedChannel unknown = channel(authority, authority.forClient("unknown"));

    assertThat(getUser.answer(reader, new Metadata()).code()).isEqualTo(Code.OK);
    assertThat(getUser.answer(reader, Issuer.bearer("ignored")).code()).isEqualTo(Code.OK);
    Answer refused = getUser.answer(unknown, new Metadata());
    assertThat(refused.code()).isEqualTo(Code.UNAUTHENTICATED);
    assertThat(refused.reason()).isEqualTo("CERTIFICATE_UNKNOWN");
  }

  private ManagedChannel channel(Certificate authority, Certificate client) throws Exception {
    return server.channel(
        GrpcSslContexts.forClient()
            .trustManager(authority.certificate().toFile())
            .keyManager(client.certificate().toFile(), client.key().toFile())
            .build());
  }

  @Test
  void unauthenticatedConnections_areLimitedInNumberAndTime() throws Exception {
    start(
        new JsonObject().put("*", roles("*")),
        new JsonObject()
            .put(
                "limits",
                new JsonObject()
                    .put("unauthenticatedConnections", 2)
                    .put("unauthenticatedMillis", 500)));
    AnyCall getUser = new AnyCall(USERS + "GetUser", get(1));
    ManagedChannel known = server.channel();
    assertThat(getUser.answer(known, Issuer.bearer(issuer.token())).code()).isEqualTo(Code.OK);
    ManagedChannel[] strangers = {server.channel(), server.channel(), server.channel()};
    var eldest = ForeignCalls.watch(strangers[0], "");
    eldest.awaitCount(1);
    ForeignCalls.watch(strangers[1], "").awaitCount(1);

    assertThat(getUser.answer(strangers[2], Issuer.bearer(issuer.token())).code())
        .as("an open watch does not take a caller's connection")
        .isEqualTo(Code.OK);
    assertThat(eldest.failure().getStatus().getCode()).isEqualTo(Code.UNAVAILABLE);
    assertThat(ForeignCalls.check(known, "")).isEqualTo(ServingStatus.SERVING);
    strangers[1].shutdownNow();
    awaitConnections(3);
    try (Socket silent = new Socket("127.0.0.1", server.port())) {
      silent.setSoTimeout(Waits.MILLIS);
      silent
          .getOutputStream()
          .write(
              "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0"
                  .getBytes(StandardCharsets.ISO_8859_1));
      assertThat(silent.getInputStream().readAllBytes()).as("read until closed").isNotEmpty();
    }
    assertThat(getUser.answer(known, Issuer.bearer(issuer.token())).code()).isEqualTo(Code.OK);
  }

  private void awaitConnections(int max) {
    Waits.until("connections close", () -> server.openConnections() <= max);
  }

  @Test
  void rateLimit_ofACallerAndAMethod() throws Exception {
    start(
        new JsonObject().put("*", roles("*")),
        new JsonObject()
            .put(
                "rateLimit",
                new JsonObject()
                    .put("methods", new JsonObject().put(USERS + "GetUser", 2))
                    .put("burstSeconds", 10)));
    UserServiceBlockingStub grace = as(issuer.token());
    UserServiceBlockingStub again = as(issuer.token());
    for (int i = 0; i < 10; i++) {
      grace.getUser(get(1));
      again.getUser(get(1));
    }

    StatusRuntimeException refused = refused(() -> loop(grace));
    assertRefused(refused, Code.RESOURCE_EXHAUSTED, "TOO_MANY_CALLS");
    var delay = ErrorDetails.of(refused).get(RetryInfo.class).getRetryDelay();
    assertThat(delay.getSeconds() * 1_000 + delay.getNanos() / 1_000_000).isBetween(1L, 501L);
    assertThat(grace.listUsers(list(1, 0)).next().getUserId()).as("another method").isEqualTo(1);
    UserServiceBlockingStub other = as(issuer.token(claims -> claims.put("sub", "ada")));
    assertThat(other.getUser(get(1)).getUserId()).as("another caller").isEqualTo(1);
  }

  private static void loop(UserServiceBlockingStub stub) {
    for (int i = 0; i < 1_000; i++) {
      stub.getUser(get(1));
    }
  }

  @Test
  void rateLimit_perAddressWithoutAuthentication() throws Exception {
    server =
        RunningServer.start(
            2, new JsonObject("{\"rateLimit\":{\"callsPerSecond\":5,\"burstSeconds\":2}}"));

    assertRefused(
        refused(() -> loop(server.blocking())), Code.RESOURCE_EXHAUSTED, "TOO_MANY_CALLS");
    assertThat(server.blocking().listUsers(list(1, 0)).next().getUserId()).isEqualTo(1);
  }

  @Test
  void rateLimit_ofRefusedTokens() throws Exception {
    start(
        new JsonObject().put("*", roles("*")),
        new JsonObject("{\"rateLimit\":{\"refusedPerSecond\":1,\"burstSeconds\":5}}"));
    UserServiceBlockingStub known = as(issuer.token());
    assertThat(known.getUser(get(1)).getUserId()).isEqualTo(1);
    Issuer other = Issuer.make();
    UserServiceBlockingStub stranger = as(other.token());
    StatusRuntimeException first = refused(() -> stranger.getUser(get(1)));
    assertRefused(first, Code.UNAUTHENTICATED, "TOKEN_NOT_TRUSTED");
    StatusRuntimeException last = first;
    for (int i = 0; i < 1_000 && last.getStatus().getCode() == Code.UNAUTHENTICATED; i++) {
      last = refused(() -> stranger.getUser(get(1)));
    }

    assertRefused(last, Code.RESOURCE_EXHAUSTED, "TOO_MANY_CALLS");
    assertThat(known.getUser(get(1)).getUserId()).as("an accepted token").isEqualTo(1);
  }

  @Test
  void rateLimit_countsIpv6ByNetwork() {
    SocketAddress one = SocketAddress.inetSocketAddress(1, "2001:db8:1:2:3:4:5:6");
    SocketAddress near = SocketAddress.inetSocketAddress(2, "2001:db8:1:2:ffff::1");
    SocketAddress far = SocketAddress.inetSocketAddress(3, "2001:db8:1:3::1");
    SocketAddress four = SocketAddress.inetSocketAddress(4, "192.0.2.1");

    assertThat(SourceAddress.of(one)).isEqualTo(SourceAddress.of(near));
    assertThat(SourceAddress.of(one)).isNotEqualTo(SourceAddress.of(far));
    assertThat(SourceAddress.of(four)).isEqualTo("192.0.2.1");
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
