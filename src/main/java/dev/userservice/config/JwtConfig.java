package dev.userservice.config;

import java.net.URI;
import java.net.URISyntaxException;
import java.util.List;

/**
 * Which bearer tokens (RFC 6750) are taken: JSON Web Tokens (RFC 7519) that one of these keys has
 * signed. Rules that are stricter than the RFC are those of RFC 8725.
 *
 * @param keysFile a PEM file with public keys or certificates, or a JSON file with a JWK or a JWK
 *     set (RFC 7517); read again when it changes; empty for none
 * @param jwksUri where the issuer publishes its JWK set; https, or http on loopback; empty for none
 * @param jwksCaFile the PEM file of the authorities that are trusted for {@code jwksUri}; empty for
 *     those of the JDK
 * @param jwksRefreshMillis how often the set is fetched again, 1,000 to 86,400,000 milliseconds
 * @param issuer what {@code iss} has to be
 * @param audience of these, {@code aud} has to name one
 * @param algorithms the signatures that are taken; none that uses a shared secret can be among them
 * @param leewaySeconds how far the issuer's clock may be off, 0 to 300 seconds
 * @param roleClaims the claims that say what a caller may do, as words or lists; a dot leads into
 *     an object
 * @param userIdClaim the claim with the user id that a caller speaks as in the chat
 */
public record JwtConfig(
    String keysFile,
    String jwksUri,
    String jwksCaFile,
    int jwksRefreshMillis,
    String issuer,
    List<String> audience,
    List<String> algorithms,
    int leewaySeconds,
    List<String> roleClaims,
    String userIdClaim) {

  private static final List<String> ALGORITHMS =
      List.of(
          "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA");

  static JwtConfig read(ConfigReader reader) {
    JwtConfig config =
        new JwtConfig(
            reader.textOrNone("keysFile"),
            reader.textOrNone("jwksUri"),
            reader.textOrNone("jwksCaFile"),
            reader.number("jwksRefreshMillis", 300_000, 1_000, 86_400_000),
            reader.textOrNone("issuer"),
            texts(reader, "audience", List.of()),
            reader.list(
                "algorithms",
                List.of("RS256", "ES256"),
                ALGORITHMS.size(),
                name -> ALGORITHMS.contains(name) ? name : null,
                "names of " + ALGORITHMS),
            reader.number("leewaySeconds", 30, 0, 300),
            texts(reader, "roleClaims", List.of("scope", "roles")),
            reader.text("userIdClaim", "user_id"));
    config.check(reader);
    return config;
  }

  /** Whether tokens are taken. */
  public boolean isOn() {
    return !keysFile.isEmpty() || !jwksUri.isEmpty();
  }

  private static List<String> texts(ConfigReader reader, String key, List<String> defaultValue) {
    return reader.list(key, defaultValue, 16, text -> text.isBlank() ? null : text, "texts");
  }

  private void check(ConfigReader reader) {
    if (!keysFile.isEmpty() && !jwksUri.isEmpty()) {
      throw reader.refused("jwksUri", "and \"keysFile\" say the same; take one of them");
    }
    if (!jwksUri.isEmpty() && !isSafe(jwksUri)) {
      throw reader.refused(
          "jwksUri",
          "must be a URL that begins with https:// (or http://, on loopback): who can change the keys on their way can sign tokens");
    }
    if (!jwksCaFile.isEmpty() && !jwksUri.startsWith("https:")) {
      throw reader.refused("jwksCaFile", "is for a \"jwksUri\" that begins with https://");
    }
    if (!isOn()) {
      for (String key : List.of("issuer", "audience")) {
        if (reader.has(key)) {
          throw reader.refused(key, "needs keys to check tokens with: \"keysFile\" or \"jwksUri\"");
        }
      }
    } else if (issuer.isBlank()) {
      throw reader.refused("issuer", "is needed: a key may sign for others too");
    } else if (audience.isEmpty()) {
      throw reader.refused("audience", "is needed: the issuer has tokens for others too");
    }
  }

  private static boolean isSafe(String text) {
    try {
      URI uri = new URI(text);
      return uri.getHost() != null
          && uri.getUserInfo() == null
          && ("https".equals(uri.getScheme())
              || "http".equals(uri.getScheme()) && Address.isLoopback(uri.getHost()));
    } catch (URISyntaxException e) {
      return false;
    }
  }
}
