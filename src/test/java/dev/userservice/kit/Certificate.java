package dev.userservice.kit;

import io.netty.pkitesting.CertificateBuilder;
import io.netty.pkitesting.CertificateBuilder.ExtendedKeyUsage;
import io.netty.pkitesting.X509Bundle;
import io.vertx.core.json.JsonObject;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;

/**
 * A certificate with its key, in PEM files.
 *
 * @param certificate its file
 * @param key the file of its private key
 */
public record Certificate(X509Bundle bundle, Path certificate, Path key) {

  /** A self-signed one for the address 127.0.0.1. */
  public static Certificate make(Path folder, String name) throws Exception {
    return write(
        folder,
        name,
        builder(name)
            .addSanIpAddress("127.0.0.1")
            .setIsCertificateAuthority(true)
            .buildSelfSigned());
  }

  /** One that may sign others. */
  public static Certificate authority(Path folder, String name) throws Exception {
    return write(folder, name, builder(name).setIsCertificateAuthority(true).buildSelfSigned());
  }

  /** One for a server at 127.0.0.1 and localhost, signed by this one. */
  public Certificate forServer(String name) throws Exception {
    return issue(name, server(name).addExtendedKeyUsage(ExtendedKeyUsage.PKIX_KP_SERVER_AUTH));
  }

  /** One for a client, with the name as its common name, signed by this one. */
  public Certificate forClient(String name) throws Exception {
    return issue(name, builder(name).addExtendedKeyUsage(ExtendedKeyUsage.PKIX_KP_CLIENT_AUTH));
  }

  /** One from any builder, signed by this one. */
  public Certificate issue(String name, CertificateBuilder builder) throws Exception {
    return write(certificate.getParent(), name, builder.buildIssuedBy(bundle));
  }

  /** The builder of one for a server at 127.0.0.1 and localhost. */
  public static CertificateBuilder server(String name) {
    return builder(name).addSanIpAddress("127.0.0.1").addSanDnsName("localhost");
  }

  /** The builder of one with an elliptic curve and the name as its common name, valid for a day. */
  public static CertificateBuilder builder(String name) {
    return new CertificateBuilder()
        .ecp256()
        .subject("CN=" + name)
        .notBefore(Instant.now().minus(Duration.ofMinutes(10)))
        .notAfter(Instant.now().plus(Duration.ofDays(1)));
  }

  /** The configuration that names its files. */
  public JsonObject pem() {
    return new JsonObject()
        .put("certificateFile", certificate.toString())
        .put("keyFile", key.toString());
  }

  /** Moves its files over those of another, each atomically, as an operator does. */
  public void replace(Certificate other) throws Exception {
    move(certificate, other.certificate);
    move(key, other.key);
  }

  private static void move(Path from, Path to) throws Exception {
    Path copy = Files.copy(from, to.resolveSibling(to.getFileName() + ".new"));
    Files.move(copy, to, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
  }

  /** As a PKCS12 file. */
  public Path pkcs12(String password) throws Exception {
    Path file = certificate.resolveSibling(certificate.getFileName() + ".p12");
    try (OutputStream out = Files.newOutputStream(file)) {
      bundle.toKeyStore(password.toCharArray()).store(out, password.toCharArray());
    }
    return file;
  }

  private static Certificate write(Path folder, String name, X509Bundle bundle) throws Exception {
    Path key = Files.writeString(folder.resolve(name + ".key"), bundle.getPrivateKeyPEM());
    Files.setPosixFilePermissions(key, PosixFilePermissions.fromString("rw-------"));
    return new Certificate(
        bundle,
        Files.writeString(folder.resolve(name + ".crt"), bundle.getCertificatePathPEM()),
        key);
  }
}
