package dev.userservice.rpc;

import io.vertx.core.Future;
import io.vertx.core.MultiMap;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpHeaders;
import io.vertx.grpc.common.GrpcHeaderNames;
import io.vertx.grpc.common.GrpcStatus;
import java.util.Base64;
import java.util.Map;

/** A response of gRPC-Web, in bytes or in base64. */
final class WebResponse extends HttpResponse {

  /** The flag of the frame that has the trailers. */
  private static final byte TRAILERS = (byte) 0x80;

  WebResponse(RequestGate request) {
    super(request);
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
    addTo(end, trailers);
    end.set(GrpcHeaderNames.GRPC_STATUS, GrpcStatus.OK.toString());
    return end(frame, end);
  }

  @Override
  Future<Void> fail(RpcStatus status, String domain, MultiMap trailers) {
    if (!http.headWritten()) {
      return failByHeaders(status, domain, trailers);
    }
    MultiMap end = HttpHeaders.headers();
    addStatus(end, status, domain, trailers);
    return end(null, end);
  }

  private Future<Void> end(Buffer frame, MultiMap end) {
    Buffer lines = Buffer.buffer();
    for (Map.Entry<String, String> line : end) {
      lines.appendString(line.getKey() + ":" + line.getValue() + "\r\n");
    }
    return http.end(body(lastFrame(frame, TRAILERS, lines)));
  }
}
