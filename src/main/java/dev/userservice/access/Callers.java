package dev.userservice.access;

import dev.userservice.access.AccessException.Reason;
import dev.userservice.config.AuthConfig;
import dev.userservice.config.AuthConfig.KnownCaller;
import dev.userservice.tls.CertificateNames;
import io.vertx.core.Future;
import java.util.List;
import java.util.Optional;

/**
 * Authenticates callers: by the token of the call, or without one by the certificate of the
 * connection. For one event loop.
 */
public final class Callers {

  /** RFC 6750, 2.1; the name of a scheme is case-insensitive. */
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
   * Authenticates the caller.
   *
   * @param authorization the values of the header {@code authorization}
   * @param certificate the {@link CertificateNames} of the caller's certificate; empty without one
   * @param address the IP address of the caller
   * @return already complete, unless the issuer's keys have to be fetched first; fails with an
   *     {@link AccessException}
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
              "the caller's certificate has several names of one kind; use one with a single name"));
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
                "the name in the caller's certificate is unknown here"));
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
