package dev.userservice.rpc;

import io.vertx.grpc.common.GrpcHeaderNames;
import io.vertx.grpc.common.GrpcStatus;

/**
 * A protocol of callers. All carry the same calls; they differ in the names of their headers, and
 * in the bytes around a message.
 */
public enum Protocol {
  /** gRPC over HTTP/2. */
  GRPC("grpc", false),
  /** gRPC-Web: the trailers are the last frame of the body. */
  GRPC_WEB("grpc-web", false),
  /** gRPC-Web with a body in base64, for browsers that read no bytes as they arrive. */
  GRPC_WEB_TEXT("grpc-web-text", false),
  /** A unary call of Connect: one HTTP request and response, without frames. */
  CONNECT("connect", true),
  /** A stream of Connect: frames as in gRPC, and the end of the stream as the last one. */
  CONNECT_STREAM("connect", true),
  /** A WebSocket for each call, with the deadline and the errors of Connect. */
  WEB_SOCKET("websocket", true);

  private final String label;
  private final boolean connect;

  Protocol(String label, boolean connect) {
    this.label = label;
    this.connect = connect;
  }

  /** The name for logs and metrics. */
  public String label() {
    return label;
  }

  /** Returns true for Connect, and for what takes its deadlines and errors. */
  boolean isConnect() {
    return connect;
  }

  /** Returns true if each message has a prefix of flags and length. */
  boolean hasFrames() {
    return this != CONNECT;
  }

  /**
   * The status of a call whose caller breaks the protocol: INTERNAL, as in grpc-java; for Connect,
   * where a status is one of HTTP too, the one of a bad request.
   */
  GrpcStatus violation() {
    return connect ? GrpcStatus.INVALID_ARGUMENT : GrpcStatus.INTERNAL;
  }

  /** The header that names the compression of messages, in either direction. */
  CharSequence encoding() {
    return switch (this) {
      case GRPC, GRPC_WEB, GRPC_WEB_TEXT -> GrpcHeaderNames.GRPC_ENCODING;
      case CONNECT -> "content-encoding";
      case CONNECT_STREAM, WEB_SOCKET -> "connect-content-encoding";
    };
  }

  /** The header that names the compression that the caller understands. */
  CharSequence acceptEncoding() {
    return switch (this) {
      case GRPC, GRPC_WEB, GRPC_WEB_TEXT -> GrpcHeaderNames.GRPC_ACCEPT_ENCODING;
      case CONNECT -> "accept-encoding";
      case CONNECT_STREAM, WEB_SOCKET -> "connect-accept-encoding";
    };
  }

  /** The header with the time that the caller gives the call. */
  CharSequence timeout() {
    return switch (this) {
      case GRPC, GRPC_WEB, GRPC_WEB_TEXT -> GrpcHeaderNames.GRPC_TIMEOUT;
      case CONNECT, CONNECT_STREAM -> "connect-timeout-ms";
      case WEB_SOCKET -> "timeout_ms";
    };
  }
}
