package dev.userservice.access;

import dev.userservice.access.AccessException.Reason;
import dev.userservice.config.JwtConfig;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.auth.NoSuchKeyIdException;
import io.vertx.ext.auth.authentication.TokenCredentials;
import io.vertx.ext.auth.jwt.JWTAuth;
import io.vertx.ext.auth.jwt.JWTAuthOptions;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.StringTokenizer;

/**
 * Makes callers of tokens. Signatures are checked by vertx-auth-jwt; what a token says, by us. For
 * one event loop, which checks each token once: a signature costs more than most calls.
 */
final class Tokens {

  private static final int MAX_CHARS = 8_192;
  private static final int MOST_REMEMBERED = 1_000;

  /** What OpenID Connect allows for a subject. */
  private static final int MOST_NAME_CHARS = 255;

  /** RFC 7519, 5.1, and RFC 9068, 2.1. */
  private static final Set<String> ACCESS_TOKEN_TYPES = Set.of("jwt", "at+jwt");

  private static final String MEDIA_TYPE = "application/";

  /** The year 9999; keeps a date from overflowing. */
  private static final double LAST_SECOND = 253_402_300_799d;

  private static final long RETRY_MILLIS = 1_000;

  /** As many digits as always fit an int. */
  private static final int MAX_USER_ID_DIGITS = 9;

  private final Vertx vertx;
  private final Context context;
  private final JwtConfig config;
  private final TokenKeys source;
  private final Clock clock;
  private JWTAuthOptions keys;
  private JWTAuth auth;
  private final Map<String, Caller> remembered =
      new LinkedHashMap<>(16, 0.75f, true) {
        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Caller> eldest) {
          return size() > MOST_REMEMBERED;
        }
      };

  Tokens(Vertx vertx, JwtConfig config, TokenKeys source, Clock clock) {
    this.vertx = vertx;
    this.context = vertx.getOrCreateContext();
    this.config = config;
    this.source = source;
    this.clock = clock;
  }

  /** The caller of a token that was checked before, with the same keys; null when it was not. */
  Caller remembered(String token) {
    takeKeys();
    Caller caller = remembered.get(token);
    if (caller != null && caller.untilMillis() <= clock.millis()) {
      remembered.remove(token);
      throw AccessException.expired();
    }
    return caller;
  }

  /**
   * Checks a token.
   *
   * @return complete, unless the issuer is asked for a key first; fails with an {@link
   *     AccessException}
   */
  Future<Caller> check(String token) {
    if (token.length() > MAX_CHARS || !isCompact(token)) {
      return Future.failedFuture(malformed("is no JSON Web Token"));
    }
    return verify(token)
        .recover(failure -> mayPass(failure) ? verifyOnceMore(token) : Future.failedFuture(failure))
        .transform(
            (claims, failure) -> {
              if (failure != null) {
                return Future.failedFuture(
                    failure instanceof AccessException known ? known : notTrusted());
              }
              try {
                Caller caller = caller(token, claims);
                remembered.put(token, caller);
                return Future.succeededFuture(caller);
              } catch (AccessException refused) {
                return Future.failedFuture(refused);
              }
            });
  }

  /** Whether a text is three parts of base64url with dots between them (RFC 7515, 7.1). */
  private static boolean isCompact(String token) {
    int dots = 0;
    int start = 0;
    for (int i = 0; i < token.length(); i++) {
      char c = token.charAt(i);
      if (c == '.') {
        if (i == start || ++dots > 2) {
          return false;
        }
        start = i + 1;
      } else if (!isBase64Url(c)) {
        return false;
      }
    }
    return dots == 2 && start < token.length();
  }

  private static boolean isBase64Url(char c) {
    return c >= 'a' && c <= 'z'
        || c >= 'A' && c <= 'Z'
        || c >= '0' && c <= '9'
        || c == '-'
        || c == '_';
  }

  /** The claims of a token that one of the keys has signed. */
  private Future<JsonObject> verify(String token) {
    takeKeys();
    if (auth == null) {
      return Future.failedFuture(
          new AccessException(
              Reason.KEYS_UNAVAILABLE,
              "the keys that check tokens are not there at the moment; try again",
              RETRY_MILLIS));
    }
    try {
      return auth.authenticate(new TokenCredentials(token))
          .map(user -> user.attributes().getJsonObject("accessToken"));
    } catch (RuntimeException wrongType) {
      // The signature is good by then; the library reads on, and trips over such as a date in
      // words.
      return Future.failedFuture(malformed("has a claim of a wrong type"));
    }
  }

  /** With the keys that the issuer has now. */
  private Future<JsonObject> verifyOnceMore(String token) {
    Future<Void> renewed = source.renew();
    return renewed.isComplete()
        ? verify(token)
        : Future.<Void>future(
                here -> renewed.onComplete(asked -> context.runOnContext(turn -> here.complete())))
            .compose(here -> verify(token));
  }

  private static boolean mayPass(Throwable failure) {
    return failure instanceof NoSuchKeyIdException
        || failure instanceof AccessException refused
            && refused.reason() == Reason.KEYS_UNAVAILABLE;
  }

  private void takeKeys() {
    JWTAuthOptions now = source.keys();
    if (now != keys) {
      keys = now;
      auth = JWTAuth.create(vertx, now);
      remembered.clear();
    }
  }

  private Caller caller(String token, JsonObject claims) {
    byte[] bytes = Base64.getUrlDecoder().decode(token.substring(0, token.indexOf('.')));
    JsonObject header = new JsonObject(new String(bytes, StandardCharsets.UTF_8));
    if (header.containsKey("crit")) {
      // RFC 7515, 4.1.11: what is critical and not understood makes the token invalid.
      throw malformed("has critical extensions");
    }
    if (header.containsKey("typ") && !isAccessTokenType(header.getValue("typ"))) {
      throw new AccessException(
          Reason.TOKEN_OF_ANOTHER_TYPE,
          "the token is of a type, \"typ\", that is not one of access tokens: JWT or at+jwt");
    }
    if (!config.issuer().equals(claims.getValue("iss"))) {
      throw new AccessException(
          Reason.TOKEN_OF_ANOTHER_ISSUER, "the token is of an issuer that is not trusted here");
    }
    if (Collections.disjoint(words(claims.getValue("aud"), false), config.audience())) {
      throw new AccessException(
          Reason.TOKEN_FOR_ANOTHER_AUDIENCE, "the token is for another audience");
    }
    if (!(claims.getValue("sub") instanceof String name)
        || name.length() > MOST_NAME_CHARS
        || name.isBlank()) {
      throw malformed("needs a subject, \"sub\", of 1 to " + MOST_NAME_CHARS + " characters");
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
      throw malformed("needs a time of expiry, \"exp\"");
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
    throw malformed("has no time in \"" + claim + "\"");
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

  /** The texts of a list; a single text is one, or where {@code spaced} several between spaces. */
  private static List<String> words(Object value, boolean spaced) {
    if (value instanceof String text) {
      return spaced ? parts(text, " ") : List.of(text);
    }
    return value instanceof JsonArray array
        ? array.stream().filter(String.class::isInstance).map(String.class::cast).toList()
        : List.of();
  }

  /** The parts of a text that are not empty. */
  private static List<String> parts(String text, String separator) {
    List<String> parts = new ArrayList<>();
    StringTokenizer tokenizer = new StringTokenizer(text, separator);
    while (tokenizer.hasMoreTokens()) {
      parts.add(tokenizer.nextToken());
    }
    return parts;
  }

  /** 0 when there is none. */
  private int userId(JsonObject claims) {
    Object value = claims.getValue(config.userIdClaim());
    if (value instanceof Integer id && id > 0) {
      return id;
    }
    return value instanceof String text ? positive(text) : 0;
  }

  /**
   * Returns the number that a text writes in digits; 0 for any text but those of 1 to 999999999.
   */
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

  private static AccessException malformed(String why) {
    return new AccessException(Reason.TOKEN_MALFORMED, "the token " + why);
  }

  /** Not in which way: that would help who makes one up. */
  private static AccessException notTrusted() {
    return new AccessException(
        Reason.TOKEN_NOT_TRUSTED,
        "the token is not signed with a key and an algorithm that are trusted here");
  }
}
