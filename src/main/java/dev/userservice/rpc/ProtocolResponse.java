package dev.userservice.rpc;

import io.vertx.core.Future;
import io.vertx.core.Handler;
import io.vertx.core.MultiMap;
import io.vertx.core.buffer.Buffer;

/**
 * The response of a call in one protocol: its metadata, its messages and its status. {@link
 * Outgoing} decides when.
 */
abstract class ProtocolResponse {

  static ProtocolResponse of(RequestGate request) {
    return switch (request.protocol()) {
      case GRPC -> new GrpcResponse(request);
      case GRPC_WEB, GRPC_WEB_TEXT -> new WebResponse(request);
      case CONNECT -> new ConnectResponse(request);
      case CONNECT_STREAM -> new ConnectStreamResponse(request);
      case WEB_SOCKET -> new SocketResponse((SocketRequest) request.http());
    };
  }

  /**
   * Sets what precedes the messages; called once, before all else.
   *
   * @param gzip true if messages may be compressed
   * @param metadata the metadata of the call, or null
   */
  abstract void head(boolean gzip, MultiMap metadata);

  /**
   * Sends frames.
   *
   * @return completes when they are sent
   */
  abstract Future<Void> write(Buffer frames);

  /**
   * Ends the call OK.
   *
   * @param frame the last message, or null
   * @param trailers the metadata of the end, or null
   * @return completes when the end is sent
   */
  abstract Future<Void> succeed(Buffer frame, MultiMap trailers);

  /**
   * Ends the call with a failure, behind the messages that were sent.
   *
   * @param trailers the metadata of the end, or null
   * @return completes when the end is sent
   */
  abstract Future<Void> fail(RpcStatus status, String domain, MultiMap trailers);

  /** Drops what is not sent yet, and closes the stream of the call. */
  abstract void reset(long http2Error);

  /** Sets the handler of the end of the stream, for whatever reason. */
  abstract void onClose(Handler<Void> handler);
}
