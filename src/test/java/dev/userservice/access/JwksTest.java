package dev.userservice.access;

import static dev.userservice.kit.Requests.get;
import static org.assertj.core.api.Assertions.assertThat;

import dev.userservice.kit.AnyCall;
import dev.userservice.kit.AnyCall.Answer;
import dev.userservice.kit.Certificate;
import dev.userservice.kit.ForeignCalls;
import dev.userservice.kit.Issuer;
import dev.userservice.kit.LogLines;
import dev.userservice.kit.RunningServer;
import dev.userservice.kit.Waits;
import io.grpc.ManagedChannel;
import io.grpc.Status.Code;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.core.net.PemKeyCertOptions;
import io.vertx.grpc.health.v1.HealthCheckResponse.ServingStatus;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Keys that an issuer publishes, with an issuer that changes them, fails and stops. */
@Timeout(Waits.TEST_SECONDS)
@Tag("slow")
class JwksTest {

  private static final AnyCall GET = new AnyCall("users.v1.UserService/GetUser", get(1));

  private final Vertx vertx = Vertx.vertx();
  private final AtomicInteger fetches = new AtomicInteger();

  @TempDir private Path folder;

  private HttpServer published;
  private volatile String keys = "{}";
  private volatile int status = 200;
  private RunningServer server;
  private ManagedChannel channel;

  @AfterEach
  void stop() {
    if (server != null) {
      server.close();
    }
    vertx.close().timeout(Waits.SECONDS, TimeUnit.SECONDS).await();
  }

  private void publish(int port, HttpServerOptions options) {
    published =
        vertx
            .createHttpServer(options)
            .requestHandler(
                request -> {
                  fetches.incrementAndGet();
                  request.response().setStatusCode(status).end(keys);
                })
            .listen(port, "127.0.0.1")
            .timeout(Waits.SECONDS, TimeUnit.SECONDS)
            .await();
  }

  private void publish() {
    publish(0, new HttpServerOptions());
  }

  private void start(String uri, JsonObject more) {
    JsonObject jwt =
        new JsonObject()
            .put("jwksUri", uri)
            .put("jwksRefreshMillis", 1_000)
            .put("issuer", Issuer.NAME)
            .put("audience", new JsonArray().add(Issuer.AUDIENCE));
    JsonObject auth =
        new JsonObject()
            .put("jwt", jwt.mergeIn(more))
            .put("rights", new JsonObject().put("*", new JsonArray().add("*")));
    server = RunningServer.start(2, new JsonObject().put("auth", auth));
    channel = server.channel();
  }

  private void start() {
    start("http://127.0.0.1:" + published.actualPort() + "/keys", new JsonObject());
  }

  private Answer call(String token) throws Exception {
    return GET.answer(channel, Issuer.bearer(token));
  }

  private static String token(Issuer issuer, String id) {
    return issuer.sign(new JsonObject().put("alg", "RS256").put("kid", id), Issuer.claims());
  }

  @Test
  void newKey_isFetchedWhenATokenNamesIt() throws Exception {
    Issuer first = Issuer.make();
    Issuer second = Issuer.make();
    keys = first.jwks("first");
    publish();
    start(
        "http://127.0.0.1:" + published.actualPort() + "/keys",
        new JsonObject().put("jwksRefreshMillis", 86_400_000));
    assertThat(call(token(first, "first")).code()).isEqualTo(Code.OK);

    keys = second.jwks("second");
    await(() -> code(token(second, "second")) == Code.OK);

    assertThat(call(token(first, "first")).reason()).isEqualTo("TOKEN_NOT_TRUSTED");
    int before = fetches.get();
    for (int i = 0; i < 50; i++) {
      assertThat(call(token(first, "made up " + i)).code()).isEqualTo(Code.UNAUTHENTICATED);
    }
    assertThat(fetches.get() - before).as("fetches caused by unknown keys").isLessThan(10);
  }

  @Test
  void outage_leavesTheLastKeysInUse() throws Exception {
    Issuer issuer = Issuer.make();
    keys = issuer.jwks("one");
    publish();
    int port = published.actualPort();
    start();
    assertThat(call(token(issuer, "one")).code()).isEqualTo(Code.OK);
    try (LogLines logged = LogLines.of("dev.userservice.access.TokenKeys")) {
      for (String broken : new String[] {"{", "<html>", "{\"keys\":[]}", "x".repeat(2 << 20)}) {
        keys = broken;
        int before = fetches.get();
        await(() -> fetches.get() > before + 1);
        assertThat(code(issuer.token(c -> c.put("jti", broken.length())))).isEqualTo(Code.OK);
      }
      status = 500;
      logged.await("HTTP 500");
      published.close().timeout(Waits.SECONDS, TimeUnit.SECONDS).await();
      logged.await("refused");
      assertThat(code(issuer.token(c -> c.put("jti", "after")))).isEqualTo(Code.OK);
      assertThat(ForeignCalls.check(channel, "")).isEqualTo(ServingStatus.SERVING);
      assertThat(logged.messages()).allMatch(line -> line.contains("its last keys stay"));
      status = 200;
      keys = issuer.jwks("one");
      publish(port, new HttpServerOptions());
      logged.await("answers again");
    }
  }

  @Test
  void unreachableIssuer_makesHealthUnready() throws Exception {
    publish();
    int port = published.actualPort();
    published.close().timeout(Waits.SECONDS, TimeUnit.SECONDS).await();
    Issuer issuer = Issuer.make();
    keys = issuer.jwks("one");
    start("http://127.0.0.1:" + port + "/keys", new JsonObject());

    Answer answer = call(token(issuer, "one"));
    assertThat(answer.code()).isEqualTo(Code.UNAVAILABLE);
    assertThat(answer.reason()).isEqualTo("KEYS_UNAVAILABLE");
    assertThat(ForeignCalls.check(channel, "")).isEqualTo(ServingStatus.NOT_SERVING);

    publish(port, new HttpServerOptions());
    await(() -> code(token(issuer, "one")) == Code.OK);
    await(() -> ForeignCalls.check(channel, "") == ServingStatus.SERVING);
  }

  /**
   * A server that is not ready gets no tokens that would trigger a fetch: it has to retry itself.
   */
  @Test
  void issuerThatIsDownAtTheStart_isRetriedWithoutAToken() throws Exception {
    keys = "";
    publish();
    try (LogLines logged = LogLines.of("dev.userservice.access.TokenKeys")) {
      start(
          "http://127.0.0.1:" + published.actualPort() + "/keys",
          new JsonObject().put("jwksRefreshMillis", 86_400_000));
      status = 503;
      await(() -> fetches.get() > 3);
      assertThat(ForeignCalls.check(channel, "")).isEqualTo(ServingStatus.NOT_SERVING);

      keys = Issuer.make().jwks("one");
      status = 200;

      await(() -> ForeignCalls.check(channel, "") == ServingStatus.SERVING);
      assertThat(logged.messages())
          .as("each change once")
          .satisfiesExactly(
              line -> assertThat(line).contains("has no public key", "no token can be checked"),
              line -> assertThat(line).contains("HTTP 503", "no token can be checked"),
              line -> assertThat(line).contains("Tokens are checked with the keys of"));
    }
  }

  @Test
  void silentIssuer_delaysCallsBriefly() throws Exception {
    Issuer issuer = Issuer.make();
    keys = issuer.jwks("one");
    try (ServerSocket silent = new ServerSocket(0, 10, InetAddress.getByName("127.0.0.1"))) {
      start("http://127.0.0.1:" + silent.getLocalPort() + "/keys", new JsonObject());

      Answer answer = call(token(issuer, "one"));

      assertThat(answer.reason()).isEqualTo("KEYS_UNAVAILABLE");
      assertThat(ForeignCalls.check(channel, "")).isEqualTo(ServingStatus.NOT_SERVING);
    }
  }

  @Test
  void https_withAnAuthorityOfItsOwn() throws Exception {
    Certificate authority = Certificate.authority(folder, "authority");
    Certificate own = authority.forServer("issuer");
    Issuer issuer = Issuer.make();
    keys = issuer.jwks("one");
    publish(
        0,
        new HttpServerOptions()
            .setSsl(true)
            .setKeyCertOptions(
                new PemKeyCertOptions()
                    .setCertPath(own.certificate().toString())
                    .setKeyPath(own.key().toString())));
    String uri = "https://localhost:" + published.actualPort() + "/keys";
    start(uri, new JsonObject());
    assertThat(call(token(issuer, "one")).reason())
        .as("not trusted by the JDK")
        .isEqualTo("KEYS_UNAVAILABLE");
    server.close();

    start(uri, new JsonObject().put("jwksCaFile", authority.certificate().toString()));
    assertThat(call(token(issuer, "one")).code()).isEqualTo(Code.OK);
  }

  private Code code(String token) {
    try {
      return call(token).code();
    } catch (Exception e) {
      throw new AssertionError(e);
    }
  }

  private static void await(Supplier<Boolean> condition) {
    Waits.until("in time", condition::get);
  }
}
