package dev.userservice.rpc;

import io.vertx.core.Future;
import io.vertx.core.MultiMap;
import io.vertx.core.buffer.Buffer;
import io.vertx.grpc.common.GrpcHeaderNames;
import io.vertx.grpc.common.GrpcStatus;

/** A response of gRPC over HTTP/2. */
final class GrpcResponse extends HttpResponse {

  private static final String OK = GrpcStatus.OK.toString();

  GrpcResponse(RequestGate request) {
    super(request);
  }

  @Override
  void head(boolean gzip, MultiMap metadata) {
    super.head(gzip, metadata);
    http.putHeader(GrpcHeaderNames.GRPC_ACCEPT_ENCODING, Gzip.NAME);
  }

  @Override
  Future<Void> succeed(Buffer frame, MultiMap trailers) {
    if (!http.headWritten()) {
      // Vert.x would add a content-length, which is wrong beside trailers: a proxy that obeys it
      // drops the status.
      http.writeHead();
    }
    http.putTrailer(GrpcHeaderNames.GRPC_STATUS, OK);
    addTo(http.trailers(), trailers);
    return frame == null ? http.end() : http.end(frame);
  }

  @Override
  Future<Void> fail(RpcStatus status, String domain, MultiMap trailers) {
    if (!http.headWritten()) {
      return failByHeaders(status, domain, trailers);
    }
    addStatus(http.trailers(), status, domain, trailers);
    return http.end();
  }
}
