package dev.userservice.access;

import dev.userservice.config.JwtConfig;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.json.DecodeException;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.auth.JWTOptions;
import io.vertx.ext.auth.PubSecKeyOptions;
import io.vertx.ext.auth.impl.jose.JWK;
import io.vertx.ext.auth.jwt.JWTAuthOptions;
import java.io.ByteArrayInputStream;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PublicKey;
import java.security.cert.CertificateFactory;
import java.security.interfaces.ECPublicKey;
import java.security.interfaces.EdECPublicKey;
import java.security.interfaces.RSAPublicKey;
import java.security.spec.X509EncodedKeySpec;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Keys that check tokens, out of PEM or of JSON (RFC 7517), each for just the algorithms that it is
 * made for and that are taken. A shared secret is never among them, so that nobody can sign with
 * what is public; nor is a private key, which belongs to the issuer alone.
 */
final class PublicKeys {

  /** RFC 7518, 3.3. */
  private static final int LEAST_RSA_BITS = 2_048;

  private static final int MOST_KEYS = 100;

  private static final Pattern PEM =
      Pattern.compile("-----BEGIN ([A-Z0-9 ]+)-----([^-]*)-----END \\1-----");

  /** Of the members of a JWK, those that make a public key. */
  private static final List<String> MEMBERS = List.of("kty", "n", "e", "crv", "x", "y", "kid");

  private static final Map<String, String> CURVES =
      Map.of("P-256", "ES256", "P-384", "ES384", "P-521", "ES512", "Ed25519", "EdDSA");

  /** By the size of its order, the algorithm of an elliptic curve. */
  private static final Map<Integer, String> ORDERS =
      Map.of(256, "ES256", 384, "ES384", 521, "ES512");

  private final List<String> algorithms;
  private final List<PubSecKeyOptions> pem = new ArrayList<>();
  private final List<JsonObject> jwks = new ArrayList<>();

  private PublicKeys(JwtConfig config) {
    algorithms = config.algorithms();
  }

  /**
   * Reads keys. Those that are for something else, or of a kind that is not taken, are passed over.
   *
   * @param text PEM, a JWK, or a JWK set
   * @return null when there is no key to check tokens with
   */
  static JWTAuthOptions parse(String text, JwtConfig config) {
    PublicKeys keys = new PublicKeys(config);
    if (text.stripLeading().startsWith("{")) {
      keys.addJson(text);
    } else {
      Matcher block = PEM.matcher(text);
      while (block.find()) {
        keys.addPem(block.group(1), block.group(2));
      }
    }
    // Without a key the library would take tokens without a signature.
    return keys.pem.isEmpty() && keys.jwks.isEmpty() ? null : keys.options();
  }

  private JWTAuthOptions options() {
    return new JWTAuthOptions()
        .setPubSecKeys(pem)
        .setJwks(jwks)
        // Time, issuer and audience are checked by us: each has a reason of its own.
        .setJWTOptions(new JWTOptions().setIgnoreExpiration(true));
  }

  private void addJson(String text) {
    try {
      JsonObject json = new JsonObject(text);
      JsonArray keys =
          json.getValue("keys") instanceof JsonArray set ? set : new JsonArray().add(json);
      for (int i = 0; i < Math.min(keys.size(), MOST_KEYS); i++) {
        if (keys.getValue(i) instanceof JsonObject jwk && isForSignatures(jwk)) {
          algorithmsOf(jwk).forEach(algorithm -> addJwk(jwk, algorithm));
        }
      }
    } catch (DecodeException e) {
      // As one without keys.
    }
  }

  private static boolean isForSignatures(JsonObject jwk) {
    return "sig".equals(jwk.getValue("use", "sig"))
        && (!(jwk.getValue("key_ops") instanceof JsonArray uses) || uses.contains("verify"));
  }

  private List<String> algorithmsOf(JsonObject jwk) {
    Object kind = jwk.getValue("kty");
    Object named = jwk.getValue("alg");
    return algorithms.stream()
        .filter(algorithm -> named == null || named.equals(algorithm))
        .filter(
            algorithm ->
                "RSA".equals(kind)
                    ? isRsa(algorithm)
                    : ("EC".equals(kind) || "OKP".equals(kind))
                        && algorithm.equals(CURVES.get(jwk.getValue("crv"))))
        .toList();
  }

  private void addJwk(JsonObject jwk, String algorithm) {
    JsonObject key = new JsonObject().put("alg", algorithm);
    for (String member : MEMBERS) {
      if (jwk.getValue(member) instanceof String value) {
        key.put(member, value);
      }
    }
    try {
      PublicKey parsed = new JWK(key).publicKey();
      if (parsed != null && isStrong(parsed)) {
        jwks.add(key);
      }
    } catch (RuntimeException e) {
      // No key after all.
    }
  }

  private void addPem(String kind, String base64) {
    PublicKey key = publicKey(kind, base64);
    if (key == null || !isStrong(key)) {
      return;
    }
    Buffer one =
        Buffer.buffer(
            "-----BEGIN PUBLIC KEY-----\n%s\n-----END PUBLIC KEY-----\n"
                .formatted(
                    Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(key.getEncoded())));
    for (String algorithm : algorithms) {
      if (key instanceof RSAPublicKey ? isRsa(algorithm) : algorithm.equals(algorithmOf(key))) {
        pem.add(new PubSecKeyOptions().setAlgorithm(algorithm).setBuffer(one));
      }
    }
  }

  private static PublicKey publicKey(String kind, String base64) {
    byte[] bytes = Base64.getMimeDecoder().decode(base64);
    // OpenSSL's X509 CERTIFICATE too, and its TRUSTED CERTIFICATE, which has the same in front.
    if (kind.endsWith("CERTIFICATE")) {
      try {
        return CertificateFactory.getInstance("X.509")
            .generateCertificate(new ByteArrayInputStream(bytes))
            .getPublicKey();
      } catch (GeneralSecurityException e) {
        return null;
      }
    }
    for (String algorithm : List.of("RSA", "EC", "EdDSA")) {
      try {
        return kind.equals("PUBLIC KEY")
            ? KeyFactory.getInstance(algorithm).generatePublic(new X509EncodedKeySpec(bytes))
            : null;
      } catch (GeneralSecurityException e) {
        // The next kind, then.
      }
    }
    return null;
  }

  private static String algorithmOf(PublicKey key) {
    if (key instanceof ECPublicKey ec) {
      return ORDERS.get(ec.getParams().getOrder().bitLength());
    }
    return key instanceof EdECPublicKey ed && ed.getParams().getName().equals("Ed25519")
        ? "EdDSA"
        : null;
  }

  private static boolean isRsa(String algorithm) {
    return algorithm.startsWith("RS") || algorithm.startsWith("PS");
  }

  private static boolean isStrong(PublicKey key) {
    return !(key instanceof RSAPublicKey rsa) || rsa.getModulus().bitLength() >= LEAST_RSA_BITS;
  }
}
