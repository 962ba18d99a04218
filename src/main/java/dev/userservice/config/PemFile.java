package dev.userservice.config;

import dev.userservice.config.BoundedFile.UnfitException;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.net.impl.pkcs1.PrivateKeyParser;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.cert.CertificateEncodingException;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.security.spec.InvalidKeySpecException;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * The certificates and the private key in a PEM file (RFC 7468), as OpenSSL and HAProxy write them:
 * in any order, with text between the blocks, with a byte order mark or without. A failure names
 * the content of the file and, where OpenSSL can convert it, the command.
 */
public final class PemFile {

  private static final String BEGIN = "-----BEGIN ";
  private static final String DASHES = "-----";

  /** Longer than any known label. */
  private static final int MAX_LABEL = 40;

  /** OpenSSL's older name for a certificate has the same content. */
  private static final Set<String> CERTIFICATES = Set.of("CERTIFICATE", "X509 CERTIFICATE");

  /** A certificate, followed by OpenSSL's own trust settings. */
  private static final String TRUSTED = "TRUSTED CERTIFICATE";

  /** Sets of certificates, which OpenSSL reads as PKCS #7. */
  private static final Set<String> SETS = Set.of("PKCS7", "CMS", "PKCS #7 SIGNED DATA");

  private record Block(String label, String text) {

    boolean isPrivateKey() {
      return label.endsWith("PRIVATE KEY");
    }
  }

  private final String file;
  private final byte[] bytes;
  private final List<Block> blocks = new ArrayList<>();

  private PemFile(String file, byte[] bytes) throws UnfitException {
    this.file = file;
    this.bytes = bytes;
    read(new String(bytes, charset(bytes)));
  }

  /**
   * Finds the blocks of a file; decodes nothing yet.
   *
   * @param file its name, for the commands in messages
   * @throws UnfitException when a block has no end
   */
  public static PemFile of(String file, byte[] bytes) throws UnfitException {
    return new PemFile(file, bytes);
  }

  /** Editors and shells of Windows write UTF-16, with a byte order mark. */
  private static Charset charset(byte[] bytes) {
    boolean utf16 =
        bytes.length > 1
            && ((bytes[0] == (byte) 0xfe && bytes[1] == (byte) 0xff)
                || (bytes[0] == (byte) 0xff && bytes[1] == (byte) 0xfe));
    return utf16 ? StandardCharsets.UTF_16 : StandardCharsets.ISO_8859_1;
  }

  private void read(String text) throws UnfitException {
    int begin = text.indexOf(BEGIN);
    while (begin >= 0) {
      int from = begin + BEGIN.length();
      int to = text.indexOf(DASHES, from);
      if (to < 0 || to - from > MAX_LABEL) {
        throw damaged();
      }
      String label = text.substring(from, to);
      int end = text.indexOf("-----END " + label + DASHES, to);
      if (end < 0) {
        throw damaged();
      }
      blocks.add(new Block(label, text.substring(to + DASHES.length(), end)));
      begin = text.indexOf(BEGIN, end);
    }
  }

  /** Returns true if the file is text with blocks of any label. */
  public boolean isPem() {
    return !blocks.isEmpty();
  }

  /**
   * Its certificates, in the order of the file; at least one.
   *
   * @throws UnfitException when it has no certificate, or a damaged one
   */
  public List<X509Certificate> certificates() throws UnfitException {
    List<X509Certificate> found = new ArrayList<>();
    for (int i = 0; i < blocks.size(); i++) {
      String label = blocks.get(i).label;
      if (CERTIFICATES.contains(label) || label.equals(TRUSTED)) {
        found.add(certificate(i));
      }
    }
    if (found.isEmpty()) {
      throw noCertificate();
    }
    return found;
  }

  /**
   * Returns the certificates, as {@link #certificates} does, of authorities to trust.
   *
   * @throws UnfitException also when OpenSSL's settings limit the trust, which would be lost
   */
  public List<X509Certificate> authorities() throws UnfitException {
    if (blocks.stream().anyMatch(block -> block.label.equals(TRUSTED))) {
      throw new UnfitException(
          "has a TRUSTED CERTIFICATE, whose limits of that trust are not supported; without them, each is written by: openssl x509 -in %s -out %s.pem"
              .formatted(file, file));
    }
    return certificates();
  }

  /**
   * Its private key.
   *
   * @throws UnfitException when it has no key or more than one, or the key is encrypted, damaged,
   *     or neither for RSA nor for ECDSA
   */
  public PrivateKey privateKey() throws UnfitException {
    int found = -1;
    for (int i = 0; i < blocks.size(); i++) {
      if (blocks.get(i).isPrivateKey()) {
        if (found >= 0) {
          throw new UnfitException("has more than one private key; leave one");
        }
        found = i;
      }
    }
    if (found < 0) {
      throw noPrivateKey();
    }
    if ((blocks.get(found).label + blocks.get(found).text).contains("ENCRYPTED")) {
      throw new UnfitException("is encrypted; take a PKCS12 file, which has a password");
    }
    return privateKey(blocks.get(found).label, der(found));
  }

  private static PrivateKey privateKey(String label, byte[] der) throws UnfitException {
    try {
      switch (label) {
        case "RSA PRIVATE KEY":
          return KeyFactory.getInstance("RSA").generatePrivate(PrivateKeyParser.getRSAKeySpec(der));
        case "EC PRIVATE KEY":
          return KeyFactory.getInstance("EC").generatePrivate(PrivateKeyParser.getECKeySpec(der));
        case "PRIVATE KEY":
          return pkcs8(der);
        default:
          throw new UnfitException("has no PEM private key of RSA or ECDSA, but " + label);
      }
    } catch (GeneralSecurityException | RuntimeException e) {
      // Its message may have a part of the key in it.
      throw new UnfitException("has a private key that is damaged, or neither of RSA nor ECDSA");
    }
  }

  private static PrivateKey pkcs8(byte[] der) throws GeneralSecurityException {
    PKCS8EncodedKeySpec key = new PKCS8EncodedKeySpec(der);
    try {
      return KeyFactory.getInstance("RSA").generatePrivate(key);
    } catch (InvalidKeySpecException e) {
      return KeyFactory.getInstance("EC").generatePrivate(key);
    }
  }

  /** Certificates as PEM that every reader accepts. */
  public static Buffer write(List<X509Certificate> certificates) {
    Buffer all = Buffer.buffer();
    try {
      for (X509Certificate certificate : certificates) {
        all.appendBuffer(write("CERTIFICATE", certificate.getEncoded()));
      }
    } catch (CertificateEncodingException e) {
      throw new IllegalStateException("a certificate that was read cannot be written", e);
    }
    return all;
  }

  /** A private key as PEM, in PKCS #8. */
  public static Buffer write(PrivateKey key) {
    return write("PRIVATE KEY", key.getEncoded());
  }

  private static Buffer write(String label, byte[] der) {
    return Buffer.buffer(
        "-----BEGIN %s-----\n%s\n-----END %s-----\n"
            .formatted(label, Base64.getMimeEncoder().encodeToString(der), label));
  }

  private X509Certificate certificate(int block) throws UnfitException {
    try {
      // A TRUSTED certificate is followed by settings, which are not read.
      return Der.certificate(der(block));
    } catch (CertificateException e) {
      throw damaged(block);
    }
  }

  private byte[] der(int block) throws UnfitException {
    try {
      return Base64.getDecoder().decode(blocks.get(block).text.replaceAll("\\s", ""));
    } catch (IllegalArgumentException e) {
      throw damaged(block);
    }
  }

  private UnfitException damaged() {
    return damaged(blocks.size());
  }

  private static UnfitException damaged(int block) {
    return new UnfitException("is damaged: PEM block " + (block + 1) + " cannot be read");
  }

  private UnfitException noCertificate() {
    if (blocks.stream().anyMatch(block -> SETS.contains(block.label))) {
      return convert("is PKCS #7, not PEM certificates", "pkcs7 -print_certs");
    }
    if (!isPem() && Der.isDer(bytes)) {
      if (Der.isCertificate(bytes)) {
        return convert("is DER, not PEM", "x509 -inform DER");
      }
      if (Der.hasCertificates(bytes)) {
        return convert("is PKCS #7 in DER, not PEM", "pkcs7 -inform DER -print_certs");
      }
      if (Der.isPkcs12(bytes)) {
        return convert("is PKCS12, not PEM", "pkcs12 -nokeys");
      }
    }
    return new UnfitException("has no PEM certificate" + butLabels());
  }

  private UnfitException noPrivateKey() {
    if (!isPem() && Der.isDer(bytes)) {
      return Der.isPkcs12(bytes)
          ? convert("is PKCS12, not PEM", "pkcs12 -nocerts -nodes")
          : convert(
              "is DER, not PEM", (Der.isCertificate(bytes) ? "x509" : "pkey") + " -inform DER");
    }
    return new UnfitException("has no PEM private key" + butLabels());
  }

  private UnfitException convert(String what, String command) {
    return new UnfitException(
        "%s; it becomes that by: openssl %s -in %s -out %s.pem"
            .formatted(what, command, file, file));
  }

  /** The labels of its blocks, without their content. */
  private String butLabels() {
    Set<String> labels = new LinkedHashSet<>();
    blocks.forEach(block -> labels.add(block.label));
    return labels.isEmpty() ? "" : ", but " + String.join(", ", labels);
  }
}
