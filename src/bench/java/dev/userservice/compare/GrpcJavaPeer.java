package dev.userservice.compare;

import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;
import java.io.File;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;

/**
 * grpc-java on grpc-netty-shaded: {@code direct} or {@code pool}, or {@code checked}, which is direct
 * and checks users as ours does, and behind a colon the file of a key to check tokens with; the port;
 * for TLS the files of a certificate and its key. Uses no class of the tests' libraries.
 */
final class GrpcJavaPeer {

  private GrpcJavaPeer() {}

  public static void main(String[] args) throws Exception {
    String[] how = args[0].split(":", 2);
    boolean checked = how[0].equals("checked");
    PeerUsers users = new PeerUsers(checked ? new PeerRules() : null);
    NettyServerBuilder server =
        NettyServerBuilder.forAddress(
                new InetSocketAddress(
                    InetAddress.getByName("127.0.0.1"), Integer.parseInt(args[1])))
            .addService(new PeerService(users));
    if (!how[0].equals("pool")) {
      server.directExecutor();
    }
    if (how.length > 1) {
      server.intercept(new TokenCheck(Path.of(how[1])));
    }
    if (args.length > 2) {
      server.useTransportSecurity(new File(args[2]), new File(args[3]));
    }
    server.build().start().awaitTermination();
  }
}
