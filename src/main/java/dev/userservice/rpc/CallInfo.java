package dev.userservice.rpc;

import io.vertx.core.MultiMap;
import io.vertx.core.net.SocketAddress;
import io.vertx.grpc.common.GrpcStatus;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/**
 * What may be known of a call besides its messages. Belongs to the event loop of the call.
 *
 * <p>Headers are as the caller sent them; among them may be secrets, so they are never logged.
 */
public final class CallInfo {

  private final String method;
  private final SocketAddress peer;
  private final MultiMap headers;
  private final MultiMap responseHeaders = MultiMap.caseInsensitiveMultiMap();
  private final MultiMap responseTrailers = MultiMap.caseInsensitiveMultiMap();
  private final long startNanos = System.nanoTime();
  private final List<Consumer<GrpcStatus>> atEnd = new ArrayList<>(2);
  private long received;
  private long sent;

  CallInfo(String method, SocketAddress peer, MultiMap headers) {
    this.method = method;
    this.peer = peer;
    this.headers = headers;
  }

  /**
   * The full method name, such as {@code users.v1.UserService/GetUser}; may be one that there is
   * not.
   */
  public String method() {
    return method;
  }

  /** The other end of the connection: the caller, or the last proxy before us. */
  public SocketAddress peer() {
    return peer;
  }

  /** The request's metadata. */
  public MultiMap headers() {
    return headers;
  }

  /** Metadata that goes out before the first message; to be set before the handler is called. */
  public MultiMap responseHeaders() {
    return responseHeaders;
  }

  /** Metadata that goes out with the status. */
  public MultiMap responseTrailers() {
    return responseTrailers;
  }

  /** Messages that have come in so far. */
  public long received() {
    return received;
  }

  /** Messages that have gone out so far. */
  public long sent() {
    return sent;
  }

  /** Milliseconds since the headers of the call came. */
  public long millis() {
    return TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - startNanos);
  }

  /** Calls back once when the call is over; CANCELLED when the caller has gone. */
  public void onEnd(Consumer<GrpcStatus> handler) {
    atEnd.add(handler);
  }

  void countReceived() {
    received++;
  }

  void countSent() {
    sent++;
  }

  void end(GrpcStatus status) {
    atEnd.forEach(handler -> handler.accept(status));
  }
}
