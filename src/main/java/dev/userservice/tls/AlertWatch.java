package dev.userservice.tls;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslHandler;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLPeerUnverifiedException;
import javax.net.ssl.SSLSession;

/**
 * TLS for a client that remembers the alert with which a server ended a connection. In TLS 1.3 the
 * server checks the client's certificate after the client has completed the handshake, and the HTTP
 * client loses the alert that follows.
 *
 * <p>Runs on the event loop, unlike the server's TLS: a client has few connections, and on a worker
 * thread the alert and the close event can arrive in either order.
 */
final class AlertWatch extends WatchedTls {

  /**
   * The alert with which a server ended a connection.
   *
   * @param afterCertificate true when the server had already sent its certificate, and so had
   *     agreed on a version and a cipher
   */
  record Alert(String name, boolean afterCertificate) {}

  private record Peer(String address, int port) {}

  /** The state of one connection. */
  private static final class State {

    private volatile String alert;
    private volatile boolean afterCertificate;
  }

  /** The state of the last connection to each server. */
  private final Map<Peer, State> lastStates;

  AlertWatch() {
    this(new ConcurrentHashMap<>());
  }

  private AlertWatch(Map<Peer, State> lastStates) {
    this.lastStates = lastStates;
  }

  /**
   * The alert with which a server has ended a connection.
   *
   * @param failure the reason that connecting failed
   * @return null without an alert
   */
  Alert alert(Throwable failure, String address, int port) {
    State state = lastStates.get(new Peer(address, port));
    if (state == null) {
      return null;
    }
    for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
      String name = alert(cause);
      if (name != null) {
        return new Alert(name, state.afterCertificate);
      }
    }
    // After an IOException the alert would be that of an earlier connection.
    return failure instanceof IOException || state.alert == null
        ? null
        : new Alert(state.alert, state.afterCertificate);
  }

  @Override
  public AlertWatch copy() {
    return new AlertWatch(lastStates);
  }

  @Override
  SslContext watched(SslContext context) {
    return new Watched(context);
  }

  private final class Watched extends Ordered {

    Watched(SslContext context) {
      super(context);
    }

    @Override
    protected SslHandler newHandler(
        ByteBufAllocator allocator, String host, int port, boolean startTls, Executor executor) {
      return new AlertHandler(newEngine(allocator, host, port), startTls, executor);
    }
  }

  private final class AlertHandler extends SslHandler {

    private final State state = new State();

    AlertHandler(SSLEngine engine, boolean startTls, Executor executor) {
      super(engine, startTls, executor);
    }

    @Override
    public void channelActive(ChannelHandlerContext ctx) throws Exception {
      lastStates.put(peer(ctx), state);
      super.channelActive(ctx);
    }

    @Override
    protected void decode(ChannelHandlerContext ctx, ByteBuf in, List<Object> out)
        throws SSLException {
      // Set before decoding, which fails the handshake's Future and so runs its listeners.
      state.afterCertificate = hasServerCertificate();
      try {
        super.decode(ctx, in, out);
      } catch (SSLException e) {
        state.alert = alert(e);
        throw e;
      }
    }

    private boolean hasServerCertificate() {
      if (handshakeFuture().isSuccess()) {
        return true;
      }
      SSLSession session = engine().getHandshakeSession();
      try {
        return session != null && session.getPeerCertificates().length > 0;
      } catch (SSLPeerUnverifiedException e) {
        return false;
      }
    }

    private static Peer peer(ChannelHandlerContext ctx) {
      SocketAddress remote = ctx.channel().remoteAddress();
      return remote instanceof InetSocketAddress address && address.getAddress() != null
          ? new Peer(address.getAddress().getHostAddress(), address.getPort())
          : new Peer(String.valueOf(remote), 0);
    }
  }
}
