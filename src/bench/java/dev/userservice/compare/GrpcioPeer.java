package dev.userservice.compare;

import io.vertx.grpcio.server.GrpcIoServer;
import io.vertx.grpcio.server.GrpcIoServiceBridge;

/** The stubs of grpc-java on vertx-grpcio-server. */
final class GrpcioPeer {

  private GrpcioPeer() {}

  public static void main(String[] args) throws Exception {
    PeerService service = new PeerService(new PeerUsers());
    PeerOptions.read(args, 0)
        .serve(
            vertx -> {
              GrpcIoServer server = GrpcIoServer.server(vertx);
              GrpcIoServiceBridge.bridge(service).bind(server);
              return server;
            });
  }
}
