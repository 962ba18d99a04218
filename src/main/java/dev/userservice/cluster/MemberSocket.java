package dev.userservice.cluster;

import dev.userservice.config.Address;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.Socket;
import java.net.SocketAddress;
import java.net.SocketException;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLSocket;

/**
 * A TCP socket whose streams use TLS once the handshake is complete. Closing it does not wait for
 * the peer, as closing an SSLSocket can. Messages of JGroups have a length, so a truncated one is
 * detected without a TLS close_notify.
 */
final class MemberSocket extends Socket {

  private static final ScheduledThreadPoolExecutor DEADLINES = deadlines();

  private final MemberSockets sockets;
  private volatile SSLSocket tls;

  MemberSocket(MemberSockets sockets) {
    this.sockets = sockets;
  }

  private static ScheduledThreadPoolExecutor deadlines() {
    ScheduledThreadPoolExecutor timer =
        new ScheduledThreadPoolExecutor(
            1,
            task -> {
              Thread thread = new Thread(task, "member-handshakes");
              thread.setDaemon(true);
              return thread;
            });
    timer.setRemoveOnCancelPolicy(true);
    return timer;
  }

  /** Fails with a SocketException, which JGroups treats as an absent peer. */
  @Override
  public void connect(SocketAddress peer, int timeoutMillis) throws IOException {
    super.connect(peer, timeoutMillis);
    handshake(true);
  }

  /**
   * Performs the handshake; on failure, closes this socket. Blocks.
   *
   * @param client true on the side that has connected
   */
  void handshake(boolean client) throws SocketException {
    String peer = Address.join(getInetAddress().getHostAddress(), getPort());
    // A deadline, because each byte of a slow peer would restart a read timeout.
    ScheduledFuture<?> deadline =
        DEADLINES.schedule(this::closeQuietly, sockets.handshakeMillis(), TimeUnit.MILLISECONDS);
    try {
      SSLSocket layer = sockets.layer().over(this, client);
      layer.startHandshake();
      tls = layer;
    } catch (IOException e) {
      sockets.failed(peer, e);
      closeQuietly();
      throw refused(e);
    } finally {
      deadline.cancel(false);
    }
  }

  private void closeQuietly() {
    try {
      close();
    } catch (IOException e) {
      // Already closed, or never open.
    }
  }

  private static SocketException refused(IOException failure) {
    SocketException refused = new SocketException(failure.getMessage());
    refused.initCause(failure);
    return refused;
  }

  @Override
  public InputStream getInputStream() throws IOException {
    return tls == null ? super.getInputStream() : new Input(tls.getInputStream());
  }

  @Override
  public OutputStream getOutputStream() throws IOException {
    return tls == null ? super.getOutputStream() : tls.getOutputStream();
  }

  /**
   * Reports late failures: in TLS 1.3 a server can refuse a client after the client's handshake.
   */
  private final class Input extends FilterInputStream {

    private Input(InputStream in) {
      super(in);
    }

    @Override
    public int read() throws IOException {
      try {
        return super.read();
      } catch (SSLException e) {
        throw ended(e);
      }
    }

    @Override
    public int read(byte[] bytes, int offset, int length) throws IOException {
      try {
        return super.read(bytes, offset, length);
      } catch (SSLException e) {
        throw ended(e);
      }
    }

    private SocketException ended(SSLException failure) {
      if (!isClosed()) {
        sockets.failed(Address.join(getInetAddress().getHostAddress(), getPort()), failure);
      }
      return refused(failure);
    }
  }
}
