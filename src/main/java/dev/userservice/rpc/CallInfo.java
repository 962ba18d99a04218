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
 * The properties of a call besides its messages. Belongs to the event loop of the call.
 *
 * <p>Headers are as the caller sent them. They may contain secrets, so they are never logged.
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
  private final Protocol protocol;
  private final HttpConnection connection;
  private final MultiMap headers;
  private final CallMemory memory;
  private final long startNanos = System.nanoTime();
  // Created when first needed: most calls need neither.
  private MultiMap responseHeaders;
  private MultiMap responseTrailers;
  private Object attachment;
  private long untilMillis = Long.MAX_VALUE;
  private Throwable expiryFailure;
  private List<Consumer<GrpcStatus>> atEnd = List.of();
  private Runnable whileOpen = () -> {};
  private String reason = "";
  private long received;
  private long sent;

  /**
   * Written by the event loop, read by any thread that works for the call; never as a plain field,
   * and without the fence of a volatile, which would be a measurable part of a short call.
   */
  @SuppressWarnings("unused")
  private boolean over;

  CallInfo(
      String method,
      Protocol protocol,
      HttpConnection connection,
      MultiMap headers,
      CallMemory memory) {
    this.method = method;
    this.protocol = protocol;
    this.connection = connection;
    this.headers = headers;
    this.memory = memory;
  }

  /** The full method name, such as {@code users.v1.UserService/GetUser}; may be unknown. */
  public String method() {
    return method;
  }

  /** The protocol of the caller; handlers do not need it. */
  public Protocol protocol() {
    return protocol;
  }

  /** The other end of the connection: the caller, or the last proxy. */
  public SocketAddress peer() {
    return connection.remoteAddress();
  }

  /** The connection, which other calls may share. */
  public HttpConnection connection() {
    return connection;
  }

  /** The object that an interceptor attached for the handler, or null. */
  public <T> T attachment(Class<T> type) {
    return type.isInstance(attachment) ? type.cast(attachment) : null;
  }

  /** Attaches an object for the handler; replaces an earlier one. */
  public void attach(Object object) {
    attachment = object;
  }

  /**
   * Sets the time at which the call ends if it is still open; at most a quarter of a second late.
   *
   * @param millis in the time of {@link System#currentTimeMillis}
   * @param failure ends the call
   */
  public void endAt(long millis, Throwable failure) {
    untilMillis = millis;
    expiryFailure = failure;
  }

  /** The request's metadata. */
  public MultiMap headers() {
    return headers;
  }

  /** Metadata to send before the first message; set it before the handler is called. */
  public MultiMap responseHeaders() {
    if (responseHeaders == null) {
      responseHeaders = MultiMap.caseInsensitiveMultiMap();
    }
    return responseHeaders;
  }

  /** Metadata to send with the status. */
  public MultiMap responseTrailers() {
    if (responseTrailers == null) {
      responseTrailers = MultiMap.caseInsensitiveMultiMap();
    }
    return responseTrailers;
  }

  /**
   * Counts memory that the handler keeps for this call, such as messages until the end of a stream.
   * It is released when the call ends, or with {@link #release}.
   *
   * @param bytes the approximate size
   * @return false when the memory of this caller, or of the server, would be exceeded; the handler
   *     then fails the call with {@link #memoryExceeded}
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

  /** The number of messages received so far. */
  public long received() {
    return received;
  }

  /** The number of messages sent so far. */
  public long sent() {
    return sent;
  }

  /**
   * Returns true once the call has ended: it has its status, its time is over, or its caller has
   * cancelled or disconnected. Thread-safe.
   */
  public boolean isOver() {
    return (boolean) OVER.getAcquire(this);
  }

  /** Milliseconds since the headers arrived. */
  public long millis() {
    return TimeUnit.NANOSECONDS.toMillis(nanos());
  }

  /** Nanoseconds since the headers arrived. */
  public long nanos() {
    return System.nanoTime() - startNanos;
  }

  /**
   * The reason of the failure, as in its {@code google.rpc.ErrorInfo}: a constant of this project.
   * Empty before a failure, and when the caller has cancelled or disconnected.
   */
  public String reason() {
    return reason;
  }

  /** Calls back about four times a second while the call is open. Replaces any earlier callback. */
  public void whileOpen(Runnable callback) {
    whileOpen = callback;
  }

  /** Calls back once when the call ends; CANCELLED when the caller cancels or disconnects. */
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

  /** The failure of a call whose time is over, or null. */
  Throwable expiryFailure(long nowMillis) {
    return nowMillis < untilMillis ? null : expiryFailure;
  }

  void runWhileOpen() {
    whileOpen.run();
  }

  void recordFailure(String reason) {
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
