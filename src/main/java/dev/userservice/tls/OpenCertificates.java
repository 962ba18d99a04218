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
 * The certificates of the callers whose connections are open. A handshake checks a certificate as
 * of then; so each is checked again, within a second, when a part of its chain expires, and when
 * the authorities change. Shared by all event loops.
 */
final class OpenCertificates {

  private static final Logger LOG = LoggerFactory.getLogger(OpenCertificates.class);

  private static final long LOOK_MILLIS = 1_000;

  /** A handshake that began with the authorities of before has ended by then. */
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
   * Starts to look at certificates.
   *
   * @param authorities those of all connections from now on
   */
  void start(X509ExtendedTrustManager authorities) {
    this.authorities = authorities;
    timer = vertx.setPeriodic(LOOK_MILLIS, turn -> look());
  }

  void stop() {
    vertx.cancelTimer(timer);
  }

  /** Takes the authorities that new connections have from now on. */
  void replace(X509ExtendedTrustManager now) {
    if (!certificates(now).equals(certificates(authorities))) {
      authorities = now;
      changedNanos = System.nanoTime();
    }
  }

  /**
   * Adds a connection; to be called on its event loop.
   *
   * @param refused called there, once, when the certificate is no longer good
   */
  void add(
      HttpConnection connection,
      List<X509Certificate> chain,
      Consumer<CertificateRejectedException> refused) {
    boolean settled = System.nanoTime() - changedNanos >= SETTLED_NANOS;
    Holder holder =
        new Holder(vertx.getOrCreateContext(), chain, refused, settled ? authorities : null);
    holders.put(connection, holder);
    // A handshake that resumes a session does not check its certificate again.
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
   * @throws CertificateRejectedException when its certificate is no longer good
   */
  void check(HttpConnection connection) {
    Holder holder = holders.get(connection);
    if (holder != null && holder.refusal != null) {
      throw holder.refusal;
    }
  }

  private void look() {
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
                      "TLS: certificates that expired or lost their authority end %d connections"
                          .formatted(refused));
                }
              });
    }
  }

  /** Returns how many are refused. Callers with many connections have one certificate. */
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
        one.isGood(now);
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

  /** The caller of one connection. */
  private static final class Holder {

    private final Context context;
    private final List<X509Certificate> chain;
    private final Consumer<CertificateRejectedException> refused;

    /** Those that the chain was checked with; null when that is unknown. */
    private volatile X509ExtendedTrustManager checkedWith;

    /** When a part of the chain expires next. */
    private volatile long nextEndMillis;

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
      nextEndMillis = firstEnd(end -> true);
    }

    boolean isDue(X509ExtendedTrustManager now, long millis) {
      return refusal == null && (checkedWith != now || nextEndMillis <= millis);
    }

    void isGood(X509ExtendedTrustManager now) {
      long millis = System.currentTimeMillis();
      nextEndMillis = firstEnd(end -> end > millis);
      checkedWith = now;
    }

    void refuse(CertificateRejectedException why) {
      refusal = why;
      context.runOnContext(turn -> refused.accept(why));
    }

    private long firstEnd(LongPredicate counts) {
      return chain.stream()
          .mapToLong(certificate -> certificate.getNotAfter().getTime())
          .filter(counts)
          .min()
          .orElse(Long.MAX_VALUE);
    }
  }
}
