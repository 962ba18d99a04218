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

  ProtocolResponse(HttpServerResponse http, ContentType contentType) {
    this.http = http;
    this.contentType = contentType;
  }

  static ProtocolResponse of(RequestGate request) {
    HttpServerResponse http = request.response();
    ContentType contentType = request.contentType();
    return switch (contentType.protocol()) {
      case GRPC -> new GrpcResponse(http, contentType);
      case GRPC_WEB, GRPC_WEB_TEXT ->
          new WebResponse(http, contentType, request.version() == HttpVersion.HTTP_2);
      case CONNECT -> new ConnectResponse(http, contentType);
      case CONNECT_STREAM -> new ConnectStreamResponse(http, contentType);
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
}
