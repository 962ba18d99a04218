package dev.userservice.rpc;

import io.vertx.core.Future;
import io.vertx.core.MultiMap;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.grpc.common.GrpcHeaderNames;
import io.vertx.grpc.common.GrpcStatus;
import java.util.Base64;
import java.util.Map;

/** A response of gRPC-Web, in bytes or in base64. */
final class WebResponse extends ProtocolResponse {

  /** The flag of the frame that has the trailers. */
  private static final byte TRAILERS = (byte) 0x80;

  private final boolean http2;

  WebResponse(HttpServerResponse http, ContentType contentType, boolean http2) {
    super(http, contentType);
    this.http2 = http2;
  }

  @Override
  Buffer body(Buffer frames) {
    return contentType.protocol() == Protocol.GRPC_WEB_TEXT
        ? Buffer.buffer(Base64.getEncoder().encode(frames.getBytes()))
        : frames;
  }

  @Override
  Future<Void> succeed(Buffer frame, MultiMap trailers) {
    MultiMap end = HttpHeaders.headers();
    if (trailers != null) {
      end.addAll(trailers);
    }
    end.set(GrpcHeaderNames.GRPC_STATUS, GrpcStatus.OK.toString());
    return end(frame, end);
  }

  @Override
  Future<Void> fail(RpcStatus status, String domain, MultiMap trailers) {
    boolean alone = !http.headWritten();
    MultiMap end = alone ? http.headers() : HttpHeaders.headers();
    if (trailers != null) {
      end.addAll(trailers);
    }
    status.writeTo(end, domain);
    if (!alone) {
      return end(null, end);
    }
    if (http2) {
      http.headersEndHandler(headers -> end.remove(HttpHeaders.CONTENT_LENGTH));
    }
    return http.end();
  }

  private Future<Void> end(Buffer frame, MultiMap end) {
    Buffer lines = Buffer.buffer();
    for (Map.Entry<String, String> line : end) {
      lines.appendString(line.getKey() + ":" + line.getValue() + "\r\n");
    }
    Buffer last = Buffer.buffer();
    if (frame != null) {
      last.appendBuffer(frame);
    }
    last.appendByte(TRAILERS).appendInt(lines.length()).appendBuffer(lines);
    return http.end(body(last));
  }
}
