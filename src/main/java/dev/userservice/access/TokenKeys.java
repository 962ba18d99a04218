package dev.userservice.access;

import dev.userservice.config.JwtConfig;
import dev.userservice.tls.FileWatch;
import dev.userservice.tls.SmallFile;
import dev.userservice.tls.TlsFiles;
import dev.userservice.tls.UnusableFileException;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpClient;
import io.vertx.core.http.HttpClientOptions;
import io.vertx.core.http.HttpClientResponse;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.RequestOptions;
import io.vertx.core.internal.logging.Logger;
import io.vertx.core.internal.logging.LoggerFactory;
import io.vertx.core.tracing.TracingPolicy;
import io.vertx.ext.auth.jwt.JWTAuthOptions;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;

/**
 * The keys that check tokens, as they are now: out of a file that is read again when it changes, or
 * from the issuer, who is asked again from time to time. While neither has anything better, those
 * that were there last stay. Shared by all event loops.
 */
final class TokenKeys {

  private static final Logger LOG = LoggerFactory.getLogger(TokenKeys.class);

  /** How long the issuer has for its answer. */
  private static final int FETCH_MILLIS = 3_000;

  /** Strangers can make up names of keys; so often, at most, the issuer is asked for them. */
  private static final long ASK_NANOS = TimeUnit.SECONDS.toNanos(5);

  /** After a first failure the issuer is asked again this soon, then after twice as long each. */
  private static final long RETRY_MILLIS = 1_000;

  /** The longest pause while no token can be checked: a server that is not ready gets none. */
  private static final long RETRY_MAX_MILLIS = 5_000;

  private static final String NO_KEY = "has no public key for %s";

  private static final int OK = 200;
  private static final int MOST_BYTES = 1 << 20;

  private final Vertx vertx;
  private final JwtConfig config;
  private HttpClient http;
  private FileWatch watch;
  private long timer;
  private long retryMillis = RETRY_MILLIS;
  private boolean closed;
  private long askedNanos;
  private Future<Void> asking;
  private String published;
  private String trouble = "";
  private volatile JWTAuthOptions keys;

  TokenKeys(Vertx vertx, JwtConfig config) {
    this.vertx = vertx;
    this.config = config;
  }

  /**
   * Gets the keys for the first time.
   *
   * @return fails with an {@link UnusableFileException} when a file has none; when the issuer does
   *     not answer it succeeds without
   */
  Future<Void> open() {
    if (!config.keysFile().isEmpty()) {
      watch = new FileWatch(vertx, List.of(config.keysFile()), this::readAgain);
      return watch.start().compose(known -> read());
    }
    return vertx
        .executeBlocking(this::clientOptions)
        .compose(
            options -> {
              http = vertx.createHttpClient(options);
              return askInTurn();
            });
  }

  synchronized Future<Void> close() {
    closed = true;
    vertx.cancelTimer(timer);
    if (watch != null) {
      watch.stop();
    }
    return http == null ? Future.succeededFuture() : http.close();
  }

  /** Null when there have never been any. */
  JWTAuthOptions keys() {
    return keys;
  }

  /**
   * To be called when a token names a key that is not there: the issuer may have a new one.
   *
   * @return completes, with whatever result, when {@link #keys} are as new as they get
   */
  synchronized Future<Void> renew() {
    if (asking != null) {
      return asking;
    }
    boolean pointless = http == null || System.nanoTime() - askedNanos < ASK_NANOS;
    return pointless ? Future.succeededFuture() : ask();
  }

  private HttpClientOptions clientOptions() {
    HttpClientOptions options =
        new HttpClientOptions()
            .setConnectTimeout(FETCH_MILLIS)
            // The call that asks first is not the only one that waits, and the issuer a stranger.
            .setTracingPolicy(TracingPolicy.IGNORE);
    if (!config.jwksCaFile().isEmpty()) {
      options.setTrustOptions(TlsFiles.authorities(config.jwksCaFile(), "auth.jwt.jwksCaFile"));
    }
    return options;
  }

  private Future<Void> read() {
    return vertx
        .executeBlocking(
            () -> {
              String file = config.keysFile();
              String text = SmallFile.text(SmallFile.read(file, "auth.jwt.keysFile"));
              JWTAuthOptions found = PublicKeys.parse(text, config);
              if (found == null) {
                throw new UnusableFileException(
                    file,
                    NO_KEY.formatted(String.join(" or ", config.algorithms())),
                    "auth.jwt.keysFile");
              }
              return found;
            })
        .onSuccess(found -> keys = found)
        .mapEmpty();
  }

  private void readAgain() {
    read()
        .onComplete(
            (done, failure) -> {
              if (failure == null) {
                LOG.info("Tokens are checked with the new keys of " + config.keysFile());
              } else {
                LOG.warn(failure.getMessage() + "; the keys before it stay");
              }
            });
  }

  private Future<Void> askInTurn() {
    return ask().onComplete(asked -> setTimer());
  }

  private synchronized void setTimer() {
    if (!closed) {
      timer = vertx.setTimer(nextMillis(), turn -> askInTurn());
    }
  }

  /** A retry comes up to a fifth earlier or later, so that servers do not ask all at once. */
  private long nextMillis() {
    int refresh = config.jwksRefreshMillis();
    if (trouble.isEmpty()) {
      retryMillis = RETRY_MILLIS;
      return refresh;
    }
    long pause = retryMillis;
    retryMillis = Math.min(2 * pause, keys == null ? RETRY_MAX_MILLIS : refresh);
    return Math.round(pause * ThreadLocalRandom.current().nextDouble(0.8, 1.2));
  }

  /** One question at a time. */
  private synchronized Future<Void> ask() {
    if (asking != null) {
      return asking;
    }
    askedNanos = System.nanoTime();
    Future<Void> asked =
        fetch()
            .transform(
                answer -> {
                  answered(answer.result(), answer.cause());
                  return Future.succeededFuture();
                });
    asking = asked.isComplete() ? null : asked;
    return asked;
  }

  private synchronized void answered(String text, Throwable failure) {
    asking = null;
    String now = "";
    if (failure != null) {
      now = "cannot be had: " + reason(failure);
    } else if (!text.equals(published)) {
      JWTAuthOptions found = PublicKeys.parse(text, config);
      if (found == null) {
        now = NO_KEY.formatted(String.join(" or ", config.algorithms()));
      } else {
        keys = found;
        published = text;
        LOG.info("Tokens are checked with the keys of " + config.jwksUri());
      }
    } else if (!trouble.isEmpty()) {
      LOG.info(config.jwksUri() + " answers again, with the same keys");
    }
    if (!now.equals(trouble) && !now.isEmpty()) {
      LOG.warn(
          "%s %s; %s"
              .formatted(
                  config.jwksUri(),
                  now,
                  keys == null ? "no token can be checked until it does" : "its last keys stay"));
    }
    trouble = now;
  }

  /** Of a handshake that fails, only the innermost cause says why. */
  private static String reason(Throwable failure) {
    Throwable cause = failure;
    while (cause.getCause() != null) {
      cause = cause.getCause();
    }
    return cause.getMessage() == null ? cause.toString() : cause.getMessage();
  }

  private Future<String> fetch() {
    return http.request(
            new RequestOptions()
                .setMethod(HttpMethod.GET)
                .setAbsoluteURI(config.jwksUri())
                .putHeader("accept", "application/json"))
        .compose(request -> request.send())
        .compose(this::body)
        .timeout(FETCH_MILLIS, TimeUnit.MILLISECONDS);
  }

  private Future<String> body(HttpClientResponse response) {
    if (response.statusCode() != OK) {
      response.exceptionHandler(reset -> {}).request().reset();
      return Future.failedFuture("HTTP " + response.statusCode());
    }
    Buffer body = Buffer.buffer();
    Promise<String> all = Promise.promise();
    response
        .exceptionHandler(all::tryFail)
        .endHandler(end -> all.tryComplete(body.toString(StandardCharsets.UTF_8)))
        .handler(
            chunk -> {
              if (body.length() + chunk.length() > MOST_BYTES) {
                all.tryFail("it is larger than 1 MiB");
                response.request().reset();
              } else {
                body.appendBuffer(chunk);
              }
            });
    return all.future();
  }
}
