package dev.userservice.tls;

import static dev.userservice.kit.Requests.get;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.userservice.kit.Certificate;
import dev.userservice.kit.LogLines;
import dev.userservice.kit.RunningServer;
import dev.userservice.kit.Waits;
import dev.userservice.proto.UserServiceGrpc;
import io.grpc.Status.Code;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.GrpcSslContexts;
import io.netty.handler.ssl.SslContext;
import io.vertx.core.json.JsonObject;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Certificate and key files as operators have them: the server accepts them or names the fault. */
@Timeout(Waits.TEST_SECONDS)
class CertificateFilesTest {

  private static final String CERTIFICATE = "CERTIFICATE";

  /** The bytes that OpenSSL appends to a certificate trusted for servers only. */
  private static final byte[] TRUST = {
    0x30, 0x0c, 0x30, 0x0a, 0x06, 0x08, 0x2b, 6, 1, 5, 5, 7, 3, 1
  };

  /** A block that HAProxy reads from the same file. */
  private static final String PARAMETERS = pem("DH PARAMETERS", new byte[] {0x30, 0});

  @TempDir private static Path folder;

  private static Certificate authority;

  /** The intermediate between the authority and the server's certificate. */
  private static Certificate middle;

  private static Certificate own;
  private static Certificate rsa;
  private static String key;

  private RunningServer server;
  private int files;

  @BeforeAll
  static void makeCertificates() throws Exception {
    authority = Certificate.authority(folder, "authority");
    middle =
        authority.issue("middle", Certificate.builder("middle").setIsCertificateAuthority(true));
    own = middle.forServer("own");
    rsa = middle.issue("rsa", Certificate.server("rsa").rsa2048());
    key = own.bundle().getPrivateKeyPEM();
  }

  @AfterEach
  void stop() {
    if (server != null) {
      server.close();
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"key own middle root", "own middle key", "middle key own", "root own key middle"})
  void oneFile_inAnyOrder_isAccepted(String order) throws Exception {
    StringBuilder all = new StringBuilder("subject=CN = own\n");
    for (String part : order.split(" ")) {
      all.append(
          switch (part) {
            case "key" -> key;
            case "own" -> pem(own);
            case "middle" -> pem(middle);
            default -> pem(authority);
          });
    }
    assertAccepted(all.append(PARAMETERS).toString().getBytes(StandardCharsets.US_ASCII));
  }

  @Test
  void encodingsAndLabels_areAccepted() throws Exception {
    String all = key + pem(own) + pem(middle);
    assertAccepted(("\uFEFF" + all).getBytes(StandardCharsets.UTF_8));
    assertAccepted(all.getBytes(StandardCharsets.UTF_16));
    assertAccepted(("\uFEFF" + all).getBytes(StandardCharsets.UTF_16LE));
    assertAccepted(all.replace("\n", "\r\n").getBytes(StandardCharsets.US_ASCII));
    assertAccepted(all.replace(" CERT", " X509 CERT").getBytes(StandardCharsets.US_ASCII));
    String trusted = key + pem("TRUSTED CERTIFICATE", trusted(own)) + pem(middle) + pem(middle);
    assertAccepted(trusted.getBytes(StandardCharsets.US_ASCII));
  }

  @Test
  void keysOfEachKind_areAccepted() throws Exception {
    byte[] pkcs8 = rsa.bundle().getKeyPair().getPrivate().getEncoded();
    // PKCS #1 is the tail of PKCS #8, after 26 bytes that name RSA.
    byte[] pkcs1 = Arrays.copyOfRange(pkcs8, 26, pkcs8.length);
    String chain = pem(rsa) + pem(middle);
    assertAccepted((chain + pem("RSA PRIVATE KEY", pkcs1)).getBytes(StandardCharsets.US_ASCII));
    assertAccepted((chain + pem("PRIVATE KEY", pkcs8)).getBytes(StandardCharsets.US_ASCII));
  }

  @Test
  void authorities_ofOlderLabelsAndAfterAByteOrderMark_areAccepted() throws Exception {
    String older = "\uFEFF" + pem("X509 CERTIFICATE", der(authority));
    Path trusted = write(older.getBytes(StandardCharsets.UTF_8));
    Certificate client = authority.forClient("client");
    server = start(own.pem().put("clientCaFile", trusted.toString()));

    SslContext with =
        GrpcSslContexts.forClient()
            .trustManager(authority.bundle().getCertificate())
            .keyManager(client.certificate().toFile(), client.key().toFile())
            .build();
    assertThat(code(with)).isEqualTo(Code.OK);
  }

  private void assertAccepted(byte[] file) throws Exception {
    String path = write(file).toString();
    server = start(new JsonObject().put("certificateFile", path).put("keyFile", path));
    assertThat(code(trusting())).isEqualTo(Code.OK);
    server.close();
  }

  @Test
  void formatsThatAreNotPem_areNamed_withTheCommandThatConverts() throws Exception {
    List<X509Certificate> both = List.of(certificate(own), certificate(middle));
    byte[] set = CertificateFactory.getInstance("X.509").generateCertPath(both).getEncoded("PKCS7");
    byte[] pkcs12 = Files.readAllBytes(own.pkcs12("secret"));

    assertCertificateRefused(
        der(own),
        "is DER, not PEM; it becomes that by: openssl x509 -inform DER -in %1$s -out %1$s.pem: \"tls.certificateFile\"");
    assertCertificateRefused(
        set,
        "is PKCS #7 in DER, not PEM; it becomes that by: openssl pkcs7 -inform DER -print_certs -in %1$s -out %1$s.pem");
    assertCertificateRefused(
        pem("PKCS7", set).getBytes(),
        "is PKCS #7, not PEM certificates; it becomes that by: openssl pkcs7 -print_certs -in %1$s -out %1$s.pem");
    assertCertificateRefused(
        pkcs12,
        "is PKCS12, not PEM; it becomes that by: openssl pkcs12 -nokeys -in %1$s -out %1$s.pem");
    byte[] keyDer = own.bundle().getKeyPair().getPrivate().getEncoded();
    assertKeyRefused(
        keyDer,
        "is DER, not PEM; it becomes that by: openssl pkey -inform DER -in %1$s -out %1$s.pem: \"tls.keyFile\"");
    assertKeyRefused(
        pkcs12,
        "is PKCS12, not PEM; it becomes that by: openssl pkcs12 -nocerts -nodes -in %1$s -out %1$s.pem");
    Path trusted = write(pem("TRUSTED CERTIFICATE", trusted(authority)).getBytes());
    assertRefused(
        own.pem().put("clientCaFile", trusted.toString()),
        trusted,
        "has a TRUSTED CERTIFICATE, whose limits of that trust are not supported; without them, each is written by: openssl x509 -in %1$s -out %1$s.pem: \"tls.clientCaFile\"");
    Path notTrusted = write(der(authority));
    assertRefused(
        own.pem().put("clientCaFile", notTrusted.toString()), notTrusted, "is DER, not PEM");
    Path store = write(pem(own).getBytes());
    assertRefused(
        new JsonObject().put("keyStoreFile", store.toString()),
        store,
        "is PEM, not PKCS12; name it in \"tls.certificateFile\" and \"tls.keyFile\" instead: \"tls.keyStoreFile\"");
  }

  @Test
  void wrongFile_isNamed() throws Exception {
    Certificate other = authority.forServer("other");
    Certificate again =
        middle.issue("again", Certificate.server("again").keyPair(own.bundle().getKeyPair()));

    assertCertificateRefused(
        key.getBytes(), "has no PEM certificate, but PRIVATE KEY: \"tls.certificateFile\"");
    assertKeyRefused(
        pem(own).getBytes(), "has no PEM private key, but CERTIFICATE: \"tls.keyFile\"");
    assertCertificateRefused(
        (pem(own) + pem(other)).getBytes(),
        "has a certificate of CN=other, which does not belong to the chain of CN=own; remove it, or replace it by one of CN=middle: \"tls.certificateFile\"");
    assertCertificateRefused(
        (pem(middle) + pem(own) + pem(again)).getBytes(),
        "has 2 certificates for the key; leave one, or put it first: \"tls.certificateFile\"");
    assertCertificateRefused(
        (pem(own) + pem(middle).replaceFirst("M", "!")).getBytes(),
        "is damaged: PEM block 2 cannot be read: \"tls.certificateFile\"");
    assertCertificateRefused(
        (pem(own) + pem(middle).replace("END", "AND")).getBytes(),
        "is damaged: PEM block 2 cannot be read");
    assertCertificateRefused(
        (pem(own).replace("END", "AND") + pem(middle)).getBytes(),
        "is damaged: PEM block 1 cannot be read");
    assertCertificateRefused(
        pem(CERTIFICATE, new byte[] {1, 2, 3}).getBytes(),
        "is damaged: PEM block 1 cannot be read");
    assertKeyRefused(
        (key + other.bundle().getPrivateKeyPEM()).getBytes(),
        "has more than one private key; leave one: \"tls.keyFile\"");
    assertKeyRefused(
        pem("ENCRYPTED PRIVATE KEY", new byte[] {1}).getBytes(),
        "is encrypted; take a PKCS12 file, which has a password: \"tls.keyFile\"");
    assertKeyRefused(
        "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\nAA==\n-----END RSA PRIVATE KEY-----\n"
            .getBytes(),
        "is encrypted");
    assertKeyRefused(
        pem("PRIVATE KEY", new byte[] {1, 2, 3}).getBytes(),
        "has a private key that is damaged, or neither of RSA nor ECDSA: \"tls.keyFile\"");
    assertKeyRefused(
        pem("OPENSSH PRIVATE KEY", new byte[] {1}).getBytes(),
        "has no PEM private key of RSA or ECDSA, but OPENSSH PRIVATE KEY");
    assertRefused(
        rsa.pem().put("keyFile", own.key().toString()),
        own.key(),
        "has a key for EC, but the certificate in "
            + rsa.certificate()
            + " is for RSA: \"tls.keyFile\"");
    assertRefused(
        own.pem().put("keyFile", other.key().toString()),
        other.key(),
        "has a key that does not match the certificate in "
            + own.certificate()
            + ": \"tls.keyFile\"");
  }

  private void assertCertificateRefused(byte[] file, String why) throws Exception {
    Path path = write(file);
    assertRefused(own.pem().put("certificateFile", path.toString()), path, why);
  }

  private void assertKeyRefused(byte[] file, String why) throws Exception {
    Path path = write(file);
    assertRefused(own.pem().put("keyFile", path.toString()), path, why);
  }

  private static void assertRefused(JsonObject tls, Path file, String why) {
    UnusableFileException refused =
        catchThrowableOfType(UnusableFileException.class, () -> start(tls).close());
    assertThat(refused).isNotNull();
    assertThat(refused.getMessage())
        .startsWith(file + " " + why.formatted(file))
        .hasLineCount(1)
        .doesNotContain(key.lines().skip(1).findFirst().orElseThrow());
  }

  @Test
  void newFilesOfARunningServer_areCheckedLikeTheFirst() throws Exception {
    Path file = write((pem(own) + pem(middle) + key).getBytes());
    String path = file.toString();
    try (LogLines logged = LogLines.of("dev.userservice.tls.ServerTls")) {
      server = start(new JsonObject().put("certificateFile", path).put("keyFile", path));
      assertThat(code(trusting())).isEqualTo(Code.OK);

      replace(file, der(own));
      logged.await(path + " is DER, not PEM");
      replace(file, (pem(rsa) + pem(middle) + key).getBytes());
      logged.await(path + " has a key for EC, but the certificate in " + path + " is for RSA");
      assertThat(logged.messages())
          .filteredOn(line -> line.contains("stays"))
          .hasSize(2)
          .allMatch(line -> line.endsWith("; the previous certificate stays in use"));
      assertThat(code(trusting())).as("with the certificate before").isEqualTo(Code.OK);

      Certificate next = middle.forServer("next");
      replace(file, (next.bundle().getPrivateKeyPEM() + pem(middle) + pem(next)).getBytes());
      logged.await("certificate of CN=next");
      assertThat(code(trusting())).isEqualTo(Code.OK);
    }
  }

  private static void replace(Path file, byte[] bytes) throws Exception {
    Path next = Files.write(file.resolveSibling("next"), bytes);
    Files.setPosixFilePermissions(next, PosixFilePermissions.fromString("rw-------"));
    Files.move(next, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
  }

  private static RunningServer start(JsonObject tls) {
    return RunningServer.start(1, new JsonObject().put("tls", tls));
  }

  private Path write(byte[] bytes) throws Exception {
    Path file = Files.write(folder.resolve("file" + files++ + System.nanoTime()), bytes);
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
    return file;
  }

  /** Trusts only the authority: the server has to send the intermediate. */
  private static SslContext trusting() throws Exception {
    return GrpcSslContexts.forClient().trustManager(certificate(authority)).build();
  }

  private Code code(SslContext tls) {
    try {
      UserServiceGrpc.newBlockingStub(server.channel(tls))
          .withDeadlineAfter(Waits.SECONDS, TimeUnit.SECONDS)
          // On a busy machine a handshake can exceed the server's timeout: retry.
          .withWaitForReady()
          .getUser(get(1));
      return Code.OK;
    } catch (StatusRuntimeException refused) {
      return refused.getStatus().getCode();
    }
  }

  private static X509Certificate certificate(Certificate certificate) {
    return certificate.bundle().getCertificate();
  }

  private static byte[] der(Certificate certificate) throws Exception {
    return certificate(certificate).getEncoded();
  }

  private static byte[] trusted(Certificate certificate) throws Exception {
    byte[] der = der(certificate);
    byte[] trusted = Arrays.copyOf(der, der.length + TRUST.length);
    System.arraycopy(TRUST, 0, trusted, der.length, TRUST.length);
    return trusted;
  }

  private static String pem(Certificate certificate) throws Exception {
    return pem(CERTIFICATE, der(certificate));
  }

  private static String pem(String label, byte[] der) {
    return "-----BEGIN %s-----\n%s\n-----END %s-----\n"
        .formatted(label, Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(der), label);
  }
}
