package dev.userservice.rpc;

import io.vertx.core.Future;
import io.vertx.core.MultiMap;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.core.http.HttpVersion;

/**
 * What a protocol sends around the messages of a response: its headers, and how the call ended.
 * Messages are sent by {@link Outgoing}.
 */
abstract class ProtocolResponse {

  final HttpServerResponse http;
  final ContentType contentType;
  private final boolean http2;

  ProtocolResponse(RequestGate request) {
    this.http = request.response();
    this.contentType = request.contentType();
    this.http2 = request.version() == HttpVersion.HTTP_2;
  }

  static ProtocolResponse of(RequestGate request) {
    return switch (request.protocol()) {
      case GRPC -> new GrpcResponse(request);
      case GRPC_WEB, GRPC_WEB_TEXT -> new WebResponse(request);
      case CONNECT -> new ConnectResponse(request);
      case CONNECT_STREAM -> new ConnectStreamResponse(request);
    };
  }

  /**
   * Sets the headers of a response with messages.
   *
   * @param gzip true if messages may be compressed
   */
  void head(boolean gzip) {
    http.putHeader(HttpHeaders.CONTENT_TYPE, contentType.name());
    if (gzip) {
      // Only then: clients of gRPC 1.51 crash when an answer to their health check names one.
      http.putHeader(contentType.protocol().encoding(), Gzip.NAME);
    }
  }

  /** Returns frames as they are sent in the body. */
  Buffer body(Buffer frames) {
    return frames;
  }

  /**
   * Ends the call OK. The headers are set, but perhaps not sent.
   *
   * @param frame the last message, or null
   * @param trailers the metadata of the call, or null
   * @return completes when the end is sent
   */
  abstract Future<Void> succeed(Buffer frame, MultiMap trailers);

  /**
   * Ends the call with a failure, behind the messages that were sent.
   *
   * @param trailers the metadata of the call, or null
   * @return completes when the end is sent
   */
  abstract Future<Void> fail(RpcStatus status, String domain, MultiMap trailers);

  /**
   * Fails a call of gRPC or gRPC-Web before any message. Headers that end the stream are its whole
   * response (the specification's "Trailers-Only").
   */
  final Future<Void> failByHeaders(RpcStatus status, String domain, MultiMap trailers) {
    if (http2) {
      // Vert.x adds it for HTTP/1.1, which needs it; a proxy that obeys it drops the status.
      http.headersEndHandler(headers -> http.headers().remove(HttpHeaders.CONTENT_LENGTH));
    }
    addStatus(http.headers(), status, domain, trailers);
    return http.end();
  }

  /** Adds the metadata of the call and, in the form of gRPC, a failure. */
  static void addStatus(MultiMap end, RpcStatus status, String domain, MultiMap trailers) {
    addTo(end, trailers);
    status.writeTo(end, domain);
  }

  /**
   * @param trailers the metadata of the call, or null
   */
  static void addTo(MultiMap end, MultiMap trailers) {
    if (trailers != null) {
      end.addAll(trailers);
    }
  }

  /**
   * Returns a last frame, which tells how the call ended.
   *
   * @param frame the frame before it, or null
   */
  static Buffer lastFrame(Buffer frame, byte flags, Buffer content) {
    Buffer last = Buffer.buffer();
    if (frame != null) {
      last.appendBuffer(frame);
    }
    return last.appendByte(flags).appendInt(content.length()).appendBuffer(content);
  }
}
