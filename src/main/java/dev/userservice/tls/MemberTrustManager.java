package dev.userservice.tls;

import dev.userservice.config.Address;
import java.net.Socket;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.util.function.BiConsumer;
import java.util.function.Supplier;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.X509ExtendedTrustManager;

/**
 * Checks another server by the authorities of the current files. The JDK's check gets neither
 * socket nor engine, so it compares no names.
 */
final class MemberTrustManager extends X509ExtendedTrustManager {

  private static final String UNKNOWN_PEER = "a peer";

  private final Supplier<MemberFiles> current;
  private final BiConsumer<String, Exception> report;

  /**
   * @param report called for each rejection with the address of the peer, on any thread
   */
  MemberTrustManager(Supplier<MemberFiles> current, BiConsumer<String, Exception> report) {
    this.current = current;
    this.report = report;
  }

  private void client(X509Certificate[] chain, String kind, String peer)
      throws CertificateException {
    try {
      current.get().trust().checkClientTrusted(chain, kind);
    } catch (CertificateException e) {
      report.accept(peer, e);
      throw e;
    }
  }

  private void server(X509Certificate[] chain, String kind, String peer)
      throws CertificateException {
    try {
      current.get().trust().checkServerTrusted(chain, kind);
    } catch (CertificateException e) {
      report.accept(peer, e);
      throw e;
    }
  }

  private static String peer(Socket socket) {
    return socket == null || socket.getInetAddress() == null
        ? UNKNOWN_PEER
        : Address.join(socket.getInetAddress().getHostAddress(), socket.getPort());
  }

  private static String peer(SSLEngine engine) {
    return engine == null || engine.getPeerHost() == null
        ? UNKNOWN_PEER
        : Address.join(engine.getPeerHost(), engine.getPeerPort());
  }

  @Override
  public void checkClientTrusted(X509Certificate[] chain, String kind) throws CertificateException {
    client(chain, kind, UNKNOWN_PEER);
  }

  @Override
  public void checkClientTrusted(X509Certificate[] chain, String kind, Socket socket)
      throws CertificateException {
    client(chain, kind, peer(socket));
  }

  @Override
  public void checkClientTrusted(X509Certificate[] chain, String kind, SSLEngine engine)
      throws CertificateException {
    client(chain, kind, peer(engine));
  }

  @Override
  public void checkServerTrusted(X509Certificate[] chain, String kind) throws CertificateException {
    server(chain, kind, UNKNOWN_PEER);
  }

  @Override
  public void checkServerTrusted(X509Certificate[] chain, String kind, Socket socket)
      throws CertificateException {
    server(chain, kind, peer(socket));
  }

  @Override
  public void checkServerTrusted(X509Certificate[] chain, String kind, SSLEngine engine)
      throws CertificateException {
    server(chain, kind, peer(engine));
  }

  @Override
  public X509Certificate[] getAcceptedIssuers() {
    return current.get().trust().getAcceptedIssuers();
  }
}
