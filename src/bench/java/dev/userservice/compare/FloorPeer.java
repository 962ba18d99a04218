package dev.userservice.compare;

import dev.userservice.proto.UserResponse;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;

/**
 * The cost of a GetUser without gRPC: a plain handler of HTTP/2 that reads whatever comes and
 * answers with the same bytes and trailers.
 */
final class FloorPeer {

  private static final UserResponse ALICE = new PeerUsers().get(1);

  private FloorPeer() {}

  public static void main(String[] args) throws Exception {
    PeerOptions.read(args, 0).serve(vertx -> FloorPeer::answer);
  }

  private static void answer(HttpServerRequest request) {
    request.endHandler(
        end -> {
          HttpServerResponse response = request.response();
          response.putHeader("content-type", "application/grpc");
          response.putTrailer("grpc-status", "0");
          byte[] message = ALICE.toByteArray();
          Buffer frame = Buffer.buffer(5 + message.length);
          response.end(frame.appendByte((byte) 0).appendInt(message.length).appendBytes(message));
        });
  }
}
