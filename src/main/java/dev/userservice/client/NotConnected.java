package dev.userservice.client;

import dev.userservice.client.Servers.Server;
import dev.userservice.tls.ClientTls;
import io.vertx.core.VertxException;
import java.nio.channels.ClosedChannelException;
import java.util.concurrent.TimeoutException;
import javax.net.ssl.SSLException;

/** Explains failures to connect to a server. */
final class NotConnected {

  /** Netty's message for an answer in HTTP/1 or another protocol. */
  private static final String NOT_HTTP2 = "First received frame was not SETTINGS";

  /** The rest of that message for a TLS alert: RFC 8446, 5.1. */
  private static final String ALERT = ". Hex dump for first 5 bytes: 1503";

  private static final String SET_TLS =
      "set \"tls.enabled\" to true, or \"tls.caFile\" to the file of its authority";

  private final ClientTls tls;

  NotConnected(ClientTls tls) {
    this.tls = tls;
  }

  /** The failure for a TLS server without HTTP/2 or without ALPN (RFC 7301). */
  static CallException notHttp2() {
    return CallException.unavailablePermanently(
        "the peer is not a gRPC server: it speaks TLS, but not HTTP/2");
  }

  CallException explain(Server server, Throwable failure, Deadline deadline) {
    if (failure instanceof CallException explained) {
      return explained;
    }
    if (failure instanceof TimeoutException) {
      return deadline.exceeded(
          "%s accepts connections, but did not speak HTTP/2%s"
              .formatted(server, tls.isOn() ? " over TLS" : ""));
    }
    return tls.isOn() ? overTls(server, failure) : inPlaintext(server, failure);
  }

  private static CallException inPlaintext(Server server, Throwable failure) {
    String why = message(failure);
    if (why.startsWith(NOT_HTTP2 + ALERT)) {
      return CallException.unavailablePermanently(
          server + " speaks TLS, but this client uses plaintext; " + SET_TLS);
    }
    if (why.startsWith(NOT_HTTP2)) {
      return CallException.unavailablePermanently(
          server + " does not answer as a gRPC server: it does not speak HTTP/2 in plaintext");
    }
    // A TLS server may close a plaintext connection without an answer, as ours does.
    boolean closed = failure instanceof VertxException;
    return notProcessed(server, closed ? why + "; if it speaks TLS, " + SET_TLS : why);
  }

  private CallException overTls(Server server, Throwable failure) {
    String permanent = tls.explain(failure, server.address().host(), server.address().port());
    if (permanent != null) {
      return CallException.unavailablePermanently(server + " " + permanent);
    }
    boolean inHandshake = failure instanceof SSLException && failure.getCause() != null;
    if (inHandshake && failure.getCause() instanceof ClosedChannelException) {
      return notProcessed(
          server,
          "it closed the connection in the TLS handshake; if it speaks plaintext, leave out \"tls\"");
    }
    if (failure instanceof VertxException) {
      return notProcessed(
          server, "it closed the connection after the TLS handshake; " + tls.likelyReason());
    }
    return notProcessed(server, message(inHandshake ? failure.getCause() : failure));
  }

  private static CallException notProcessed(Server server, String why) {
    return CallException.notProcessed("no connection to " + server + ": " + why);
  }

  private static String message(Throwable failure) {
    return failure.getMessage() == null ? failure.toString() : failure.getMessage();
  }
}
