package dev.userservice.rpc;

import io.netty.buffer.Unpooled;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.internal.buffer.BufferInternal;
import io.vertx.core.internal.http.HttpServerRequestInternal;
import java.util.Arrays;

/** The gate of requests that are one message, as body or in a query: of Connect's unary calls. */
final class BodyGate extends RequestGate {

  private static final byte[] EMPTY = {};

  /** Null for a request with a body. */
  private final ConnectGet query;

  /** Room for the prefix of a frame, and the received part of the body behind it. */
  private byte[] bytes = EMPTY;

  private int length;

  /**
   * @param query null for a request with a body
   */
  BodyGate(
      HttpServerRequestInternal request,
      BoundMethod method,
      ContentType contentType,
      CallMemory memory,
      ConnectGet query) {
    super(request, method, contentType, memory);
    this.query = query;
  }

  @Override
  String encoding() {
    return query == null ? super.encoding() : query.compression();
  }

  @Override
  int take(Buffer chunk, int from) {
    if (query != null) {
      refuse("BODY_OF_A_GET", "a GET has its message in the query, and no body");
      return chunk.length();
    }
    int count = chunk.length() - from;
    if (!admits(isCompressed(), (long) length + count)) {
      return chunk.length();
    }
    int needed = PREFIX_BYTES + length + count;
    if (needed > bytes.length) {
      int capacity = (int) Math.min(2L * needed, (long) PREFIX_BYTES + bound().messageBytes());
      int more = capacity - bytes.length;
      bytes = Arrays.copyOf(bytes, capacity);
      // Last, because the call, and with it the body, may end for lack of memory.
      memory().received(more);
    }
    if (bytes.length >= needed) {
      chunk.getBytes(from, chunk.length(), bytes, PREFIX_BYTES + length);
      length += count;
    }
    return chunk.length();
  }

  private boolean isCompressed() {
    String encoding = encoding();
    return encoding != null && !encoding.equals(Gzip.IDENTITY);
  }

  @Override
  void finish() {
    if (query != null && !readQuery()) {
      return;
    }
    byte[] frame = bytes.length == 0 ? new byte[PREFIX_BYTES] : bytes;
    int end = PREFIX_BYTES + length;
    // An empty body is an empty message, compressed or not.
    boolean compressed = length > 0 && isCompressed();
    Buffer message = BufferInternal.buffer(Unpooled.wrappedBuffer(frame, 0, end));
    message.setByte(0, compressed ? COMPRESSED : 0).setInt(1, length);
    dropPartial();
    pass(message);
  }

  /** Takes the message of the query; false when it is refused. */
  private boolean readQuery() {
    if (!query.isOfKnownVersion()) {
      return refuse("UNKNOWN_CONNECT_VERSION", "the parameter connect must be v1");
    }
    byte[] message = query.bytes();
    if (message == null) {
      return refuse(
          "MALFORMED_QUERY", "the parameter message is missing, or is not in base64 for URLs");
    }
    if (!admits(isCompressed(), message.length)) {
      return false;
    }
    bytes = new byte[PREFIX_BYTES + message.length];
    length = message.length;
    System.arraycopy(message, 0, bytes, PREFIX_BYTES, length);
    memory().received(bytes.length);
    // The call may have ended for lack of memory.
    return length == message.length;
  }

  @Override
  void dropPartial() {
    memory().release(bytes.length);
    bytes = EMPTY;
    length = 0;
  }
}
