package dev.userservice.kit;

import io.grpc.Metadata;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.Signature;
import java.security.interfaces.RSAPublicKey;
import java.time.Instant;
import java.util.Base64;
import java.util.function.Consumer;

/** Signs tokens with its own key, valid and invalid ones. */
public final class Issuer {

  public static final String NAME = "https://issuer.example.com";
  public static final String AUDIENCE = "user-service";

  private final KeyPair keys;

  private Issuer(KeyPair keys) {
    this.keys = keys;
  }

  /** An issuer with an RSA key of 2,048 bits. */
  public static Issuer make() throws GeneralSecurityException {
    return make("RSA", 2_048);
  }

  public static Issuer make(String kind, int bits) throws GeneralSecurityException {
    KeyPairGenerator generator = KeyPairGenerator.getInstance(kind);
    if (bits > 0) {
      generator.initialize(bits);
    }
    return new Issuer(generator.generateKeyPair());
  }

  public KeyPair keys() {
    return keys;
  }

  /** The public key in PEM. */
  public String pem() {
    return "-----BEGIN PUBLIC KEY-----\n%s\n-----END PUBLIC KEY-----\n"
        .formatted(Base64.getMimeEncoder().encodeToString(keys.getPublic().getEncoded()));
  }

  /** The public key as a JWK, of an RSA key. */
  public JsonObject jwk(String id) {
    RSAPublicKey key = (RSAPublicKey) keys.getPublic();
    return new JsonObject()
        .put("kty", "RSA")
        .put("use", "sig")
        .put("kid", id)
        .put("n", base64(key.getModulus().toByteArray()))
        .put("e", base64(key.getPublicExponent().toByteArray()));
  }

  /** A set of one key. */
  public String jwks(String id) {
    return new JsonObject().put("keys", new JsonArray().add(jwk(id))).encode();
  }

  /** The configuration of a server that accepts this issuer's tokens and requires these roles. */
  public JsonObject auth(Path folder, JsonObject rights) throws Exception {
    Path file = Files.writeString(folder.resolve("issuer.pem"), pem());
    return new JsonObject()
        .put(
            "jwt",
            new JsonObject()
                .put("keysFile", file.toString())
                .put("issuer", NAME)
                .put("audience", new JsonArray().add(AUDIENCE))
                .put("leewaySeconds", 0))
        .put("rights", rights);
  }

  /** The claims of a valid token: user 7, one minute, the roles. */
  public static JsonObject claims(String... roles) {
    long now = Instant.now().getEpochSecond();
    return new JsonObject()
        .put("iss", NAME)
        .put("aud", AUDIENCE)
        .put("sub", "grace")
        .put("user_id", 7)
        .put("scope", String.join(" ", roles))
        .put("iat", now)
        .put("exp", now + 60);
  }

  /** A valid token with changed claims. */
  public String token(Consumer<JsonObject> change, String... roles) {
    JsonObject claims = claims(roles);
    change.accept(claims);
    return sign(new JsonObject().put("typ", "JWT").put("alg", "RS256"), claims);
  }

  public String token(String... roles) {
    return token(claims -> {}, roles);
  }

  /** Signs with the algorithm of the header. */
  public String sign(JsonObject header, JsonObject claims) {
    String text = unsigned(header, claims);
    String algorithm =
        switch (header.getString("alg")) {
          case "RS256" -> "SHA256withRSA";
          case "RS512" -> "SHA512withRSA";
          case "ES256" -> "SHA256withECDSAinP1363Format";
          case "ES384" -> "SHA384withECDSAinP1363Format";
          default -> header.getString("alg");
        };
    try {
      Signature signature = Signature.getInstance(algorithm);
      signature.initSign(keys.getPrivate());
      signature.update(text.getBytes(StandardCharsets.US_ASCII));
      return text + "." + base64(signature.sign());
    } catch (GeneralSecurityException e) {
      throw new AssertionError(e);
    }
  }

  public static String unsigned(JsonObject header, JsonObject claims) {
    return base64(header.encode().getBytes(StandardCharsets.UTF_8))
        + "."
        + base64(claims.encode().getBytes(StandardCharsets.UTF_8));
  }

  public static String base64(byte[] bytes) {
    return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
  }

  /** The metadata that carries a token. */
  public static Metadata bearer(String token) {
    Metadata metadata = new Metadata();
    metadata.put(
        Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER), "Bearer " + token);
    return metadata;
  }
}
