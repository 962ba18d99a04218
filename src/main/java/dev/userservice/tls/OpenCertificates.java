package dev.userservice.tls;

import io.vertx.core.Context;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpConnection;
import io.vertx.core.internal.logging.Logger;
import io.vertx.core.internal.logging.LoggerFactory;
import java.security.cert.CertificateException;
import java.security.cert.CertificateExpiredException;
import java.security.cert.X509Certificate;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.LongPredicate;
import javax.net.ssl.X509ExtendedTrustManager;

/**
 * The certificates of callers with an open connection. The handshake has checked them once; each is
 * checked again, within a second, when a part of its chain expires or the authorities change.
 * Shared by all event loops.
 */
final class OpenCertificates {

  private static final Logger LOG = LoggerFactory.getLogger(OpenCertificates.class);

  private static final long POLL_MILLIS = 1_000;

  /** The time after which all handshakes with the previous authorities have ended. */
  private static final long SETTLED_NANOS =
      TimeUnit.MILLISECONDS.toNanos(2 * WatchedTls.HANDSHAKE_MILLIS);

  private final Vertx vertx;
  private final Map<HttpConnection, Holder> holders = new ConcurrentHashMap<>();
  private volatile X509ExtendedTrustManager authorities;
  private volatile long changedNanos = System.nanoTime() - SETTLED_NANOS;
  private long timer;
  private boolean checking;

  OpenCertificates(Vertx vertx) {
    this.vertx = vertx;
  }

  /**
   * Starts the checks.
   *
   * @param authorities the authorities of new connections
   */
  void start(X509ExtendedTrustManager authorities) {
    this.authorities = authorities;
    timer = vertx.setPeriodic(POLL_MILLIS, turn -> checkDue());
  }

  void stop() {
    vertx.cancelTimer(timer);
  }

  /** Replaces the authorities of new connections. */
  void replace(X509ExtendedTrustManager now) {
    if (!certificates(now).equals(certificates(authorities))) {
      authorities = now;
      changedNanos = System.nanoTime();
    }
  }

  /**
   * Adds a connection; to be called on its event loop.
   *
   * @param refused called there, once, when the certificate is no longer valid
   */
  void add(
      HttpConnection connection,
      List<X509Certificate> chain,
      Consumer<CertificateRejectedException> refused) {
    boolean settled = System.nanoTime() - changedNanos >= SETTLED_NANOS;
    Holder holder =
        new Holder(vertx.getOrCreateContext(), chain, refused, settled ? authorities : null);
    holders.put(connection, holder);
    // A resumed session skips the check of the certificate.
    if (chain.get(0).getNotAfter().getTime() < System.currentTimeMillis()) {
      holder.refuse(CertificateRejectedException.expired());
    }
  }

  void remove(HttpConnection connection) {
    holders.remove(connection);
  }

  /**
   * Checks a connection before each of its calls.
   *
   * @throws CertificateRejectedException when its certificate is no longer valid
   */
  void check(HttpConnection connection) {
    Holder holder = holders.get(connection);
    if (holder != null && holder.refusal != null) {
      throw holder.refusal;
    }
  }

  private void checkDue() {
    if (checking) {
      return;
    }
    X509ExtendedTrustManager now = authorities;
    long millis = System.currentTimeMillis();
    List<Holder> due = holders.values().stream().filter(one -> one.isDue(now, millis)).toList();
    if (!due.isEmpty()) {
      checking = true;
      vertx
          .executeBlocking(() -> check(due, now))
          .onComplete(
              (refused, failure) -> {
                checking = false;
                if (failure != null) {
                  LOG.error("The certificates of open connections cannot be checked", failure);
                } else if (refused > 0) {
                  LOG.info(
                      "TLS: connections ended because their certificates expired or lost their authority: %d"
                          .formatted(refused));
                }
              });
    }
  }

  /**
   * Returns the number of refused ones. Checks each chain once: a caller may have many connections.
   */
  private static int check(List<Holder> due, X509ExtendedTrustManager now) {
    Map<List<X509Certificate>, Optional<CertificateRejectedException>> refusals = new HashMap<>();
    int refused = 0;
    for (Holder one : due) {
      Optional<CertificateRejectedException> refusal =
          refusals.computeIfAbsent(one.chain, chain -> refusal(chain, now));
      if (refusal.isPresent()) {
        one.refuse(refusal.get());
        refused++;
      } else {
        one.passed(now);
      }
    }
    return refused;
  }

  private static Optional<CertificateRejectedException> refusal(
      List<X509Certificate> chain, X509ExtendedTrustManager now) {
    try {
      now.checkClientTrusted(
          chain.toArray(new X509Certificate[0]), chain.get(0).getPublicKey().getAlgorithm());
      return Optional.empty();
    } catch (CertificateException refused) {
      return Optional.of(
          WatchedTls.has(refused, CertificateExpiredException.class)
              ? CertificateRejectedException.expired()
              : CertificateRejectedException.notTrusted());
    }
  }

  private static Set<X509Certificate> certificates(X509ExtendedTrustManager authorities) {
    return new HashSet<>(Arrays.asList(authorities.getAcceptedIssuers()));
  }

  /** The certificate of one connection's caller. */
  private static final class Holder {

    private final Context context;
    private final List<X509Certificate> chain;
    private final Consumer<CertificateRejectedException> refused;

    /** The authorities of the last check; null when unknown. */
    private volatile X509ExtendedTrustManager checkedWith;

    /** The next time at which a part of the chain expires. */
    private volatile long nextExpiryMillis;

    private volatile CertificateRejectedException refusal;

    Holder(
        Context context,
        List<X509Certificate> chain,
        Consumer<CertificateRejectedException> refused,
        X509ExtendedTrustManager checkedWith) {
      this.context = context;
      this.chain = chain;
      this.refused = refused;
      this.checkedWith = checkedWith;
      nextExpiryMillis = firstExpiry(expiry -> true);
    }

    boolean isDue(X509ExtendedTrustManager now, long millis) {
      return refusal == null && (checkedWith != now || nextExpiryMillis <= millis);
    }

    void passed(X509ExtendedTrustManager now) {
      long millis = System.currentTimeMillis();
      nextExpiryMillis = firstExpiry(expiry -> expiry > millis);
      checkedWith = now;
    }

    void refuse(CertificateRejectedException why) {
      refusal = why;
      context.runOnContext(turn -> refused.accept(why));
    }

    private long firstExpiry(LongPredicate filter) {
      return chain.stream()
          .mapToLong(certificate -> certificate.getNotAfter().getTime())
          .filter(filter)
          .min()
          .orElse(Long.MAX_VALUE);
    }
  }
}
