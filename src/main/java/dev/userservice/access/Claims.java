package dev.userservice.access;

import dev.userservice.access.AccessException.Reason;
import dev.userservice.config.JwtConfig;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.StringTokenizer;

/** Checks a token's header and claims, and makes a {@link Caller} of them. */
final class Claims {

  /** The limit of OpenID Connect for a subject. */
  private static final int MAX_NAME_CHARS = 255;

  /** RFC 7519, 5.1, and RFC 9068, 2.1. */
  private static final Set<String> ACCESS_TOKEN_TYPES = Set.of("jwt", "at+jwt");

  private static final String MEDIA_TYPE = "application/";

  /** The year 9999; keeps a date from overflowing. */
  private static final double LAST_SECOND = 253_402_300_799d;

  /** As many digits as always fit an int. */
  private static final int MAX_USER_ID_DIGITS = 9;

  private final JwtConfig config;
  private final Clock clock;

  Claims(JwtConfig config, Clock clock) {
    this.config = config;
    this.clock = clock;
  }

  /**
   * The caller that the claims name.
   *
   * @param claims of a token whose signature is good
   * @throws AccessException when a claim is missing, malformed, or not accepted here
   */
  Caller caller(String token, JsonObject claims) {
    byte[] bytes = Base64.getUrlDecoder().decode(token.substring(0, token.indexOf('.')));
    JsonObject header = new JsonObject(new String(bytes, StandardCharsets.UTF_8));
    if (header.containsKey("crit")) {
      // RFC 7515, 4.1.11: a critical extension that is not understood makes the token invalid.
      throw AccessException.malformed("has critical extensions");
    }
    if (header.containsKey("typ") && !isAccessTokenType(header.getValue("typ"))) {
      throw new AccessException(
          Reason.TOKEN_OF_ANOTHER_TYPE,
          "the token has a \"typ\" other than those of access tokens: JWT or at+jwt");
    }
    if (!config.issuer().equals(claims.getValue("iss"))) {
      throw new AccessException(
          Reason.TOKEN_OF_ANOTHER_ISSUER, "the token's issuer is not trusted here");
    }
    if (Collections.disjoint(words(claims.getValue("aud"), false), config.audience())) {
      throw new AccessException(
          Reason.TOKEN_FOR_ANOTHER_AUDIENCE, "the token is for another audience");
    }
    if (!(claims.getValue("sub") instanceof String name)
        || name.length() > MAX_NAME_CHARS
        || name.isBlank()) {
      throw AccessException.malformed(
          "needs a subject, \"sub\", of 1 to " + MAX_NAME_CHARS + " characters");
    }
    return new Caller(name, roles(claims), userId(claims), untilMillis(claims));
  }

  /**
   * Checks a media type, in any case and with or without its prefix (RFC 7515, 4.1.9). An issuer
   * signs other tokens with the same key, such as DPoP proofs (RFC 8725, 3.11).
   */
  private static boolean isAccessTokenType(Object type) {
    if (!(type instanceof String text)) {
      return false;
    }
    String name = text.toLowerCase(Locale.ROOT);
    return ACCESS_TOKEN_TYPES.contains(
        name.startsWith(MEDIA_TYPE) ? name.substring(MEDIA_TYPE.length()) : name);
  }

  private long untilMillis(JsonObject claims) {
    double now = clock.millis() / 1_000d;
    if (!claims.containsKey("exp")) {
      throw AccessException.malformed("needs a time of expiry, \"exp\"");
    }
    double expiry = seconds(claims, "exp") + config.leewaySeconds();
    if (expiry <= now) {
      throw AccessException.expired();
    }
    if (claims.containsKey("nbf") && seconds(claims, "nbf") - config.leewaySeconds() > now) {
      throw new AccessException(Reason.TOKEN_NOT_YET_VALID, "the token is not valid yet");
    }
    return (long) (expiry * 1_000);
  }

  private static double seconds(JsonObject claims, String claim) {
    if (claims.getValue(claim) instanceof Number number
        && number.doubleValue() >= 0
        && number.doubleValue() <= LAST_SECOND) {
      return number.doubleValue();
    }
    throw AccessException.malformed("needs a time in seconds in \"" + claim + "\"");
  }

  private Set<String> roles(JsonObject claims) {
    Set<String> roles = new LinkedHashSet<>();
    for (String path : config.roleClaims()) {
      Object value = claims.getValue(path);
      if (value == null && path.contains(".")) {
        value = claims;
        for (String step : parts(path, ".")) {
          value = value instanceof JsonObject object ? object.getValue(step) : null;
        }
      }
      roles.addAll(words(value, true));
    }
    return roles;
  }

  /** The strings of a list; a single string counts as a list, split at spaces if {@code spaced}. */
  private static List<String> words(Object value, boolean spaced) {
    if (value instanceof String text) {
      return spaced ? parts(text, " ") : List.of(text);
    }
    return value instanceof JsonArray array
        ? array.stream().filter(String.class::isInstance).map(String.class::cast).toList()
        : List.of();
  }

  /** The non-empty parts of a text. */
  private static List<String> parts(String text, String separator) {
    List<String> parts = new ArrayList<>();
    StringTokenizer tokenizer = new StringTokenizer(text, separator);
    while (tokenizer.hasMoreTokens()) {
      parts.add(tokenizer.nextToken());
    }
    return parts;
  }

  /** The user id; 0 without one. */
  private int userId(JsonObject claims) {
    Object value = claims.getValue(config.userIdClaim());
    if (value instanceof Integer id && id > 0) {
      return id;
    }
    return value instanceof String text ? positive(text) : 0;
  }

  /** Returns the number from 1 to 999999999 that a text spells in digits, or 0. */
  private static int positive(String text) {
    if (text.isEmpty() || text.length() > MAX_USER_ID_DIGITS || text.charAt(0) == '0') {
      return 0;
    }
    int number = 0;
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c < '0' || c > '9') {
        return 0;
      }
      number = number * 10 + (c - '0');
    }
    return number;
  }
}
