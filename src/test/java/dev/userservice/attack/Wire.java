package dev.userservice.attack;

import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;

/** One connection of an attacker, plaintext or TLS, that counts the bytes it sends. */
final class Wire {

  private static final int CONNECT_MILLIS = 5_000;
  private static final int RECEIVE_BYTES = 16_384;

  private final Socket tcp;
  private final AtomicLong sent;
  private final AtomicInteger closedByServer;
  private final AtomicBoolean closed = new AtomicBoolean();
  private Socket socket;

  /**
   * @param address the attacker's own address
   * @param sent counts the bytes of all attackers, before TLS
   * @param closedByServer counts the connections that the server has closed
   */
  Wire(String address, int port, AtomicLong sent, AtomicInteger closedByServer) throws IOException {
    this.sent = sent;
    this.closedByServer = closedByServer;
    tcp = new Socket();
    tcp.setReceiveBufferSize(RECEIVE_BYTES);
    tcp.setTcpNoDelay(true);
    tcp.bind(new InetSocketAddress(InetAddress.getByName(address), 0));
    tcp.connect(new InetSocketAddress("127.0.0.1", port), CONNECT_MILLIS);
    socket = tcp;
  }

  /** Completes a TLS handshake that agrees on HTTP/2, or on nothing. */
  Wire startTls(SSLContext context, boolean http2) throws IOException {
    SSLSocket tls =
        (SSLSocket) context.getSocketFactory().createSocket(tcp, "127.0.0.1", tcp.getPort(), true);
    SSLParameters parameters = tls.getSSLParameters();
    parameters.setApplicationProtocols(http2 ? new String[] {"h2"} : new String[0]);
    tls.setSSLParameters(parameters);
    tls.startHandshake();
    socket = tls;
    return this;
  }

  InputStream input() throws IOException {
    return socket.getInputStream();
  }

  OutputStream output() throws IOException {
    return new FilterOutputStream(socket.getOutputStream()) {
      @Override
      public void write(int octet) throws IOException {
        out.write(octet);
        sent.incrementAndGet();
      }

      @Override
      public void write(byte[] bytes, int from, int count) throws IOException {
        out.write(bytes, from, count);
        sent.addAndGet(count);
      }
    };
  }

  /** Called when the server is the first to close. */
  void closedByServer() {
    if (closed.compareAndSet(false, true)) {
      closedByServer.incrementAndGet();
    }
  }

  /** Closes below TLS, which would wait for a writer that is blocked. */
  void close() {
    closed.set(true);
    try {
      tcp.close();
    } catch (IOException alreadyClosed) {
      // Nothing is left to release.
    }
  }
}
