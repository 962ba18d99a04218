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
 * TLS for a client. It remembers with which alert a server has ended a connection: in TLS 1.3 a
 * server looks at the client's certificate when for the client the handshake is over, and what it
 * says then gets lost on its way up.
 *
 * <p>On the event loop, unlike that of a server: a client has few connections, and while a worker
 * thinks, an alert and the end of its connection overtake each other.
 */
final class AlertWatch extends WatchedTls {

  /**
   * The last words of a server.
   *
   * @param name of the alert
   * @param late whether the server had shown its certificate before, and so had chosen the version
   *     and the cipher
   */
  record Alert(String name, boolean late) {}

  private record Peer(String address, int port) {}

  /** What is known of a connection. */
  private static final class Talk {

    private volatile String alert;
    private volatile boolean late;
  }

  /** By server, that of its last connection. */
  private final Map<Peer, Talk> talks;

  AlertWatch() {
    this(new ConcurrentHashMap<>());
  }

  private AlertWatch(Map<Peer, Talk> talks) {
    this.talks = talks;
  }

  /**
   * The alert with which a server has ended a connection.
   *
   * @param failure what connecting has failed with
   * @return null when there was none
   */
  Alert alert(Throwable failure, String address, int port) {
    Talk talk = talks.get(new Peer(address, port));
    if (talk == null) {
      return null;
    }
    for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
      String name = alert(cause);
      if (name != null) {
        return new Alert(name, talk.late);
      }
    }
    // A server that could not be connected to has said nothing, but it may have done so before.
    return failure instanceof IOException || talk.alert == null
        ? null
        : new Alert(talk.alert, talk.late);
  }

  @Override
  public AlertWatch copy() {
    return new AlertWatch(talks);
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
      return new Listener(newEngine(allocator, host, port), startTls, executor);
    }
  }

  private final class Listener extends SslHandler {

    private final Talk talk = new Talk();

    Listener(SSLEngine engine, boolean startTls, Executor executor) {
      super(engine, startTls, executor);
    }

    @Override
    public void channelActive(ChannelHandlerContext ctx) throws Exception {
      talks.put(peer(ctx), talk);
      super.channelActive(ctx);
    }

    @Override
    protected void decode(ChannelHandlerContext ctx, ByteBuf in, List<Object> out)
        throws SSLException {
      // Before: whoever waits for the handshake is told of its failure in between.
      talk.late = hasShownItsCertificate();
      try {
        super.decode(ctx, in, out);
      } catch (SSLException e) {
        talk.alert = alert(e);
        throw e;
      }
    }

    private boolean hasShownItsCertificate() {
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
