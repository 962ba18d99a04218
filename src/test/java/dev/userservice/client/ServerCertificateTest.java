package dev.userservice.client;

import static org.assertj.core.api.Assertions.assertThat;

import dev.userservice.kit.Certificate;
import dev.userservice.kit.Demo;
import dev.userservice.kit.RunningServer;
import io.netty.pkitesting.CertificateBuilder;
import io.vertx.core.Handler;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.time.Instant;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The client's sentences about the certificate of a server. */
class ServerCertificateTest extends SecureCalls {

  @Test
  void tls_allScenariosPass() {
    Demo demo = run(trusting(), start(server.pem()));

    assertThat(demo.failure()).isNull();
    assertThat(demo.shown()).contains("5/5 scenarios passed");
  }

  @Test
  void tls_byName_checksTheName_notTheAddress() throws Exception {
    Certificate named =
        authority.issue("named", Certificate.builder("named").addSanDnsName("localhost"));
    int port = start(named.pem());

    assertThat(run(trusting(), at("localhost", port)).failure()).isNull();
    assertThat(failure(trusting(), port))
        .isEqualTo(
            "scenario 1 (get) failed: UNAVAILABLE: 127.0.0.1:%d has a certificate for \"localhost\", not for \"127.0.0.1\"; use one of its names in \"addresses\" or \"tls.serverName\""
                .formatted(port));
  }

  @Test
  void serverName_isCheckedInTheCertificate() throws Exception {
    Certificate named =
        authority.issue(
            "users",
            Certificate.builder("users")
                .addSanDnsName("users.example.com")
                .addSanIpAddress("10.0.0.7"));
    int port = start(named.pem());

    assertThat(failure(trusting().put("serverName", "users.example.com"), port)).isNull();
    assertThat(failure(trusting().put("serverName", "staff.example.com"), port))
        .contains("for \"users.example.com\", \"10.0.0.7\", not for \"staff.example.com\"");
  }

  @Test
  void calls_haveTheNameAsTheirAuthority() throws Exception {
    AtomicReference<String> asked = new AtomicReference<>();
    Handler<HttpServerRequest> answer =
        request -> {
          asked.set(request.authority() + ", " + request.connection().indicatedServerName());
          request.response().setStatusCode(404).end();
        };
    Certificate named =
        authority.issue("sni", Certificate.builder("sni").addSanDnsName("a.example.com"));
    int secure = http(foreign(named).setSni(true), answer);
    int plain = http(new HttpServerOptions(), answer);

    failure(trusting().put("serverName", "a.example.com"), secure);
    assertThat(asked).hasValue("a.example.com:" + secure + ", a.example.com");
    run(new JsonObject(), at("localhost", plain));
    assertThat(asked).hasValue("localhost:" + plain + ", null");
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void ipv6Address(boolean secure) throws Exception {
    // On a machine without IPv6, an IPv4 address takes its place.
    String loopback = hasIpv6() ? "::1" : "127.0.0.1";
    Certificate six = authority.issue("six", Certificate.builder("six").addSanIpAddress(loopback));
    JsonObject config = new JsonObject().put("host", loopback);
    RunningServer running = RunningServer.start(1, secure ? config.put("tls", six.pem()) : config);
    servers.add(running);

    JsonObject tls = secure ? trusting() : new JsonObject();
    String host = hasIpv6() ? "[::1]" : loopback;
    assertThat(run(tls, at(host, running.port())).failure()).isNull();
  }

  @Test
  void untrustedAuthority_isNamed_withTheKeyOfTheFile() throws Exception {
    int port = start(server.pem());
    Path other = Certificate.authority(folder, "other").certificate();

    assertThat(failure(new JsonObject().put("caFile", other.toString()), port))
        .isEqualTo(
            "scenario 1 (get) failed: UNAVAILABLE: 127.0.0.1:%d has a certificate that no authority in %s has signed (it is of \"CN=server\", signed by \"CN=authority\"); name the right authority's file in \"tls.caFile\""
                .formatted(port, other));
    assertThat(failure(new JsonObject().put("enabled", true), port))
        .contains("a certificate that no authority of the JDK has signed", "\"tls.caFile\"");
  }

  @Test
  void expiredOrFutureCertificate_isExplainedWithTheDate() throws Exception {
    Instant now = Instant.now();
    Certificate old = authority.issue("old", valid(server("old"), now, -9, -2));
    Certificate young = authority.issue("young", valid(server("young"), now, 3, 9));

    assertThat(failure(trusting(), start(old.pem())))
        .contains(
            "a certificate that expired on " + date(now, -2),
            "; renew it, or correct this machine's clock");
    assertThat(failure(trusting(), start(young.pem())))
        .contains("a certificate that is not valid before " + date(now, 3));
  }

  @Test
  void certificateForClientsOnly_isRejected() throws Exception {
    Certificate wrong = authority.issue("wrong", server("wrong").addExtendedKeyUsageClientAuth());

    assertThat(failure(trusting(), start(wrong.pem())))
        .contains("a certificate that is not acceptable: Extended key usage");
  }

  @Test
  void relay_explainsTheFailureOfAServer() throws Exception {
    int good = start(server.pem());
    Certificate named =
        authority.issue("relay", Certificate.builder("relay").addSanDnsName("a.example.com"));
    int bad = start(named.pem());
    JsonObject config = Demo.config(good, "relay").put("tls", trusting());
    config.getJsonArray("addresses").add("127.0.0.1:" + bad);

    assertThat(Demo.run(vertx, config).failure())
        .contains("127.0.0.1:" + bad + " has a certificate for \"a.example.com\"");
  }

  private Demo run(JsonObject tls, String address) {
    JsonObject config = with(Demo.config(1, "get", "chat"), "tls", tls);
    return Demo.run(vertx, config.put("addresses", new JsonArray().add(address)));
  }

  private static String at(String host, int port) {
    return host + ":" + port;
  }

  private static boolean hasIpv6() {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getByName("::1"))) {
      return socket.isBound();
    } catch (IOException none) {
      return false;
    }
  }

  /** A certificate for 127.0.0.1 without extended key usages. */
  private static CertificateBuilder server(String name) {
    return Certificate.builder(name).addSanIpAddress("127.0.0.1");
  }
}
