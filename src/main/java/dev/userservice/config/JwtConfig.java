package dev.userservice.config;

import java.net.URI;
import java.net.URISyntaxException;
import java.util.List;

/**
 * The accepted bearer tokens (RFC 6750): JSON Web Tokens (RFC 7519) that one of these keys has
 * signed. Rules that are stricter than the RFC are those of RFC 8725. Optional texts are empty for
 * none.
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
            reader.textOrNone(
                "keysFile",
                "The file with the public keys of the issuer: PEM (keys or certificates), a JWK or"
                    + " a JWK set. It is read again when it changes."),
            reader.textOrNone(
                "jwksUri",
                "The URL of the JWK set of the issuer, in place of `keysFile`: `https://`, or"
                    + " `http://` on loopback."),
            reader.textOrNone(
                "jwksCaFile",
                "The PEM file of the authorities trusted for `jwksUri`; without it, those of the"
                    + " JDK."),
            reader.number(
                "jwksRefreshMillis",
                300_000,
                1_000,
                86_400_000,
                "Interval of fetching the JWK set. A token with an unknown key triggers a fetch"
                    + " too, at most every five seconds. Failures are retried after one second,"
                    + " then after twice as long each time."),
            reader.textOrNone(
                "issuer",
                "The required value of the claim `iss`; must be set with `keysFile` or `jwksUri`."),
            texts(
                reader,
                "audience",
                List.of(),
                "Accepted values of the claim `aud`; must be set with `keysFile` or `jwksUri`."),
            reader.list(
                "algorithms",
                List.of("RS256", "ES256"),
                ALGORITHMS.size(),
                name -> ALGORITHMS.contains(name) ? name : null,
                "names of " + ALGORITHMS,
                "Accepted signature algorithms; those with a shared secret are never accepted."),
            reader.number(
                "leewaySeconds",
                30,
                0,
                300,
                "Max difference between the clock of the issuer and that of this server."),
            texts(
                reader,
                "roleClaims",
                List.of("scope", "roles"),
                "Claims with the roles of a caller, as words or lists. A dot leads into an"
                    + " object."),
            reader.text(
                "userIdClaim",
                "user_id",
                "The claim with the id of the user that the caller speaks as in the chat."));
    reader.check(() -> config.check(reader));
    return config;
  }

  /** Returns true if tokens are accepted. */
  public boolean isOn() {
    return !keysFile.isEmpty() || !jwksUri.isEmpty();
  }

  private static List<String> texts(
      ConfigReader reader, String key, List<String> defaultValue, String meaning) {
    return reader.list(
        key, defaultValue, 16, text -> text.isBlank() ? null : text, "texts", meaning);
  }

  private void check(ConfigReader reader) {
    if (!keysFile.isEmpty() && !jwksUri.isEmpty()) {
      throw reader.refused("jwksUri", "and \"keysFile\" say the same; take one of them");
    }
    if (!jwksUri.isEmpty() && !isSafe(jwksUri)) {
      throw reader.refused(
          "jwksUri",
          "must be a URL that begins with https:// (or http://, on loopback): an attacker that changes the keys on their way can sign tokens");
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
