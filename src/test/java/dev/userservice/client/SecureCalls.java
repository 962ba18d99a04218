package dev.userservice.client;

import dev.userservice.kit.Certificate;
import dev.userservice.kit.Demo;
import dev.userservice.kit.RunningServer;
import dev.userservice.kit.Waits;
import io.netty.pkitesting.CertificateBuilder;
import io.vertx.core.Handler;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.json.JsonObject;
import io.vertx.core.net.NetServerOptions;
import io.vertx.core.net.NetSocket;
import io.vertx.core.net.PemKeyCertOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Certificates of one authority, servers that use them, and runs of the client against these. */
@Timeout(Waits.TEST_SECONDS)
abstract class SecureCalls {

  @TempDir static Path folder;

  static Certificate authority;
  static Certificate server;
  static Certificate client;

  final Vertx vertx = Vertx.vertx();
  final List<RunningServer> servers = new ArrayList<>();

  @BeforeAll
  static void makeCertificates() throws Exception {
    authority = Certificate.authority(folder, "authority");
    server = authority.forServer("server");
    client = authority.forClient("client");
  }

  @AfterEach
  void stop() {
    servers.forEach(RunningServer::close);
    vertx.close().timeout(Waits.SECONDS, TimeUnit.SECONDS).await();
  }

  /** A server with a free port of the loopback address. */
  int start(JsonObject tls, JsonObject auth) {
    JsonObject config = with(with(new JsonObject(), "tls", tls), "auth", auth);
    RunningServer running = RunningServer.start(1, config);
    servers.add(running);
    return running.port();
  }

  int start(JsonObject tls) {
    return start(tls, new JsonObject());
  }

  /** Adds a section, unless it is empty. */
  static JsonObject with(JsonObject config, String key, JsonObject section) {
    return section.isEmpty() ? config : config.put(key, section);
  }

  /** A server that requires certificates of our authority. */
  static JsonObject mutual() {
    return server.pem().put("clientCaFile", authority.certificate().toString());
  }

  /** A client that trusts our authority. */
  static JsonObject trusting() {
    return new JsonObject().put("caFile", authority.certificate().toString());
  }

  static CertificateBuilder valid(
      CertificateBuilder builder, Instant now, int fromDays, int toDays) {
    return builder
        .notBefore(now.plus(Duration.ofDays(fromDays)))
        .notAfter(now.plus(Duration.ofDays(toDays)));
  }

  /** Truncated to seconds, as in certificates. */
  static String date(Instant now, int days) {
    return now.plus(Duration.ofDays(days)).truncatedTo(ChronoUnit.SECONDS).toString();
  }

  static String file(String name, String text) throws IOException {
    return Files.writeString(folder.resolve(name), text).toString();
  }

  Demo run(JsonObject tls, int port, String... scenarios) {
    return Demo.run(vertx, with(Demo.config(port, scenarios), "tls", tls));
  }

  String failure(JsonObject tls, int port) {
    return run(tls, port, "get").failure();
  }

  static HttpServerOptions foreign(Certificate certificate) {
    return new HttpServerOptions()
        .setSsl(true)
        .setUseAlpn(true)
        .setKeyCertOptions(keys(certificate));
  }

  static PemKeyCertOptions keys(Certificate certificate) {
    return new PemKeyCertOptions()
        .addCertPath(certificate.certificate().toString())
        .addKeyPath(certificate.key().toString());
  }

  int http(HttpServerOptions options, Handler<HttpServerRequest> handler) {
    return vertx
        .createHttpServer(options)
        .requestHandler(handler)
        .listen(0, "127.0.0.1")
        .map(HttpServer::actualPort)
        .timeout(Waits.SECONDS, TimeUnit.SECONDS)
        .await();
  }

  int tcp(Handler<NetSocket> handler) {
    return tcp(new NetServerOptions(), handler);
  }

  int tcp(NetServerOptions options, Handler<NetSocket> handler) {
    return vertx
        .createNetServer(options)
        .connectHandler(handler)
        .listen(0, "127.0.0.1")
        .timeout(Waits.SECONDS, TimeUnit.SECONDS)
        .await()
        .actualPort();
  }
}
