package dev.userservice.access;

import static dev.userservice.kit.Requests.create;
import static dev.userservice.kit.Requests.get;
import static dev.userservice.kit.Requests.list;
import static dev.userservice.kit.Requests.says;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.userservice.kit.AnyCall;
import dev.userservice.kit.AnyCall.Answer;
import dev.userservice.kit.Certificate;
import dev.userservice.kit.DeadlineForEachCall;
import dev.userservice.kit.Issuer;
import dev.userservice.kit.RunningServer;
import dev.userservice.kit.SocketCall;
import dev.userservice.kit.Waits;
import dev.userservice.proto.UserResponse;
import dev.userservice.proto.UserServiceGrpc;
import dev.userservice.rpc.Frames;
import dev.userservice.server.OperationsRpcs;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.Status.Code;
import io.grpc.netty.GrpcSslContexts;
import io.grpc.stub.MetadataUtils;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.grpc.health.v1.HealthCheckRequest;
import io.vertx.grpc.health.v1.HealthListRequest;
import io.vertx.grpc.reflection.v1.ServerReflectionRequest;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import javax.net.ssl.KeyManager;
import javax.net.ssl.SSLContext;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Every RPC, over gRPC, gRPC-Web, Connect and WebSockets, with every kind of token, over every kind
 * of transport: the status is right, and refused calls change nothing.
 */
@Timeout(Waits.TEST_SECONDS)
@Tag("slow")
class AccessMatrixTest {

  private static final String ROLE = "users:all";
  private static final String USERS = "users.v1.UserService/";
  private static final String HEALTH = "grpc.health.v1.Health/";
  private static final Pattern GRPC_STATUS = Pattern.compile("grpc-status: *(\\d+)");
  private static final int BYTES = 64 * 1024;

  /** The flags of the last frame of a stream of Connect. */
  private static final int END_OF_STREAM = 2;

  enum Transport {
    PLAINTEXT,
    TLS,
    MUTUAL_TLS
  }

  private record Token(String name, String value, Code expected, String reason) {

    Metadata metadata() {
      return value == null ? new Metadata() : Issuer.bearer(value);
    }
  }

  @TempDir private Path folder;

  private Issuer issuer;
  private Certificate authority;
  private Transport transport;
  private RunningServer server;
  private ManagedChannel channel;
  private HttpClient web;

  @ParameterizedTest
  @EnumSource
  void everyRpc_withEveryToken(Transport transport) throws Exception {
    assertThat(calls("any")).extracting(AnyCall::method).containsAll(OperationsRpcs.allMethods());
    start(transport);
    for (Token token : tokens()) {
      for (AnyCall call : calls(transport + token.name)) {
        boolean isPublic = call.method().startsWith(HEALTH);
        Code expected = isPublic ? Code.OK : expected(call, token);
        String what = "%s, token %s, %s".formatted(transport, token.name, call.method());
        Answer answer = call.answer(channel, token.metadata());
        assertThat(answer.code()).as("%s: %s", what, answer).isEqualTo(expected);
        if (token.expected != Code.OK && !isPublic) {
          assertThat(answer.reason()).as(what).isEqualTo(token.reason);
        }
        if (!call.endless()) {
          assertThat(web(call, token)).as("%s, web", what).isEqualTo(expected);
          assertThat(connect(call, token)).as("%s, connect", what).isEqualTo(expected);
          assertThat(socket(call, token)).as("%s, socket", what).isEqualTo(expected);
        }
      }
      assertThat(users()).as("%s, users after token %s", transport, token.name).isEqualTo(5);
    }
    Token good = new Token("good", issuer.token(ROLE), Code.OK, "");
    for (AnyCall call : calls("good")) {
      Answer answer = call.answer(channel, good.metadata());
      assertThat(answer.code()).as("%s: %s", call.method(), answer).isEqualTo(expected(call, good));
    }
    for (AnyCall call : calls("web")) {
      if (!call.endless()) {
        assertThat(web(call, good)).as(call.method()).isEqualTo(expected(call, good));
      }
    }
    for (AnyCall call : calls("connect")) {
      if (!call.endless()) {
        assertThat(connect(call, good)).as(call.method()).isEqualTo(expected(call, good));
      }
    }
    for (AnyCall call : calls("socket")) {
      if (!call.endless()) {
        assertThat(socket(call, good)).as(call.method()).isEqualTo(expected(call, good));
      }
    }
    assertThat(users()).isEqualTo(13);
  }

  @Test
  void jdkClient_withoutACertificate() throws Exception {
    start(Transport.MUTUAL_TLS);
    AnyCall getUser = new AnyCall(USERS + "GetUser", get(1));
    Token good = new Token("good", issuer.token(ROLE), Code.OK, "");
    assertThat(web(getUser, good)).isEqualTo(Code.OK);

    transport = Transport.TLS;
    web = webClient();

    assertThatThrownBy(() -> web(getUser, good)).isInstanceOf(IOException.class);
  }

  /**
   * grpc-java respects the server's limit of 8 KiB; ConnectionsTest has a client that ignores it.
   */
  @ParameterizedTest
  @EnumSource
  void hugeToken_endsTheCallBeforeItIsRead(Transport transport) throws Exception {
    start(transport);
    Token huge = new Token("huge", "a".repeat(BYTES), null, "");
    for (AnyCall call : calls("huge")) {
      Answer answer = call.answer(channel, huge.metadata());
      assertThat(answer.code()).as("%s: %s", call.method(), answer).isEqualTo(Code.INTERNAL);
    }
    assertThat(users()).isEqualTo(5);
  }

  /** With a higher limit of headers, the caller learns that this is not a token. */
  @Test
  void hugeToken_withinTheLimitOfHeaders() throws Exception {
    issuer = Issuer.make();
    authority = Certificate.authority(folder, "authority");
    JsonObject limits = new JsonObject().put("headerBytes", 2 * BYTES);
    transport = Transport.PLAINTEXT;
    server = RunningServer.start(1, config().put("limits", limits));
    channel = server.channel();
    Token huge = new Token("huge", "a".repeat(BYTES), Code.UNAUTHENTICATED, "TOKEN_MALFORMED");
    for (AnyCall call : calls("huge")) {
      if (!call.method().startsWith(HEALTH)) {
        Answer answer = call.answer(channel, huge.metadata());
        assertThat(answer.code()).as("%s: %s", call.method(), answer).isEqualTo(huge.expected);
        assertThat(answer.reason()).isEqualTo(huge.reason);
      }
    }
    assertThat(users()).isEqualTo(5);
  }

  private void start(Transport transport) throws Exception {
    this.transport = transport;
    issuer = Issuer.make();
    authority = Certificate.authority(folder, "authority");
    server = RunningServer.start(2, config());
    channel = transport == Transport.PLAINTEXT ? server.channel() : server.channel(grpcTls());
    web = webClient();
    if (transport == Transport.PLAINTEXT) {
      // Upgrades the connection to HTTP/2, as only a request without a body does.
      web.send(HttpRequest.newBuilder(uri("")).build(), BodyHandlers.discarding());
    }
  }

  @AfterEach
  void stop() {
    server.close();
  }

  /** Only authenticated callers learn that a method is unknown. */
  private static Code expected(AnyCall call, Token token) {
    return token.expected == Code.OK && call.method().endsWith("NoSuchMethod")
        ? Code.UNIMPLEMENTED
        : token.expected;
  }

  private int users() throws Exception {
    int count = 0;
    Iterator<UserResponse> users =
        UserServiceGrpc.newBlockingStub(channel)
            .withInterceptors(
                MetadataUtils.newAttachHeadersInterceptor(Issuer.bearer(issuer.token(ROLE))),
                new DeadlineForEachCall(Waits.SECONDS, TimeUnit.SECONDS))
            .listUsers(list(0, 0));
    for (; users.hasNext(); users.next()) {
      count++;
    }
    return count;
  }

  private JsonObject config() throws Exception {
    JsonObject config =
        new JsonObject()
            .put("auth", issuer.auth(folder, new JsonObject().put("*", new JsonArray().add(ROLE))));
    if (transport != Transport.PLAINTEXT) {
      Certificate own = authority.forServer("server");
      JsonObject tls = own.pem();
      if (transport == Transport.MUTUAL_TLS) {
        tls.put("clientCaFile", authority.certificate().toString());
      }
      config.put("tls", tls);
    }
    return config;
  }

  private SslContext grpcTls() throws Exception {
    SslContextBuilder tls =
        GrpcSslContexts.forClient().trustManager(authority.certificate().toFile());
    if (transport == Transport.MUTUAL_TLS) {
      Certificate client = authority.forClient("client");
      tls.keyManager(client.certificate().toFile(), client.key().toFile());
    }
    return tls.build();
  }

  private HttpClient webClient() throws Exception {
    HttpClient.Builder client =
        HttpClient.newBuilder().connectTimeout(Duration.ofSeconds(Waits.SECONDS));
    if (transport != Transport.PLAINTEXT) {
      SSLContext tls = SSLContext.getInstance("TLS");
      KeyManager[] keys =
          transport == Transport.MUTUAL_TLS
              ? authority.forClient("web").bundle().toKeyManagerFactory().getKeyManagers()
              : null;
      tls.init(keys, authority.bundle().toTrustManagerFactory().getTrustManagers(), null);
      client.sslContext(tls);
    }
    return client.build();
  }

  private List<Token> tokens() throws Exception {
    Issuer other = Issuer.make();
    JsonObject header = new JsonObject().put("alg", "none");
    String none = Issuer.unsigned(header, Issuer.claims(ROLE));
    String hmac = Issuer.unsigned(new JsonObject().put("alg", "HS256"), Issuer.claims(ROLE));
    List<Token> tokens = new ArrayList<>();
    tokens.add(bad("missing", null, "TOKEN_MISSING"));
    tokens.add(bad("expired", issuer.token(c -> past(c, "exp"), ROLE), "TOKEN_EXPIRED"));
    tokens.add(bad("not yet", issuer.token(c -> future(c, "nbf"), ROLE), "TOKEN_NOT_YET_VALID"));
    tokens.add(
        bad("issuer", issuer.token(c -> c.put("iss", "x"), ROLE), "TOKEN_OF_ANOTHER_ISSUER"));
    tokens.add(
        bad("audience", issuer.token(c -> c.put("aud", "x"), ROLE), "TOKEN_FOR_ANOTHER_AUDIENCE"));
    tokens.add(bad("key", other.token(ROLE), "TOKEN_NOT_TRUSTED"));
    tokens.add(bad("none", none + ".", "TOKEN_MALFORMED"));
    tokens.add(bad("none, in two parts", none, "TOKEN_MALFORMED"));
    tokens.add(bad("none, signed", none + ".c2ln", "TOKEN_NOT_TRUSTED"));
    for (byte[] secret : List.of(issuer.pem().getBytes(), issuer.keys().getPublic().getEncoded())) {
      Mac mac = Mac.getInstance("HmacSHA256");
      mac.init(new SecretKeySpec(secret, "HmacSHA256"));
      String signature = Issuer.base64(mac.doFinal(hmac.getBytes(StandardCharsets.US_ASCII)));
      tokens.add(bad("hmac", hmac + "." + signature, "TOKEN_NOT_TRUSTED"));
    }
    tokens.add(bad("garbage", "garbage", "TOKEN_MALFORMED"));
    tokens.add(bad("garbage in three parts", "a.b.c", "TOKEN_NOT_TRUSTED"));
    return tokens;
  }

  private static Token bad(String name, String value, String reason) {
    return new Token(name, value, Code.UNAUTHENTICATED, reason);
  }

  private static void past(JsonObject claims, String claim) {
    claims.put(claim, System.currentTimeMillis() / 1_000 - 10);
  }

  private static void future(JsonObject claims, String claim) {
    claims.put(claim, System.currentTimeMillis() / 1_000 + 50);
  }

  private Code web(AnyCall call, Token token) throws Exception {
    HttpResponse<byte[]> answer =
        post(call, token, "application/grpc-web+proto", Frames.frame(call.request()));
    assertThat(answer.statusCode()).isEqualTo(200);
    String body = new String(answer.body(), StandardCharsets.ISO_8859_1);
    String trailers =
        answer
            .headers()
            .firstValue("grpc-status")
            .map(status -> "grpc-status:" + status)
            .orElse(body);
    Matcher status = GRPC_STATUS.matcher(trailers);
    assertThat(status.find()).as(trailers).isTrue();
    return Status.fromCodeValue(Integer.parseInt(status.group(1))).getCode();
  }

  /** The server tells streams from unary calls. */
  private Code connect(AnyCall call, Token token) throws Exception {
    HttpResponse<byte[]> answer =
        post(call, token, "application/proto", call.request().toByteArray());
    if (answer.statusCode() == 200) {
      return Code.OK;
    }
    if (answer.statusCode() != 415) {
      return code(new JsonObject(Buffer.buffer(answer.body())));
    }
    answer = post(call, token, "application/connect+proto", Frames.frame(call.request()));
    assertThat(answer.statusCode()).isEqualTo(200);
    List<Frames.Received> frames = Frames.read(answer.body());
    Frames.Received end = frames.get(frames.size() - 1);
    assertThat(end.flags()).isEqualTo(END_OF_STREAM);
    JsonObject error = new JsonObject(end.text()).getJsonObject("error");
    return error == null ? Code.OK : code(error);
  }

  private Code socket(AnyCall call, Token token) throws Exception {
    JsonObject metadata = new JsonObject();
    if (token.value != null) {
      metadata.put("authorization", "Bearer " + token.value);
    }
    URI method = URI.create(uri(call.method()).toString().replaceFirst("http", "ws"));
    JsonObject error = SocketCall.error(web, method, metadata, call.request().toByteArray());
    return error == null ? Code.OK : code(error);
  }

  private static Code code(JsonObject error) {
    return Code.valueOf(error.getString("code").toUpperCase(Locale.ROOT));
  }

  private HttpResponse<byte[]> post(AnyCall call, Token token, String type, byte[] body)
      throws Exception {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(uri(call.method()))
            .timeout(Duration.ofSeconds(Waits.SECONDS))
            .header("content-type", type)
            .POST(BodyPublishers.ofByteArray(body));
    if (token.value != null) {
      request.header("authorization", "Bearer " + token.value);
    }
    return web.send(request.build(), BodyHandlers.ofByteArray());
  }

  private URI uri(String path) {
    String scheme = transport == Transport.PLAINTEXT ? "http" : "https";
    return URI.create("%s://127.0.0.1:%d/%s".formatted(scheme, server.port(), path));
  }

  private static List<AnyCall> calls(String name) {
    String user = HexFormat.of().formatHex(name.getBytes(StandardCharsets.UTF_8));
    HealthCheckRequest health = HealthCheckRequest.getDefaultInstance();
    ServerReflectionRequest reflection =
        ServerReflectionRequest.newBuilder().setListServices("*").build();
    return List.of(
        new AnyCall(USERS + "GetUser", get(1)),
        new AnyCall(USERS + "CreateUser", create("A", user + "@create.example.com", 1)),
        new AnyCall(USERS + "ListUsers", list(2, 0)),
        new AnyCall(USERS + "BatchCreateUsers", create("A", user + "@batch.example.com", 1)),
        new AnyCall(USERS + "StreamUsers", says(1, "hello")),
        new AnyCall(USERS + "NoSuchMethod", get(1)),
        new AnyCall(HEALTH + "Check", health),
        new AnyCall(HEALTH + "List", HealthListRequest.getDefaultInstance()),
        new AnyCall(HEALTH + "Watch", health, true),
        new AnyCall("grpc.reflection.v1.ServerReflection/ServerReflectionInfo", reflection),
        new AnyCall("grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo", reflection));
  }
}
