package dev.userservice.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.userservice.config.ClusterTlsConfig;
import dev.userservice.config.KeyPairConfig;
import dev.userservice.kit.Certificate;
import dev.userservice.kit.LogLines;
import dev.userservice.kit.Waits;
import dev.userservice.tls.ClusterTls;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.Timeout.ThreadMode;
import org.junit.jupiter.api.io.TempDir;

/** Members reach JGroups, strangers never do. */
@Timeout(value = Waits.TEST_SECONDS, threadMode = ThreadMode.SEPARATE_THREAD)
class MemberSocketsTest {

  private static final int LONG_MILLIS = 10 * Waits.TEST_SECONDS * 1_000;

  @TempDir private Path folder;

  private final List<String> refused = new CopyOnWriteArrayList<>();
  private final List<Socket> open = new ArrayList<>();
  private final LogLines log = LogLines.of(ClusterTls.class.getName());
  private Certificate authority;
  private ServerSocket server;

  @BeforeEach
  void makeAuthority() throws Exception {
    authority = Certificate.authority(folder, "authority");
  }

  @AfterEach
  void close() throws IOException {
    log.close();
    server.close();
    for (Socket socket : open) {
      socket.close();
    }
  }

  private MemberSockets sockets(Certificate authority, int handshakeMillis) throws Exception {
    Certificate own = authority.issue("own", Certificate.server("own"));
    ClusterTls tls =
        new ClusterTls(
            new ClusterTlsConfig(
                new KeyPairConfig(own.certificate().toString(), own.key().toString(), "", "", ""),
                authority.certificate().toString()),
            (peer, why) -> refused.add(why));
    return new MemberSockets(tls::over, handshakeMillis, tls::failed);
  }

  private CompletableFuture<Socket> accept(MemberSockets sockets) throws IOException {
    server = sockets.createServerSocket("test");
    server.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
    return CompletableFuture.supplyAsync(
        () -> {
          try {
            return server.accept();
          } catch (IOException e) {
            throw new IllegalStateException(e);
          }
        });
  }

  private Socket stranger() throws IOException {
    Socket socket = new Socket(server.getInetAddress(), server.getLocalPort());
    open.add(socket);
    return socket;
  }

  private Socket connect(MemberSockets sockets) throws IOException {
    Socket socket = sockets.createSocket("test");
    open.add(socket);
    socket.connect(server.getLocalSocketAddress(), Waits.SECONDS * 1_000);
    return socket;
  }

  @Test
  void silentStrangers_doNotBlockMembers() throws Exception {
    MemberSockets sockets = sockets(authority, LONG_MILLIS);
    CompletableFuture<Socket> accepted = accept(sockets);
    for (int i = 0; i < 50; i++) {
      stranger();
    }

    Socket member = connect(sockets);
    member.getOutputStream().write(7);

    Socket other = accepted.get(Waits.SECONDS, TimeUnit.SECONDS);
    open.add(other);
    assertThat(other.getInputStream().read()).isEqualTo(7);
    other.close();
    assertThat(member.getInputStream().read()).isEqualTo(-1);
    assertThat(refused).isEmpty();
  }

  @Test
  void silentStranger_isDisconnectedInTime() throws Exception {
    accept(sockets(authority, 50));
    assertThat(stranger().getInputStream().read()).isEqualTo(-1);
  }

  @Test
  void serverOfAnotherAuthority_isRefusedByTheClient() throws Exception {
    accept(sockets(Certificate.authority(folder, "other"), LONG_MILLIS));
    MemberSockets sockets = sockets(authority, LONG_MILLIS);
    assertThatThrownBy(() -> connect(sockets)).isInstanceOf(SocketException.class);
    assertThat(refused)
        .contains("has a certificate that is not signed by an authority in \"cluster.tls.caFile\"");
  }

  @Test
  void closing_endsAccepting() throws Exception {
    CompletableFuture<Socket> accepted = accept(sockets(authority, LONG_MILLIS));
    server.close();
    assertThatThrownBy(() -> accepted.get(Waits.SECONDS, TimeUnit.SECONDS))
        .hasRootCauseInstanceOf(SocketException.class);
  }

  @Test
  void plaintextOfAnyKind_isRefused() throws Exception {
    MemberSockets sockets = sockets(authority, LONG_MILLIS);
    server = sockets.createServerSocket("test");
    assertThatThrownBy(() -> sockets.createServerSocketChannel("test"))
        .isInstanceOf(SocketException.class);
    assertThatThrownBy(() -> sockets.createSocketChannel("test"))
        .isInstanceOf(SocketException.class);
    assertThatThrownBy(() -> sockets.createDatagramSocket("test"))
        .isInstanceOf(SocketException.class);
  }
}
