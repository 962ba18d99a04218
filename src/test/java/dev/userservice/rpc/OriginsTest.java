package dev.userservice.rpc;

import static org.assertj.core.api.Assertions.assertThat;

import dev.userservice.kit.RunningServer;
import dev.userservice.kit.Waits;
import dev.userservice.rpc.RawHttp.Answer;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Pages that call: of the server's own origin, of configured ones and of others. */
@Timeout(Waits.TEST_SECONDS)
class OriginsTest {

  private static final String ALLOWED = "https://app.example.com";
  private static final String JSON = "content-type: application/json";
  private static final String CREATE =
      "{\"name\": \"Some One\", \"email\": \"one@example.com\", \"age\": 1}";

  private static RunningServer server;

  @BeforeAll
  static void start() {
    server =
        RunningServer.start(
            1,
            new JsonObject()
                .put("web", new JsonObject().put("origins", new JsonArray().add(ALLOWED))));
  }

  @AfterAll
  static void stop() {
    server.close();
  }

  @Test
  void allowedOrigin_readsAnswersAndErrors() throws Exception {
    for (var probe :
        Map.of("{\"user_id\": 1}", 200, "{\"user_id\": 42}", 404, "{", 400).entrySet()) {
      Answer answer = post("GetUser", probe.getKey(), JSON, "origin: " + ALLOWED);
      assertThat(answer.status()).isEqualTo(probe.getValue());
      assertMayRead(answer);
    }
    Answer refused = post("ListUsers", "{}", JSON, "origin: " + ALLOWED);
    assertThat(refused.status()).isEqualTo(415);
    assertMayRead(refused);
  }

  private static void assertMayRead(Answer answer) {
    assertThat(answer.headers())
        .containsEntry("access-control-allow-origin", ALLOWED)
        .containsEntry("access-control-expose-headers", "*")
        .containsEntry("vary", "origin")
        .doesNotContainKey("access-control-allow-credentials");
  }

  @Test
  void preflight_ofAnAllowedOrigin() throws Exception {
    Answer answer = preflight(ALLOWED);

    assertThat(answer.status()).isEqualTo(204);
    assertMayRead(answer);
    assertThat(answer.headers())
        .containsEntry("access-control-allow-methods", "POST")
        .containsEntry("access-control-allow-headers", "content-type,x-own")
        .containsKey("access-control-max-age");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "https://evil.test",
        "http://app.example.com",
        "https://app.example.com.evil.test",
        "https://app.example.com:8443",
        "null",
        ""
      })
  void otherOrigin_beginsNoCall(String origin) throws Exception {
    Answer preflight = preflight(origin);
    assertThat(preflight.status()).isEqualTo(403);
    assertThat(preflight.headers()).doesNotContainKey("access-control-allow-origin");

    Answer answer = post("CreateUser", CREATE, JSON, "origin: " + origin);
    assertThat(answer.status()).isEqualTo(403);
    assertThat(answer.headers()).doesNotContainKey("access-control-allow-origin");
    assertThat(answer.body()).contains("\"web.origins\"");
    Answer missing = post("GetUser", "{\"user_id\": 6}", JSON);
    assertThat(missing.status()).as("no user was created").isEqualTo(404);
  }

  @Test
  void ownOrigin_mayCall_andNeedsNoHeader() throws Exception {
    String own = "http://localhost:" + server.port();
    Answer answer = post("GetUser", "{\"user_id\": 1}", JSON, "origin: " + own);

    assertThat(answer.status()).isEqualTo(200);
    assertThat(answer.headers()).doesNotContainKey("access-control-allow-origin");
  }

  /** Only browsers send an origin. */
  @Test
  void noOrigin() throws Exception {
    assertThat(post("GetUser", "{\"user_id\": 1}", JSON).status()).isEqualTo(200);
    assertThat(request("OPTIONS", "GetUser", "").status()).isEqualTo(405);
  }

  private static Answer preflight(String origin) throws Exception {
    try (RawHttp client = new RawHttp(server.port())) {
      String[] headers = {
        "origin: " + origin,
        "access-control-request-method: POST",
        "access-control-request-headers: content-type,x-own"
      };
      return client.send(text("OPTIONS", "GetUser", "", headers)).head();
    }
  }

  private static Answer post(String method, String body, String... headers) throws Exception {
    return request("POST", method, body, headers);
  }

  private static Answer request(String verb, String method, String body, String... headers)
      throws Exception {
    try (RawHttp client = new RawHttp(server.port())) {
      return client.send(text(verb, method, body, headers)).answer();
    }
  }

  private static String text(String verb, String method, String body, String... headers) {
    StringBuilder head =
        new StringBuilder(
            "%s /users.v1.UserService/%s HTTP/1.1\r\nhost: localhost:%d\r\n"
                .formatted(verb, method, server.port()));
    for (String header : headers) {
      head.append(header).append("\r\n");
    }
    return head + "content-length: " + body.length() + "\r\n\r\n" + body;
  }
}
