package dev.userservice.server;

import dev.userservice.access.AccessException;
import dev.userservice.access.Caller;
import dev.userservice.access.Callers;
import dev.userservice.access.Guard;
import dev.userservice.access.RateLimit;
import dev.userservice.access.Rights;
import dev.userservice.config.AuthConfig;
import dev.userservice.config.ServerConfig;
import dev.userservice.rpc.CallInfo;
import dev.userservice.rpc.Connections;
import dev.userservice.rpc.Interceptor;
import dev.userservice.rpc.SourceAddress;
import dev.userservice.tls.CertificateNames;
import dev.userservice.tls.ServerTls;
import io.vertx.core.Future;
import io.vertx.core.http.HttpConnection;
import io.vertx.core.http.HttpHeaders;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.WeakHashMap;
import javax.net.ssl.SSLPeerUnverifiedException;

/**
 * Admits or refuses each call before anything of it is read: by its caller, the caller's rights and
 * rate limit. For one event loop.
 */
public final class Admission implements Interceptor {

  private static final String HEALTH = "grpc.health.v1.Health/";
  private static final String NO_NAME = "";

  private final AuthConfig auth;
  private final boolean counting;
  private final Set<String> methods;
  private final Callers callers;
  private final Rights rights;
  private final RateLimit rateLimit;

  /** Empty when callers need no certificate. */
  private final Optional<ServerTls> mutual;

  /** The names in the certificates of connections: to parse one costs more than a short call. */
  private final Map<HttpConnection, List<String>> names = new WeakHashMap<>();

  public Admission(ServerConfig config, Guard guard, Set<String> methods) {
    auth = config.auth();
    counting = config.rateLimit().isOn();
    this.methods = methods;
    callers = guard.callers();
    rights = new Rights(auth.rights(), methods);
    rateLimit = guard.rateLimit();
    mutual = guard.tls().filter(ServerTls::isMutual);
  }

  /**
   * The user id to chat as; 0 without authentication, when the caller names one itself.
   *
   * @throws AccessException when the authenticated caller has no user id
   */
  static int speaker(CallInfo call) {
    Caller caller = call.attachment(Caller.class);
    if (caller == null) {
      return 0;
    }
    if (caller.userId() == 0) {
      throw AccessException.noUserId();
    }
    return caller.userId();
  }

  @Override
  public Future<Void> intercept(CallInfo call) {
    mutual.ifPresent(tls -> tls.check(call.connection()));
    String address = counting ? SourceAddress.of(call.peer()) : "";
    if (!auth.isOn() || auth.publicHealth() && call.method().startsWith(HEALTH)) {
      count(address, call);
      return Future.succeededFuture();
    }
    return callers
        .find(call.headers().getAll(HttpHeaders.AUTHORIZATION), certificateNames(call), address)
        .map(caller -> admit(call, caller));
  }

  private Void admit(CallInfo call, Caller caller) {
    Connections.known(call.connection());
    count(caller.name(), call);
    rights.check(caller, call.method());
    call.attach(caller);
    if (caller.untilMillis() != Long.MAX_VALUE) {
      call.endAt(caller.untilMillis(), AccessException.expired());
    }
    return null;
  }

  /** All unknown methods share one bucket, because callers can invent any number of names. */
  private void count(String caller, CallInfo call) {
    if (counting) {
      rateLimit.count(caller, methods.contains(call.method()) ? call.method() : NO_NAME);
    }
  }

  private List<String> certificateNames(CallInfo call) {
    return auth.certificates().isEmpty()
        ? List.of()
        : names.computeIfAbsent(call.connection(), Admission::certificateNames);
  }

  private static List<String> certificateNames(HttpConnection connection) {
    try {
      return CertificateNames.of((X509Certificate) connection.peerCertificates().get(0));
    } catch (SSLPeerUnverifiedException e) {
      return List.of();
    }
  }
}
