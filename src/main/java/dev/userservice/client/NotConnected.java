package dev.userservice.client;

import dev.userservice.client.Servers.Server;
import dev.userservice.tls.ClientTls;
import io.vertx.core.VertxException;
import java.nio.channels.ClosedChannelException;
import java.util.concurrent.TimeoutException;
import javax.net.ssl.SSLException;

/** Finds words for a server with which no connection came about. */
final class NotConnected {

  /** The words of Netty for an answer in HTTP/1, or in no HTTP at all. */
  private static final String NOT_HTTP2 = "First received frame was not SETTINGS";

  /** How its words go on for an alert of TLS: RFC 8446, 5.1. */
  private static final String ALERT = ". Hex dump for first 5 bytes: 1503";

  private static final String SET_TLS =
      "set \"tls.enabled\" to true, or \"tls.caFile\" to the file of its authority";

  private final ClientTls tls;

  NotConnected(ClientTls tls) {
    this.tls = tls;
  }

  /** A server without ALPN (RFC 7301) is taken for one of HTTP/1.1. */
  static CallException notHttp2() {
    return CallException.unavailablePermanently(
        "what answers is not a gRPC server: it speaks TLS, but not HTTP/2");
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
    String why = words(failure);
    if (why.startsWith(NOT_HTTP2 + ALERT)) {
      return CallException.unavailablePermanently(
          server + " speaks TLS, but this client plaintext; " + SET_TLS);
    }
    if (why.startsWith(NOT_HTTP2)) {
      return CallException.unavailablePermanently(
          server + " does not answer as a gRPC server: this is no HTTP/2 in plaintext");
    }
    // A server that is asked in plaintext for TLS hangs up without a word, as ours does.
    boolean hungUp = failure instanceof VertxException;
    return unseen(server, hungUp ? why + "; if it speaks TLS, " + SET_TLS : why);
  }

  private CallException overTls(Server server, Throwable failure) {
    String forGood = tls.explain(failure, server.address().host(), server.address().port());
    if (forGood != null) {
      return CallException.unavailablePermanently(server + " " + forGood);
    }
    boolean shaking = failure instanceof SSLException && failure.getCause() != null;
    if (shaking && failure.getCause() instanceof ClosedChannelException) {
      return unseen(
          server, "it hung up in the TLS handshake; if it speaks plaintext, leave out \"tls\"");
    }
    if (failure instanceof VertxException) {
      return unseen(server, "it hung up after the TLS handshake; " + tls.likelyReason());
    }
    return unseen(server, words(shaking ? failure.getCause() : failure));
  }

  private static CallException unseen(Server server, String why) {
    return CallException.notProcessed("no connection to " + server + ": " + why);
  }

  private static String words(Throwable failure) {
    return failure.getMessage() == null ? failure.toString() : failure.getMessage();
  }
}
