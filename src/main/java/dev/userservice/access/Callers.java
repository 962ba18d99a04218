package dev.userservice.access;

import dev.userservice.access.AccessException.Reason;
import dev.userservice.config.AuthConfig;
import dev.userservice.config.AuthConfig.KnownCaller;
import dev.userservice.tls.CertificateNames;
import io.vertx.core.Future;
import java.util.List;
import java.util.Optional;

/**
 * Finds out who makes a call: by its token, which counts when there is one, or else by the
 * certificate of its connection. For one event loop.
 */
public final class Callers {

  /** RFC 6750, 2.1; the name of a scheme is the same in any case. */
  private static final String BEARER = "Bearer ";

  private final AuthConfig config;
  private final Optional<Tokens> tokens;
  private final RateLimit rateLimit;

  Callers(AuthConfig config, Optional<Tokens> tokens, RateLimit rateLimit) {
    this.config = config;
    this.tokens = tokens;
    this.rateLimit = rateLimit;
  }

  /**
   * The caller.
   *
   * @param authorization the values of the header {@code authorization}
   * @param certificate the {@link CertificateNames} of the caller's certificate; empty without one
   * @param address where it calls from
   * @return complete, unless the issuer of tokens is asked first; fails with an {@link
   *     AccessException}
   */
  public Future<Caller> find(List<String> authorization, List<String> certificate, String address) {
    return authorization.isEmpty() || tokens.isEmpty()
        ? byCertificate(certificate)
        : byToken(authorization, tokens.get(), address);
  }

  private Future<Caller> byCertificate(List<String> names) {
    if (names.size() > 1) {
      return Future.failedFuture(
          new AccessException(
              Reason.CERTIFICATE_AMBIGUOUS,
              "the caller's certificate has several names of one kind, so none of them is taken; it needs one with a single name"));
    }
    KnownCaller known = names.isEmpty() ? null : config.certificates().get(names.get(0));
    if (known != null) {
      return Future.succeededFuture(
          new Caller(names.get(0), known.roles(), known.userId(), Long.MAX_VALUE));
    }
    return Future.failedFuture(
        tokens.isPresent()
            ? AccessException.missing()
            : new AccessException(
                Reason.CERTIFICATE_UNKNOWN,
                "the name in the caller's certificate is not known here"));
  }

  private Future<Caller> byToken(List<String> authorization, Tokens tokens, String address) {
    String value = authorization.get(0);
    if (authorization.size() > 1 || !value.regionMatches(true, 0, BEARER, 0, BEARER.length())) {
      return Future.failedFuture(AccessException.missing());
    }
    String token = value.substring(BEARER.length()).strip();
    try {
      Caller known = tokens.remembered(token);
      if (known != null) {
        return Future.succeededFuture(known);
      }
      rateLimit.checkRefused(address);
    } catch (AccessException refused) {
      return Future.failedFuture(refused);
    }
    return tokens.check(token).onFailure(refused -> rateLimit.countRefused(address));
  }
}
