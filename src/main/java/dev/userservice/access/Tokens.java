package dev.userservice.access;

import dev.userservice.access.AccessException.Reason;
import dev.userservice.config.JwtConfig;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.auth.NoSuchKeyIdException;
import io.vertx.ext.auth.authentication.TokenCredentials;
import io.vertx.ext.auth.jwt.JWTAuth;
import io.vertx.ext.auth.jwt.JWTAuthOptions;
import java.time.Clock;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Checks tokens: signatures by vertx-auth-jwt, claims by {@link Claims}. For one event loop, which
 * remembers the tokens that it has checked: a signature costs more than most calls.
 */
final class Tokens {

  private static final int MAX_CHARS = 8_192;
  private static final int MAX_REMEMBERED = 1_000;

  private static final long RETRY_MILLIS = 1_000;

  private final Vertx vertx;
  private final Context context;
  private final TokenKeys source;
  private final Clock clock;
  private final Claims claims;
  private JWTAuthOptions keys;
  private JWTAuth auth;
  private final Map<String, Caller> remembered =
      new LinkedHashMap<>(16, 0.75f, true) {
        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Caller> eldest) {
          return size() > MAX_REMEMBERED;
        }
      };

  Tokens(Vertx vertx, JwtConfig config, TokenKeys source, Clock clock) {
    this.vertx = vertx;
    this.context = vertx.getOrCreateContext();
    this.source = source;
    this.clock = clock;
    claims = new Claims(config, clock);
  }

  /** The caller of a token that was checked before with the same keys, or null. */
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
   * @return already complete, unless the issuer's keys have to be fetched first; fails with an
   *     {@link AccessException}
   */
  Future<Caller> check(String token) {
    if (token.length() > MAX_CHARS || !isCompact(token)) {
      return Future.failedFuture(AccessException.malformed("is not a JSON Web Token"));
    }
    return verify(token)
        .recover(
            failure ->
                isTransient(failure) ? verifyWithNewKeys(token) : Future.failedFuture(failure))
        .transform(
            (claims, failure) -> {
              if (failure != null) {
                return Future.failedFuture(
                    failure instanceof AccessException known ? known : notTrusted());
              }
              try {
                Caller caller = this.claims.caller(token, claims);
                remembered.put(token, caller);
                return Future.succeededFuture(caller);
              } catch (AccessException refused) {
                return Future.failedFuture(refused);
              }
            });
  }

  /** Returns true for three parts of base64url with dots between them (RFC 7515, 7.1). */
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
              "the keys that check tokens are unavailable; try again later",
              RETRY_MILLIS));
    }
    try {
      return auth.authenticate(new TokenCredentials(token))
          .map(user -> user.attributes().getJsonObject("accessToken"));
    } catch (RuntimeException wrongType) {
      // The signature is valid; the library fails on claims such as a date in words.
      return Future.failedFuture(AccessException.malformed("has a claim of a wrong type"));
    }
  }

  /** Verifies with freshly fetched keys. */
  private Future<JsonObject> verifyWithNewKeys(String token) {
    Future<Void> renewed = source.renew();
    return renewed.isComplete()
        ? verify(token)
        : Future.<Void>future(
                here -> renewed.onComplete(asked -> context.runOnContext(turn -> here.complete())))
            .compose(here -> verify(token));
  }

  private static boolean isTransient(Throwable failure) {
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

  /** Leaves out the exact reason, which would help an attacker. */
  private static AccessException notTrusted() {
    return new AccessException(
        Reason.TOKEN_NOT_TRUSTED,
        "the token is not signed with a key and an algorithm that are trusted here");
  }
}
