package dev.userservice.access;

import static dev.userservice.kit.Requests.get;
import static dev.userservice.kit.Requests.john;
import static dev.userservice.kit.Requests.says;
import static org.assertj.core.api.Assertions.assertThat;

import dev.userservice.kit.AnyCall;
import dev.userservice.kit.AnyCall.Answer;
import dev.userservice.kit.Certificate;
import dev.userservice.kit.ForeignCalls;
import dev.userservice.kit.Issuer;
import dev.userservice.kit.RunningServer;
import dev.userservice.kit.Waits;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.Status.Code;
import io.grpc.netty.GrpcSslContexts;
import io.netty.pkitesting.CertificateBuilder;
import io.vertx.core.json.JsonObject;
import io.vertx.grpc.health.v1.HealthCheckResponse.ServingStatus;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Callers that are known by their certificates, and connections whose caller is unknown. */
class CallerCertificatesTest extends AccessCalls {

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
}
