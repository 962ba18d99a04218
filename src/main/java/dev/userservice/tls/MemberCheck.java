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
final class MemberCheck extends X509ExtendedTrustManager {

  private static final String UNKNOWN_PEER = "a peer";

  private final Supplier<MemberFiles> current;
  private final BiConsumer<String, Exception> report;

  /**
   * @param report called for each rejection with the address of the peer, on any thread
   */
  MemberCheck(Supplier<MemberFiles> current, BiConsumer<String, Exception> report) {
    this.current = current;
    this.report = report;
  }

  /** Runs one check of the current authorities, and reports a rejection. */
  private void check(String peer, Check check) throws CertificateException {
    try {
      check.run(current.get().trust());
    } catch (CertificateException e) {
      report.accept(peer, e);
      throw e;
    }
  }

  /** One of the two checks of the JDK: of a peer that has connected, or was connected to. */
  private interface Check {
    void run(X509ExtendedTrustManager authorities) throws CertificateException;
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
    check(UNKNOWN_PEER, authorities -> authorities.checkClientTrusted(chain, kind));
  }

  @Override
  public void checkClientTrusted(X509Certificate[] chain, String kind, Socket socket)
      throws CertificateException {
    check(peer(socket), authorities -> authorities.checkClientTrusted(chain, kind));
  }

  @Override
  public void checkClientTrusted(X509Certificate[] chain, String kind, SSLEngine engine)
      throws CertificateException {
    check(peer(engine), authorities -> authorities.checkClientTrusted(chain, kind));
  }

  @Override
  public void checkServerTrusted(X509Certificate[] chain, String kind) throws CertificateException {
    check(UNKNOWN_PEER, authorities -> authorities.checkServerTrusted(chain, kind));
  }

  @Override
  public void checkServerTrusted(X509Certificate[] chain, String kind, Socket socket)
      throws CertificateException {
    check(peer(socket), authorities -> authorities.checkServerTrusted(chain, kind));
  }

  @Override
  public void checkServerTrusted(X509Certificate[] chain, String kind, SSLEngine engine)
      throws CertificateException {
    check(peer(engine), authorities -> authorities.checkServerTrusted(chain, kind));
  }

  @Override
  public X509Certificate[] getAcceptedIssuers() {
    return current.get().trust().getAcceptedIssuers();
  }
}
