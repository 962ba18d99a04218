package dev.userservice.client;

import static org.assertj.core.api.Assertions.assertThat;

import dev.userservice.config.ClientConfig;
import dev.userservice.kit.Demo;
import dev.userservice.kit.Issuer;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The client shows its token to whom it should, and says which one was refused. */
class ClientTokenTest extends SecureCalls {

  @ParameterizedTest
  @ValueSource(strings = {"token", "tokenFile"})
  void token_overMutualTls_allScenariosPass(String key) throws Exception {
    Issuer issuer = Issuer.make();
    int port = start(mutual(), issuer.auth(folder, rights("users")));
    String token = issuer.token("users");

    Demo demo =
        Demo.run(
            vertx,
            Demo.config(port)
                .put("tls", trusting().mergeIn(client.pem()))
                .put(key, key.equals("token") ? token : file("good", token + "\n")));

    assertThat(demo.failure()).isNull();
    assertThat(demo.shown()).contains("5/5 scenarios passed").doesNotContain(token);
  }

  @Test
  void missingOrRefusedToken_isExplainedWithItsSource() throws Exception {
    Issuer issuer = Issuer.make();
    int port = start(server.pem(), issuer.auth(folder, rights("users")));
    JsonObject config = Demo.config(port, "get").put("tls", trusting());

    Demo none = Demo.run(vertx, config);
    assertThat(none.failure())
        .contains("UNAUTHENTICATED: metadata \"authorization: Bearer TOKEN\"");
    assertThat(none.shown())
        .containsSubsequence(
            "<- UNAUTHENTICATED",
            "ErrorInfo: TOKEN_MISSING",
            "Called without a token: neither \"token\" nor \"tokenFile\" is set",
            "failed after");

    String late = issuer.token(claims -> claims.put("exp", 1_000_000_000), "users");
    Demo refused = Demo.run(vertx, config.copy().put("token", late));
    assertThat(refused.failure()).contains("UNAUTHENTICATED: the token has expired");
    assertThat(refused.shown()).contains("Called with the token of \"token\"").doesNotContain(late);

    String path = file("late", late);
    assertThat(Demo.run(vertx, config.copy().put("tokenFile", path)).shown())
        .contains("Called with the token in " + path + ": \"tokenFile\"");
  }

  @Test
  void tokenWithoutTheRole_isExplainedWithItsSource() throws Exception {
    Issuer issuer = Issuer.make();
    int port = start(mutual(), issuer.auth(folder, rights("users")));

    Demo demo =
        Demo.run(
            vertx,
            Demo.config(port, "get", "chat")
                .put("tls", trusting().mergeIn(client.pem()))
                .put("token", issuer.token("guests")));

    String note =
        "Called with the token of \"token\", and the certificate in %s and %s"
            .formatted(client.certificate(), client.key());
    assertThat(demo.failure()).contains("PERMISSION_DENIED").contains("users");
    assertThat(demo.shown()).containsSubsequence(note, note).contains("0/2 scenarios passed");
  }

  @Test
  void tokenWithoutTheRole_onSeveralServers_isNotExplainedAsASplitCluster() throws Exception {
    Issuer issuer = Issuer.make();
    JsonObject auth = issuer.auth(folder, rights("users"));
    JsonObject config = Demo.config(start(server.pem(), auth), "relay").put("tls", trusting());
    config.getJsonArray("addresses").add("127.0.0.1:" + start(server.pem(), auth));

    Demo demo = Demo.run(vertx, config.put("token", issuer.token("guests")));

    assertThat(demo.failure())
        .startsWith("scenario 1 (relay) failed: PERMISSION_DENIED")
        .doesNotContain("cluster");
    assertThat(demo.shown()).contains("Called with the token of \"token\"");
  }

  @Test
  void token_inPlaintext_isSentToThisMachineOnly() throws Exception {
    Issuer issuer = Issuer.make();
    int port = start(new JsonObject(), issuer.auth(folder, rights("users")));
    String token = issuer.token("users");
    JsonObject config = Demo.config(port, "get").put("token", token);

    assertThat(Demo.run(vertx, config).failure()).isNull();
    config.getJsonArray("addresses").add("users.example.com:50051");
    assertThat(Demo.run(vertx, config).failure())
        .isEqualTo(
            "configuration: \"token\" would be sent to users.example.com:50051 in plaintext, readable and reusable on its way; set \"tls.enabled\" or \"tls.caFile\"");
    config.remove("token");
    assertThat(Demo.run(vertx, config.put("tokenFile", "x")).failure())
        .startsWith("configuration: \"tokenFile\" would be sent to users.example.com:50051");
  }

  @Test
  void invalidToken_isRefused_andNotShown() throws Exception {
    JsonObject config = Demo.config(1, "get").put("waitMillis", 0);
    String form = "one line of printable ASCII without spaces, and without \"Bearer\"";

    for (String bad :
        List.of("Bearer s3cret", "s3cret\ns3cret", "s3cr\u00e9t", "s3cret".repeat(2_000))) {
      assertThat(Demo.run(vertx, config.copy().put("token", bad)).failure())
          .isEqualTo("configuration: \"token\" is not a token: that is " + form);
      String path = file("bad", bad);
      assertThat(Demo.run(vertx, config.copy().put("tokenFile", path)).failure())
          .isEqualTo(path + " does not contain a token, which is " + form + ": \"tokenFile\"");
    }
    String empty = file("empty", "\n");
    assertThat(Demo.run(vertx, config.copy().put("tokenFile", empty)).failure())
        .isEqualTo(empty + " is empty: \"tokenFile\"");
    assertThat(ClientConfig.from(config.copy().put("token", "s3cret\n")).token())
        .as("as it is often mounted")
        .isEqualTo("s3cret");
    assertThat(ClientConfig.from(config.copy().put("token", "s3cret")).toString())
        .doesNotContain("s3cret");
  }

  private static JsonObject rights(String role) {
    return new JsonObject().put("*", new JsonArray().add(role));
  }
}
