package dev.userservice.rpc;

import io.vertx.core.MultiMap;
import io.vertx.core.http.HttpConnection;
import io.vertx.core.net.SocketAddress;
import io.vertx.grpc.common.GrpcStatus;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
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

  private static final VarHandle OVER;

  static {
    try {
      OVER = MethodHandles.lookup().findVarHandle(CallInfo.class, "over", boolean.class);
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  private final String method;
  private final HttpConnection connection;
  private final MultiMap headers;
  private final CallMemory memory;
  private final long startNanos = System.nanoTime();
  // Made when they are first needed: most calls need none of them.
  private MultiMap responseHeaders;
  private MultiMap responseTrailers;
  private Object attachment;
  private long untilMillis = Long.MAX_VALUE;
  private Throwable tooLate;
  private List<Consumer<GrpcStatus>> atEnd = List.of();
  private Runnable look = () -> {};
  private String reason = "";
  private long received;
  private long sent;

  /**
   * Written by the event loop, read by whoever works for the call; never as a plain field, and
   * without the fence of a volatile, which would be a measurable part of a short call.
   */
  @SuppressWarnings("unused")
  private boolean over;

  CallInfo(String method, HttpConnection connection, MultiMap headers, CallMemory memory) {
    this.method = method;
    this.connection = connection;
    this.headers = headers;
    this.memory = memory;
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
    return connection.remoteAddress();
  }

  /** The connection, which other calls may share. */
  public HttpConnection connection() {
    return connection;
  }

  /** What an interceptor has to say to a handler; null when that is nothing. */
  public <T> T attachment(Class<T> type) {
    return type.isInstance(attachment) ? type.cast(attachment) : null;
  }

  /** Leaves something for the handler; there is one place. */
  public void attach(Object something) {
    attachment = something;
  }

  /**
   * Ends the call, a quarter of a second late at most, when it goes on for too long.
   *
   * @param millis as {@link System#currentTimeMillis} counts
   * @param failure what it ends with
   */
  public void endAt(long millis, Throwable failure) {
    untilMillis = millis;
    tooLate = failure;
  }

  /** The request's metadata. */
  public MultiMap headers() {
    return headers;
  }

  /** Metadata that goes out before the first message; to be set before the handler is called. */
  public MultiMap responseHeaders() {
    if (responseHeaders == null) {
      responseHeaders = MultiMap.caseInsensitiveMultiMap();
    }
    return responseHeaders;
  }

  /** Metadata that goes out with the status. */
  public MultiMap responseTrailers() {
    if (responseTrailers == null) {
      responseTrailers = MultiMap.caseInsensitiveMultiMap();
    }
    return responseTrailers;
  }

  /**
   * Counts memory that the handler keeps for this call, such as what waits for the end of a stream.
   * It is released when the call ends, or with {@link #release}.
   *
   * @param bytes about what it takes
   * @return false when this caller's share of the memory, or the server's, does not have it; the
   *     handler then fails the call with {@link #memoryExceeded}
   */
  public boolean hold(int bytes) {
    return memory.hold(bytes);
  }

  /** Releases bytes that were held. */
  public void release(int bytes) {
    memory.release(bytes);
  }

  /** The failure of a call for which {@link #hold} was false. */
  public Throwable memoryExceeded() {
    return new RpcException(memory.refusal());
  }

  /** Messages that have come in so far. */
  public long received() {
    return received;
  }

  /** Messages that have gone out so far. */
  public long sent() {
    return sent;
  }

  /**
   * Whether the call has its status, so that nobody waits for more: its time is over, or its caller
   * has gone. May be asked from any thread.
   */
  public boolean isOver() {
    return (boolean) OVER.getAcquire(this);
  }

  /** Milliseconds since the headers of the call came. */
  public long millis() {
    return TimeUnit.NANOSECONDS.toMillis(nanos());
  }

  /** Nanoseconds since the headers of the call came. */
  public long nanos() {
    return System.nanoTime() - startNanos;
  }

  /**
   * Why the call has failed, as in its {@code google.rpc.ErrorInfo}: one of the constants that we
   * have. Empty while it has not, and when the caller has gone.
   */
  public String reason() {
    return reason;
  }

  /** Calls back some four times a second while the call is open; there is one who is told. */
  public void whileOpen(Runnable look) {
    this.look = look;
  }

  /** Calls back once when the call is over; CANCELLED when the caller has gone. */
  public void onEnd(Consumer<GrpcStatus> handler) {
    if (atEnd.isEmpty()) {
      atEnd = new ArrayList<>();
    }
    atEnd.add(handler);
  }

  boolean hasResponseHeaders() {
    return responseHeaders != null;
  }

  boolean hasResponseTrailers() {
    return responseTrailers != null;
  }

  /** Why the call must not go on; null when it may. */
  Throwable tooLate(long nowMillis) {
    return nowMillis < untilMillis ? null : tooLate;
  }

  void look() {
    look.run();
  }

  void failed(String reason) {
    this.reason = reason;
  }

  void countReceived() {
    received++;
  }

  void countSent() {
    sent++;
  }

  void end(GrpcStatus status) {
    OVER.setRelease(this, true);
    if (!atEnd.isEmpty()) {
      atEnd.forEach(handler -> handler.accept(status));
    }
  }
}
