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
 * The current keys that check tokens: from a file that is reread when it changes, or from the
 * issuer, periodically refreshed. After a failure the last good keys stay in use. Shared by all
 * event loops.
 */
final class TokenKeys {

  private static final Logger LOG = LoggerFactory.getLogger(TokenKeys.class);

  /** The timeout of a request to the issuer. */
  private static final int FETCH_MILLIS = 3_000;

  /** The minimum time between fetches for unknown keys: callers can invent names of keys. */
  private static final long MIN_PAUSE_NANOS = TimeUnit.SECONDS.toNanos(5);

  /** The backoff after the first failure; doubles with each further failure. */
  private static final long RETRY_MILLIS = 1_000;

  /** The max backoff without any keys: the server stays unready until then. */
  private static final long MAX_RETRY_MILLIS = 5_000;

  private static final String NO_KEY = "has no public key for %s";

  private static final int OK = 200;
  private static final int MAX_BYTES = 1 << 20;

  private final Vertx vertx;
  private final JwtConfig config;
  private HttpClient http;
  private FileWatch watch;
  private long timer;
  private long retryMillis = RETRY_MILLIS;
  private boolean closed;
  private long fetchedNanos;
  private Future<Void> fetching;
  private String published;
  private String problem = "";
  private volatile JWTAuthOptions keys;

  TokenKeys(Vertx vertx, JwtConfig config) {
    this.vertx = vertx;
    this.config = config;
  }

  /**
   * Loads the keys for the first time.
   *
   * @return fails with an {@link UnusableFileException} when a file has none; succeeds without keys
   *     when the issuer does not answer
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
              return fetchRepeatedly();
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

  /** The last good keys, or null before the first. */
  JWTAuthOptions keys() {
    return keys;
  }

  /**
   * Fetches the keys again, unless that was done a moment ago. To be called when a token names an
   * unknown key: the issuer may have a new one.
   *
   * @return completes when {@link #keys} are up to date or cannot be; never fails
   */
  synchronized Future<Void> renew() {
    if (fetching != null) {
      return fetching;
    }
    boolean isTooEarly = http == null || System.nanoTime() - fetchedNanos < MIN_PAUSE_NANOS;
    return isTooEarly ? Future.succeededFuture() : fetch();
  }

  private HttpClientOptions clientOptions() {
    HttpClientOptions options =
        new HttpClientOptions()
            .setConnectTimeout(FETCH_MILLIS)
            // Several calls may wait for this request, and the issuer is not part of this system.
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
                LOG.warn(failure.getMessage() + "; the previous keys stay in use");
              }
            });
  }

  private Future<Void> fetchRepeatedly() {
    return fetch().onComplete(fetched -> setTimer());
  }

  private synchronized void setTimer() {
    if (!closed) {
      timer = vertx.setTimer(nextMillis(), turn -> fetchRepeatedly());
    }
  }

  /** Retries vary by up to 20 %, so that servers do not retry in step. */
  private long nextMillis() {
    int refresh = config.jwksRefreshMillis();
    if (problem.isEmpty()) {
      retryMillis = RETRY_MILLIS;
      return refresh;
    }
    long pause = retryMillis;
    retryMillis = Math.min(2 * pause, keys == null ? MAX_RETRY_MILLIS : refresh);
    return Math.round(pause * ThreadLocalRandom.current().nextDouble(0.8, 1.2));
  }

  /** One request at a time. */
  private synchronized Future<Void> fetch() {
    if (fetching != null) {
      return fetching;
    }
    fetchedNanos = System.nanoTime();
    Future<Void> fetched =
        request()
            .transform(
                answer -> {
                  take(answer.result(), answer.cause());
                  return Future.succeededFuture();
                });
    fetching = fetched.isComplete() ? null : fetched;
    return fetched;
  }

  private synchronized void take(String text, Throwable failure) {
    fetching = null;
    String now = "";
    if (failure != null) {
      now = "cannot be fetched: " + reason(failure);
    } else if (!text.equals(published)) {
      JWTAuthOptions found = PublicKeys.parse(text, config);
      if (found == null) {
        now = NO_KEY.formatted(String.join(" or ", config.algorithms()));
      } else {
        keys = found;
        published = text;
        LOG.info("Tokens are checked with the keys of " + config.jwksUri());
      }
    } else if (!problem.isEmpty()) {
      LOG.info(config.jwksUri() + " answers again, with the same keys");
    }
    if (!now.equals(problem) && !now.isEmpty()) {
      LOG.warn(
          "%s %s; %s"
              .formatted(
                  config.jwksUri(),
                  now,
                  keys == null ? "no token can be checked yet" : "its last keys stay in use"));
    }
    problem = now;
  }

  /** The innermost cause: of a failed handshake only that one says why. */
  private static String reason(Throwable failure) {
    Throwable cause = failure;
    while (cause.getCause() != null) {
      cause = cause.getCause();
    }
    return cause.getMessage() == null ? cause.toString() : cause.getMessage();
  }

  private Future<String> request() {
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
              if (body.length() + chunk.length() > MAX_BYTES) {
                all.tryFail("it is larger than 1 MiB");
                response.request().reset();
              } else {
                body.appendBuffer(chunk);
              }
            });
    return all.future();
  }
}
