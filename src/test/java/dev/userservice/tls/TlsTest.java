package dev.userservice.tls;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.userservice.kit.Certificate;
import dev.userservice.kit.LogLines;
import dev.userservice.kit.RunningServer;
import dev.userservice.kit.SpecialFiles;
import io.grpc.Status.Code;
import io.grpc.netty.GrpcSslContexts;
import io.netty.handler.ssl.SslContext;
import io.vertx.core.json.JsonObject;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLHandshakeException;
import org.junit.jupiter.api.Test;

/** Peers that a server with a certificate rejects, and the files that it refuses. */
class TlsTest extends TlsCalls {

  @Test
  void plaintextClient_isRejectedAndLogged() throws Exception {
    start(own.pem());

    assertThat(code(server.channel())).isEqualTo(Code.UNAVAILABLE);
    peers.await("speaks plaintext, but this port is for TLS");
    assertThat(code(server.channel(trusting().build()))).isEqualTo(Code.OK);
  }

  @Test
  void tlsClient_onAPlaintextPort_isRejectedAndLogged() throws Exception {
    server = RunningServer.start();

    assertThatThrownBy(() -> connect("TLSv1.3", null).close()).isInstanceOf(SSLException.class);
    assertThat(code(server.channel(trusting().build()))).isEqualTo(Code.UNAVAILABLE);
    peers.await("if it speaks TLS: this port is for plaintext");
    assertThat(code(server.channel())).isEqualTo(Code.OK);
  }

  @Test
  void silentPeer_isClosedAndNotLogged() throws Exception {
    start(own.pem());
    try (Socket silent = new Socket("127.0.0.1", server.port())) {
      silent.setSoTimeout((int) SOON.toMillis());

      assertThat(silent.getInputStream().read()).as("the end").isEqualTo(-1);
    }
    assertThat(peers.messages()).isEmpty();
  }

  @Test
  void rejectedPeers_cannotFillTheLog() throws Exception {
    start(own.pem());
    for (int i = 0; i < 50; i++) {
      try (Socket socket = new Socket("127.0.0.1", server.port())) {
        socket.getOutputStream().write("GET / HTTP/1.1\r\n\r\n".getBytes());
        socket.getInputStream().readAllBytes();
      }
    }
    peers.await("speaks plaintext");
    assertThat(peers.messages().size()).isLessThan(25);
  }

  @Test
  void clientCertificate_isRequired() throws Exception {
    start(mutual());

    assertThat(code(server.channel(with(authority.forClient("good"))))).isEqualTo(Code.OK);
    assertThat(code(server.channel(trusting().build()))).isEqualTo(Code.UNAVAILABLE);
    peers.await("sent no certificate of the authorities in \"tls.clientCaFile\"");
  }

  @Test
  void clientCertificate_thatHasExpired() throws Exception {
    start(mutual());
    Certificate old =
        authority.issue("old", Certificate.builder("old").notAfter(Instant.now().minusSeconds(60)));

    assertThat(code(server.channel(with(old)))).isEqualTo(Code.UNAVAILABLE);
    peers.await("has a certificate that has expired");
  }

  @Test
  void clientCertificate_ofAnotherAuthority() throws Exception {
    start(mutual());
    Certificate foreign = Certificate.authority(folder, "foreign").forClient("stranger");
    // The JDK by itself sends no certificate that the server does not accept; other clients do.
    SslContext showing = trusting().keyManager(new OneKey(foreign)).build();

    assertThat(code(server.channel(showing))).isEqualTo(Code.UNAVAILABLE);
    peers.await("has a certificate that is not signed by an authority in \"tls.clientCaFile\"");
  }

  @Test
  void clientThatDoesNotTrustUs_isExplained() throws Exception {
    start(own.pem());
    Certificate other = Certificate.authority(folder, "other");
    SslContext trusting =
        GrpcSslContexts.forClient().trustManager(other.certificate().toFile()).build();

    assertThat(code(server.channel(trusting))).isEqualTo(Code.UNAVAILABLE);
    peers.await("rejected this server's certificate: alert certificate_unknown");
  }

  @Test
  void oldProtocolsAndWeakCiphers_areRefused() throws Exception {
    start(own.pem());

    assertThat(connect("TLSv1.3", null).getSession().getCipherSuite())
        .isEqualTo("TLS_AES_256_GCM_SHA384");
    assertThat(connect("TLSv1.2", null).getSession().getCipherSuite())
        .isEqualTo("TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384");
    assertThatThrownBy(() -> connect("TLSv1.2", "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256"))
        .isInstanceOf(SSLHandshakeException.class);
    peers.await("shares no TLS version or cipher with this server");
  }

  @Test
  void pkcs12_withItsPasswordInAFile() throws Exception {
    Path password = Files.writeString(folder.resolve("password"), "secret\n");
    start(
        new JsonObject()
            .put("keyStoreFile", own.pkcs12("secret").toString())
            .put("keyStorePasswordFile", password.toString()));

    assertThat(code(server.channel(trusting().build()))).isEqualTo(Code.OK);
  }

  @Test
  void filesThatCannotBeUsed_areNamed() throws Exception {
    Path nothing = Files.writeString(folder.resolve("nothing.pem"), "nothing");
    String none = folder.resolve("none.pem").toString();
    Certificate other = authority.forServer("other");
    assertRefused(
        own.pem().put("certificateFile", none), none, "does not exist", "tls.certificateFile");
    assertRefused(own.pem().put("keyFile", folder.toString()), "is a folder", "tls.keyFile");
    assertRefused(own.pem().put("keyFile", "/dev/zero"), "/dev/zero is not a regular file");
    String pipe = SpecialFiles.pipe(folder).toString();
    assertRefused(own.pem().put("keyFile", pipe), pipe + " is not a regular file: \"tls.keyFile\"");
    assertRefused(
        own.pem().put("clientCaFile", pipe), "is not a regular file: \"tls.clientCaFile\"");
    String large = SpecialFiles.ofBytes(folder, (1 << 20) + 1).toString();
    assertRefused(own.pem().put("certificateFile", large), "is larger than 1 MiB");
    assertRefused(
        own.pem().put("certificateFile", nothing.toString()), "nothing.pem has no PEM certificate");
    assertRefused(
        own.pem().put("keyFile", nothing.toString()), "nothing.pem has no PEM private key");
    assertRefused(
        own.pem().put("keyFile", other.key().toString()),
        "other.key has a key that does not match the certificate");
    assertRefused(
        own.pem().put("clientCaFile", nothing.toString()), "nothing.pem has no PEM certificate");
    String secret = Files.readString(own.key());
    assertThat(assertRefused(own.pem().put("keyFile", secret), "the value is not a file name"))
        .doesNotContain(secret.lines().skip(1).findFirst().orElseThrow());
    JsonObject pkcs12 = new JsonObject().put("keyStoreFile", own.pkcs12("secret").toString());
    assertRefused(pkcs12.copy().put("keyStorePassword", "wrong"), "needs another password");
    assertRefused(pkcs12.copy().put("keyStoreFile", nothing.toString()), "is not a PKCS12 file");
  }

  @Test
  void worldReadableKey_logsAWarning() throws Exception {
    try (LogLines files = LogLines.of("dev.userservice.tls.SmallFile")) {
      Files.setPosixFilePermissions(own.key(), PosixFilePermissions.fromString("rw-r-----"));
      start(own.pem());
      assertThat(files.messages()).as("its group may").isEmpty();
      server.close();

      Files.setPosixFilePermissions(own.key(), PosixFilePermissions.fromString("rw-r--r--"));
      start(own.pem());
      String key = own.key().toString();
      assertThat(files.messages())
          .containsExactly(
              "%s can be read by every user of this machine (rw-r--r--): chmod 600 %s (\"tls.keyFile\")"
                  .formatted(key, key));
    }
  }

  private static String assertRefused(JsonObject tls, String... words) {
    UnusableFileException refused =
        catchThrowableOfType(
            UnusableFileException.class,
            () -> RunningServer.start(2, new JsonObject().put("tls", tls)));
    assertThat(refused.getMessage()).contains(words).hasLineCount(1);
    return refused.getMessage();
  }
}
