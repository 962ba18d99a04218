package dev.userservice.compare;

import io.grpc.netty.NettyServerBuilder;
import java.net.InetAddress;
import java.net.InetSocketAddress;

/** grpc-java on Netty: {@code direct} or {@code pool}, and the {@link PeerOptions}. */
final class GrpcJavaPeer {

  private GrpcJavaPeer() {}

  public static void main(String[] args) throws Exception {
    PeerOptions options = PeerOptions.read(args, 1);
    NettyServerBuilder server =
        NettyServerBuilder.forAddress(
                new InetSocketAddress(InetAddress.getByName("127.0.0.1"), options.port()))
            .addService(new PeerService());
    if (args[0].equals("direct")) {
      server.directExecutor();
    }
    if (options.certificate() != null) {
      server.useTransportSecurity(options.certificate(), options.key());
    }
    server.build().start().awaitTermination();
  }
}
