package dev.userservice.rpc;

import io.vertx.core.net.SocketAddress;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.HexFormat;

/** Where calls come from, as it is counted. */
public final class SourceAddress {

  private static final int IPV6_BYTES = 16;

  /** What a provider gives to one customer, who may use a new address for each call. */
  private static final int NETWORK_BYTES = 8;

  private SourceAddress() {}

  /** An IPv4 address, or the /64 network of an IPv6 address. */
  public static String of(SocketAddress peer) {
    String host = peer.hostAddress();
    if (host == null || !host.contains(":")) {
      return String.valueOf(host);
    }
    try {
      // A literal: nothing is looked up.
      byte[] bytes = InetAddress.getByName(host).getAddress();
      return bytes.length == IPV6_BYTES ? HexFormat.of().formatHex(bytes, 0, NETWORK_BYTES) : host;
    } catch (UnknownHostException e) {
      return host;
    }
  }
}
