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
 * What keeps strangers out, and is shared by all event loops of a server: its certificate, the keys
 * that check tokens, and how often each caller has called.
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

  /** Whether callers can be told from each other: not before the issuer's keys have come. */
  public boolean isReady() {
    return keys.map(some -> some.keys() != null).orElse(true);
  }

  /** Empty for plaintext. */
  public Optional<ServerTls> tls() {
    return tls;
  }

  public RateLimit rateLimit() {
    return rateLimit;
  }

  /** For the event loop that it is called on. */
  public Callers callers() {
    return new Callers(
        auth, keys.map(some -> new Tokens(vertx, auth.jwt(), some, Clock.systemUTC())), rateLimit);
  }
}
