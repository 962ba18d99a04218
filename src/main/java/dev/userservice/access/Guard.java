package dev.userservice.access;

import dev.userservice.config.AuthConfig;
import dev.userservice.config.ServerConfig;
import dev.userservice.tls.ServerTls;
import dev.userservice.tls.UnusableFileException;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.time.Clock;
import java.util.Optional;

/**
 * The access control that all event loops of a server share: its certificate, the keys that check
 * tokens, and the rate limit.
 */
public final class Guard {

  private final AuthConfig auth;
  private final Optional<ServerTls> tls;
  private final Optional<TokenKeys> keys;
  private final RateLimit rateLimit;
  private final Vertx vertx;

  public Guard(Vertx vertx, ServerConfig config) {
    this.vertx = vertx;
    auth = config.auth();
    tls = config.tls().isOn() ? Optional.of(new ServerTls(vertx, config.tls())) : Optional.empty();
    keys = auth.jwt().isOn() ? Optional.of(new TokenKeys(vertx, auth.jwt())) : Optional.empty();
    rateLimit = new RateLimit(config.rateLimit());
  }

  /** Reads all files; fails with an {@link UnusableFileException}. */
  public Future<Void> open() {
    return tls.map(ServerTls::open)
        .orElse(Future.succeededFuture())
        .compose(read -> keys.map(TokenKeys::open).orElse(Future.succeededFuture()));
  }

  public Future<Void> close() {
    tls.ifPresent(ServerTls::close);
    return keys.map(TokenKeys::close).orElse(Future.succeededFuture());
  }

  /** Returns false until the issuer's keys have been fetched. */
  public boolean isReady() {
    return keys.map(some -> some.keys() != null).orElse(true);
  }

  /** The server's TLS; empty for plaintext. */
  public Optional<ServerTls> tls() {
    return tls;
  }

  public RateLimit rateLimit() {
    return rateLimit;
  }

  /** Makes the callers of the current event loop. */
  public Callers callers() {
    return new Callers(
        auth, keys.map(some -> new Tokens(vertx, auth.jwt(), some, Clock.systemUTC())), rateLimit);
  }
}
