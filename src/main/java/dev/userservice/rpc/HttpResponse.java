package dev.userservice.rpc;

import io.vertx.core.Future;
import io.vertx.core.Handler;
import io.vertx.core.MultiMap;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.core.http.HttpVersion;

/** A response of a protocol whose calls are HTTP requests. */
abstract class HttpResponse extends ProtocolResponse {

  final HttpServerResponse http;
  final ContentType contentType;
  private final boolean http2;

  HttpResponse(RequestGate request) {
    this.http = request.response();
    this.contentType = request.contentType();
    this.http2 = request.version() == HttpVersion.HTTP_2;
  }

  @Override
  void head(boolean gzip, MultiMap metadata) {
    http.putHeader(HttpHeaders.CONTENT_TYPE, contentType.name());
    if (gzip) {
      // Only then: clients of gRPC 1.51 crash when an answer to their health check names one.
      http.putHeader(contentType.protocol().encoding(), Gzip.NAME);
    }
    addTo(http.headers(), metadata);
  }

  @Override
  final Future<Void> write(Buffer frames) {
    if (!http.headWritten()) {
      http.setChunked(true);
    }
    return http.write(body(frames));
  }

  /** Returns frames as they are sent in the body. */
  Buffer body(Buffer frames) {
    return frames;
  }

  @Override
  final void reset(long http2Error) {
    http.reset(http2Error);
  }

  @Override
  final void onClose(Handler<Void> handler) {
    http.closeHandler(handler);
  }

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
   * @param metadata the metadata of the call, or null
   */
  static void addTo(MultiMap headers, MultiMap metadata) {
    if (metadata != null) {
      headers.addAll(metadata);
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
