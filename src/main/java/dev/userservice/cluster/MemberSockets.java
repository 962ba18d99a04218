package dev.userservice.cluster;

import java.io.IOException;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.MulticastSocket;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketAddress;
import java.net.SocketException;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.function.BiConsumer;
import javax.net.ssl.SSLSocket;
import org.jgroups.util.DefaultSocketFactory;

/**
 * The sockets of JGroups, over mutual TLS. JGroups gets a socket only when both sides have proven
 * that they are members. It never sees other connections, so it neither waits for a stranger nor
 * logs it. Every plaintext socket is refused.
 */
public final class MemberSockets extends DefaultSocketFactory {

  /** Lays TLS over a connected socket. */
  @FunctionalInterface
  public interface Layer {

    /**
     * Wraps a socket, before its handshake; the server requires a certificate of the client.
     *
     * @param client true on the side that has connected
     */
    SSLSocket over(Socket socket, boolean client) throws IOException;
  }

  private final Layer layer;
  private final int handshakeMillis;
  private final BiConsumer<String, Exception> failed;

  /**
   * @param layer called for each connection
   * @param handshakeMillis the max duration of a handshake
   * @param failed called for each failed handshake, on any thread, with the peer's address
   */
  public MemberSockets(Layer layer, int handshakeMillis, BiConsumer<String, Exception> failed) {
    this.layer = layer;
    this.handshakeMillis = handshakeMillis;
    this.failed = failed;
  }

  Layer layer() {
    return layer;
  }

  int handshakeMillis() {
    return handshakeMillis;
  }

  void failed(String peer, Exception failure) {
    failed.accept(peer, failure);
  }

  @Override
  public Socket createSocket(String service) {
    return new MemberSocket(this);
  }

  @Override
  public ServerSocket createServerSocket(String service) throws IOException {
    return new MemberServerSocket(this);
  }

  private static SocketException plaintext() {
    return new SocketException(
        "a plaintext socket was requested, but servers of this cluster use TLS over TCP");
  }

  @Override
  public Socket createSocket(String service, String host, int port) throws IOException {
    throw plaintext();
  }

  @Override
  public Socket createSocket(String service, InetAddress host, int port) throws IOException {
    throw plaintext();
  }

  @Override
  public Socket createSocket(String service, String host, int port, InetAddress local, int from)
      throws IOException {
    throw plaintext();
  }

  @Override
  public Socket createSocket(
      String service, InetAddress host, int port, InetAddress local, int from) throws IOException {
    throw plaintext();
  }

  @Override
  public ServerSocket createServerSocket(String service, int port) throws IOException {
    throw plaintext();
  }

  @Override
  public ServerSocket createServerSocket(String service, int port, int backlog) throws IOException {
    throw plaintext();
  }

  @Override
  public ServerSocket createServerSocket(String service, int port, int backlog, InetAddress host)
      throws IOException {
    throw plaintext();
  }

  @Override
  public SocketChannel createSocketChannel(String service) throws IOException {
    throw plaintext();
  }

  @Override
  public ServerSocketChannel createServerSocketChannel(String service) throws IOException {
    throw plaintext();
  }

  @Override
  public DatagramSocket createDatagramSocket(String service) throws SocketException {
    throw plaintext();
  }

  @Override
  public DatagramSocket createDatagramSocket(String service, SocketAddress host)
      throws SocketException {
    throw plaintext();
  }

  @Override
  public DatagramSocket createDatagramSocket(String service, int port) throws SocketException {
    throw plaintext();
  }

  @Override
  public DatagramSocket createDatagramSocket(String service, int port, InetAddress host)
      throws SocketException {
    throw plaintext();
  }

  @Override
  public MulticastSocket createMulticastSocket(String service) throws IOException {
    throw plaintext();
  }

  @Override
  public MulticastSocket createMulticastSocket(String service, int port) throws IOException {
    throw plaintext();
  }

  @Override
  public MulticastSocket createMulticastSocket(String service, SocketAddress host)
      throws IOException {
    throw plaintext();
  }
}
