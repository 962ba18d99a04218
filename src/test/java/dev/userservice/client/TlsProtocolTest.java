package dev.userservice.client;

import static org.assertj.core.api.Assertions.assertThat;

import dev.userservice.kit.Demo;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.http.HttpVersion;
import io.vertx.core.json.JsonObject;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** The client's sentences about a peer that speaks another protocol, or another TLS. */
class TlsProtocolTest extends SecureCalls {

  private static final String CBC = "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256";

  @Test
  void tls_toAServerInPlaintext() throws Exception {
    String why = "speaks plaintext, but this client uses TLS; for plaintext, leave out \"tls\"";
    int port = start(new JsonObject());

    assertThat(failure(trusting(), port))
        .isEqualTo("scenario 1 (get) failed: UNAVAILABLE: 127.0.0.1:" + port + " " + why);
    try (ForeignServer grpcJava = new ForeignServer().start()) {
      assertThat(failure(trusting(), grpcJava.port())).endsWith(why);
    }
    assertThat(failure(trusting(), tcp(socket -> socket.handler(hello -> socket.close()))))
        .contains(
            "closed the connection in the TLS handshake; if it speaks plaintext, leave out \"tls\"");
  }

  @Test
  void plaintext_toAServerOfTls() {
    String set = "set \"tls.enabled\" to true, or \"tls.caFile\" to the file of its authority";

    assertThat(failure(new JsonObject(), start(server.pem())))
        .contains("UNAVAILABLE: no connection to 127.0.0.1:")
        .endsWith("Connection was closed; if it speaks TLS, " + set);
    int saysSo = tcp(socket -> socket.handler(preface -> socket.end(alert(10))));
    assertThat(failure(new JsonObject(), saysSo))
        .endsWith("127.0.0.1:" + saysSo + " speaks TLS, but this client uses plaintext; " + set);
  }

  @Test
  void noCommonVersionOrCipher() {
    String why = "has no version or cipher of TLS in common with this client";
    HttpServerOptions weak =
        foreign(server)
            .setEnabledSecureTransportProtocols(Set.of("TLSv1.2"))
            .addEnabledCipherSuite(CBC);

    assertThat(failure(trusting(), http(weak, request -> {})))
        .contains(why, "TLS 1.2 and 1.3", "(handshake_failure)");
    assertThat(failure(trusting(), tcp(socket -> socket.handler(hello -> socket.end(alert(70))))))
        .contains(why, "(protocol_version)");
  }

  @Test
  void tlsWithoutHttp2() {
    assertThat(failure(trusting(), http(foreign(server).setUseAlpn(false), request -> {})))
        .endsWith("the peer is not a gRPC server: it speaks TLS, but not HTTP/2");
    HttpServerOptions http1 = foreign(server).setAlpnVersions(List.of(HttpVersion.HTTP_1_1));
    assertThat(failure(trusting(), http(http1, request -> {})))
        .endsWith("does not answer as a gRPC server: it uses TLS, but not HTTP/2");
  }

  @Test
  void silentPeer_endsAtTheDeadline() {
    JsonObject config = Demo.config(tcp(socket -> {}), "get").put("tls", trusting());

    assertThat(Demo.run(vertx, config.put("deadlineMillis", 300)).failure())
        .contains("DEADLINE_EXCEEDED", "did not speak HTTP/2 over TLS within 300 ms");
  }

  @Test
  void permanentFailure_isNotRetried() {
    AtomicInteger connections = new AtomicInteger();
    int port =
        tcp(
            socket -> {
              connections.incrementAndGet();
              socket.handler(hello -> socket.end(alert(70)));
            });

    assertThat(failure(trusting(), port)).contains("UNAVAILABLE");
    assertThat(connections).as("the search, the warm-up, and one call").hasValue(3);
  }

  /** RFC 8446, 5.1 and 6: a record with a fatal alert. */
  private static Buffer alert(int description) {
    return Buffer.buffer(new byte[] {21, 3, 3, 0, 2, 2, (byte) description});
  }
}
