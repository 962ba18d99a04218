package dev.userservice.rpc;

import io.vertx.core.net.SocketAddress;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.HexFormat;

/** The source of a connection, for limits per source. */
public final class SourceAddress {

  private static final int IPV6_BYTES = 16;

  /** The network of one customer of a provider, who may use a new address for each call. */
  private static final int NETWORK_BYTES = 8;

  private SourceAddress() {}

  /** An IPv4 address, or the /64 network of an IPv6 address. */
  public static String of(SocketAddress peer) {
    String host = peer.hostAddress();
    if (host == null || !host.contains(":")) {
      return String.valueOf(host);
    }
    try {
      // A literal address, so without a DNS lookup.
      byte[] bytes = InetAddress.getByName(host).getAddress();
      return bytes.length == IPV6_BYTES ? HexFormat.of().formatHex(bytes, 0, NETWORK_BYTES) : host;
    } catch (UnknownHostException e) {
      return host;
    }
  }
}
