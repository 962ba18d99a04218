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
 * Parses the keys that check tokens from PEM or JSON (RFC 7517). Each key is used only with the
 * accepted algorithms that fit it. Shared secrets are ignored, so that a public key can never serve
 * to sign a token. Private keys are ignored too: they belong to the issuer alone.
 */
final class PublicKeys {

  /** RFC 7518, 3.3. */
  private static final int MIN_RSA_BITS = 2_048;

  private static final int MAX_KEYS = 100;

  private static final Pattern PEM =
      Pattern.compile("-----BEGIN ([A-Z0-9 ]+)-----([^-]*)-----END \\1-----");

  /** The members of a JWK that make up a public key. */
  private static final List<String> MEMBERS = List.of("kty", "n", "e", "crv", "x", "y", "kid");

  private static final Map<String, String> ALGORITHM_BY_CURVE =
      Map.of("P-256", "ES256", "P-384", "ES384", "P-521", "ES512", "Ed25519", "EdDSA");

  /** The algorithm of an elliptic curve by the bits of its order. */
  private static final Map<Integer, String> ALGORITHM_BY_ORDER_BITS =
      Map.of(256, "ES256", 384, "ES384", 521, "ES512");

  private final List<String> algorithms;
  private final List<PubSecKeyOptions> pem = new ArrayList<>();
  private final List<JsonObject> jwks = new ArrayList<>();

  private PublicKeys(JwtConfig config) {
    algorithms = config.algorithms();
  }

  /**
   * Parses keys, and skips those of another purpose or of a kind that is not accepted.
   *
   * @param text PEM, a JWK, or a JWK set
   * @return null when none of the keys can check tokens
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
    // Without a key the library would accept unsigned tokens.
    return keys.pem.isEmpty() && keys.jwks.isEmpty() ? null : keys.options();
  }

  private JWTAuthOptions options() {
    return new JWTAuthOptions()
        .setPubSecKeys(pem)
        .setJwks(jwks)
        // Claims checks time, issuer and audience: each has a reason of its own.
        .setJWTOptions(new JWTOptions().setIgnoreExpiration(true));
  }

  private void addJson(String text) {
    try {
      JsonObject json = new JsonObject(text);
      JsonArray keys =
          json.getValue("keys") instanceof JsonArray set ? set : new JsonArray().add(json);
      for (int i = 0; i < Math.min(keys.size(), MAX_KEYS); i++) {
        if (keys.getValue(i) instanceof JsonObject jwk && isForSignatures(jwk)) {
          algorithmsOf(jwk).forEach(algorithm -> addJwk(jwk, algorithm));
        }
      }
    } catch (DecodeException e) {
      // Treated like a file without keys.
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
                        && algorithm.equals(ALGORITHM_BY_CURVE.get(jwk.getValue("crv"))))
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
      // A malformed key is skipped.
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
    // Includes OpenSSL's X509 CERTIFICATE and TRUSTED CERTIFICATE, which begins with the same
    // bytes.
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
        // Try the next algorithm.
      }
    }
    return null;
  }

  private static String algorithmOf(PublicKey key) {
    if (key instanceof ECPublicKey ec) {
      return ALGORITHM_BY_ORDER_BITS.get(ec.getParams().getOrder().bitLength());
    }
    return key instanceof EdECPublicKey ed && ed.getParams().getName().equals("Ed25519")
        ? "EdDSA"
        : null;
  }

  private static boolean isRsa(String algorithm) {
    return algorithm.startsWith("RS") || algorithm.startsWith("PS");
  }

  private static boolean isStrong(PublicKey key) {
    return !(key instanceof RSAPublicKey rsa) || rsa.getModulus().bitLength() >= MIN_RSA_BITS;
  }
}
