package dev.userservice.tls;

import static java.nio.file.StandardCopyOption.REPLACE_EXISTING;
import static org.assertj.core.api.Assertions.assertThat;

import dev.userservice.kit.Certificate;
import dev.userservice.kit.ChatCaller;
import dev.userservice.kit.ClusterNode;
import dev.userservice.kit.JavaProcess;
import dev.userservice.kit.ListeningPorts;
import dev.userservice.kit.Waits;
import dev.userservice.launch.ExitCode;
import io.netty.handler.ssl.util.InsecureTrustManagerFactory;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import javax.net.ssl.KeyManager;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Servers that trust only each other, each in its own JVM, and servers that are not members. */
@Timeout(Waits.TEST_SECONDS)
@Tag("slow")
class ClusterTlsTest {

  /** The range behind {@code cluster.port} in which JGroups has its ports. */
  private static final int CLUSTER_PORTS = 200;

  private static final long TRY_NANOS = Duration.ofSeconds(5).toNanos();

  @TempDir private static Path folder;

  private static JsonObject cluster;
  private static Certificate authority;
  private static Certificate otherAuthority;
  private static Certificate member;
  private static Certificate stranger;
  private static final List<ClusterNode> NODES = new ArrayList<>();

  @BeforeAll
  static void startTwo() throws Exception {
    cluster = ClusterNode.cluster();
    authority = Certificate.authority(folder, "authority");
    otherAuthority = Certificate.authority(folder, "other-authority");
    member = authority.issue("member", Certificate.server("member"));
    stranger = otherAuthority.issue("stranger", Certificate.server("stranger"));
    NODES.addAll(ClusterNode.start(folder, with(cluster, member, authority), 2));
    assertAreTwo(NODES.toArray(ClusterNode[]::new));
  }

  @AfterAll
  static void stop() throws Exception {
    for (ClusterNode node : NODES) {
      node.close();
    }
  }

  @BeforeEach
  void markLogs() throws IOException {
    for (ClusterNode node : NODES) {
      node.markLog();
    }
  }

  private static JsonObject with(JsonObject cluster, Certificate own, Certificate authorities) {
    JsonObject config = cluster.copy();
    config
        .getJsonObject("cluster")
        .put("tls", own.pem().put("caFile", authorities.certificate().toString()));
    return config;
  }

  /** Asserts that the chat of each node reaches the others, once they know its server. */
  private static void assertIsOneRoom(ClusterNode... nodes) {
    for (ClusterNode from : nodes) {
      for (ClusterNode to : nodes) {
        if (from != to) {
          Waits.until("the chat of another server", () -> receives(from, to));
        }
      }
    }
  }

  /** Uses new callers: on a busy machine a server may count as lost, which ends earlier ones. */
  private static boolean receives(ClusterNode from, ClusterNode to) {
    try {
      ChatCaller speaker = from.joins();
      ChatCaller reader = to.joins();
      long end = System.nanoTime() + TRY_NANOS;
      speaker.says("said on another server");
      boolean heard = false;
      while (!heard && System.nanoTime() - end < 0) {
        heard =
            reader.hears.messages().stream()
                .anyMatch(message -> message.getMessage().equals("said on another server"));
        Waits.pause();
      }
      speaker.halfCloses();
      reader.halfCloses();
      return heard;
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  /** On a busy machine the nodes may find each other only after both have started. */
  private static void assertAreTwo(ClusterNode... nodes) throws Exception {
    for (ClusterNode node : nodes) {
      if (!node.size().equals("Cluster: 2 members")) {
        node.awaitNewLog("Cluster: 2 members");
      }
    }
  }

  private static List<String> warnings(ClusterNode node) {
    return node.newLog().lines().filter(line -> !line.contains("\"severity\":\"INFO\"")).toList();
  }

  @Test
  void members_shareTheirChat() throws Exception {
    assertIsOneRoom(NODES.get(0), NODES.get(1));
    assertThat(warnings(NODES.get(0))).isEmpty();
    assertThat(warnings(NODES.get(1))).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"of another authority", "in plaintext"})
  void stranger_staysAlone_andIsLoggedOnce(String how) throws Exception {
    boolean plaintext = how.equals("in plaintext");
    String said =
        plaintext
            ? "speaks plaintext, but this port is for TLS"
            // The side that refuses first depends on the side that connects.
            : "certificate";
    JsonObject config = with(ClusterNode.cluster(), member, authority);
    try (ClusterNode first = ClusterNode.start(folder, config);
        ClusterNode second = ClusterNode.start(folder, config)) {
      assertAreTwo(first, second);
      first.markLog();
      JsonObject alone = config.copy();
      alone.getJsonObject("cluster").remove("tls");
      if (!plaintext) {
        alone = with(alone, stranger, otherAuthority);
      }
      try (ClusterNode other = ClusterNode.start(folder, alone)) {
        assertThat(other.size()).isEqualTo("Cluster: 1 member");
        first.awaitNewLog(said);
        ChatCaller heard = first.joins();
        ChatCaller unheard = other.joins();
        unheard.says("of a stranger");
        unheard.hears("Server received: of a stranger");
        assertIsOneRoom(first, second);
        assertThat(heard.hears.messages())
            .noneMatch(message -> message.getMessage().contains("of a stranger"));
        assertThat(warnings(first)).singleElement().asString().contains(said, "RejectedPeers");
      }
    }
  }

  /** The last server to join trusts only the new authority, on each kind of connection. */
  @Test
  void replacedFiles_applyToTheNextConnection() throws Exception {
    Certificate own = authority.issue("replaced", Certificate.server("replaced"));
    Certificate renewed = otherAuthority.issue("renewed", Certificate.server("renewed"));
    Certificate trusted = Certificate.authority(folder, "trusted");
    Files.copy(authority.certificate(), trusted.certificate(), REPLACE_EXISTING);
    JsonObject config = with(ClusterNode.cluster(), own, trusted);
    try (ClusterNode first = ClusterNode.start(folder, config)) {
      Files.writeString(own.certificate(), "no certificate");
      first.awaitNewLog("; the previous files stay in use");
      try (ClusterNode second = ClusterNode.start(folder, with(config, member, authority))) {
        assertAreTwo(first, second);
        assertIsOneRoom(first, second);
      }

      first.awaitNewLog("Cluster: 1 member, one has left");
      first.markLog();
      Files.writeString(
          trusted.certificate(),
          Files.readString(authority.certificate())
              + Files.readString(otherAuthority.certificate()));
      renewed.replace(own);
      first.awaitNewLog("TLS between servers: certificate of CN=renewed");
      JsonObject next = with(config, stranger, otherAuthority);
      try (ClusterNode third = ClusterNode.start(folder, next)) {
        assertAreTwo(first, third);
        assertIsOneRoom(first, third);
      }
    }
  }

  @Test
  void serverWithoutAMembersCertificate_doesNotStart() throws Exception {
    Certificate serverOnly = authority.forServer("server-only");
    Certificate expired =
        authority.issue(
            "expired",
            Certificate.server("expired")
                .notBefore(Instant.now().minus(Duration.ofDays(2)))
                .notAfter(Instant.now().minus(Duration.ofDays(1))));
    Certificate missing = new Certificate(null, folder.resolve("missing.crt"), member.key());

    assertRefused(
        stranger,
        "has a certificate that is not signed by an authority in \"cluster.tls.caFile\": \"cluster.tls.certificateFile\"");
    assertRefused(
        serverOnly, "it needs the extended key usages serverAuth and clientAuth, or none");
    assertRefused(expired, "has expired, or is not valid yet: \"cluster.tls.certificateFile\"");
    assertRefused(missing, "does not exist: \"cluster.tls.certificateFile\"");
    assertRefused(
        new Certificate(null, member.certificate(), stranger.key()),
        "has a key that does not match the certificate in");
  }

  private static void assertRefused(Certificate own, String why) throws Exception {
    String config = with(cluster, own, authority).put("port", 0).encode();
    JavaProcess server =
        JavaProcess.start(folder, Map.of(), List.of(), "--cluster", "--conf", config);
    try {
      assertThat(server.exitCode()).as(server::errors).isEqualTo(ExitCode.CONFIGURATION);
      assertThat(server.errors().lines())
          .singleElement()
          .asString()
          .startsWith("user-service: " + folder)
          .contains(why);
    } finally {
      server.kill();
    }
  }

  /** All ports of a server for other members. */
  @Test
  void eachPort_isForMembers() throws Exception {
    ClusterNode node = NODES.get(0);
    Set<Integer> ports = new TreeSet<>(ListeningPorts.of(node.pid()));
    assertThat(ports.remove(node.port())).isTrue();
    assertThat(ports).as("JGroups, its monitor and the event bus").hasSize(3);
    for (int port : ports) {
      assertThat(answer(port, null)).as("port %d in plaintext", port).isNotEqualTo("accepted");
      assertThat(answer(port, new KeyManager[0]))
          .as("port %d without a certificate", port)
          .isNotEqualTo("accepted");
      assertThat(answer(port, keys(stranger)))
          .as("port %d with another authority", port)
          .isNotEqualTo("accepted");
      assertThat(answer(port, keys(member))).as("port %d as a member", port).isEqualTo("accepted");
    }
    assertIsOneRoom(NODES.get(0), NODES.get(1));
  }

  /** The check of certificates does not see a peer that sends none. */
  @Test
  void peerWithoutACertificate_atTheEventBus_isLogged() throws Exception {
    JsonObject config = with(ClusterNode.cluster(), member, authority);
    int jgroups = config.getJsonObject("cluster").getInteger("port");
    try (ClusterNode node = ClusterNode.start(folder, config)) {
      Set<Integer> ports = new TreeSet<>(ListeningPorts.of(node.pid()));
      ports.remove(node.port());
      ports.removeIf(port -> port >= jgroups && port < jgroups + CLUSTER_PORTS);
      assertThat(ports).as("the event bus").hasSize(1);
      assertThat(answer(ports.iterator().next(), new KeyManager[0])).isEqualTo("refused");
      node.awaitNewLog("sent no certificate of the authorities in \\\"cluster.tls.caFile\\\"");
    }
  }

  private static KeyManager[] keys(Certificate certificate) throws Exception {
    return certificate.bundle().toKeyManagerFactory().getKeyManagers();
  }

  /**
   * Returns "accepted" after a handshake of TLS 1.2, in which the server checks the certificate
   * before the handshake ends; null keys are for plaintext.
   */
  private static String answer(int port, KeyManager[] keys) throws Exception {
    try (Socket plain = new Socket(InetAddress.getLoopbackAddress(), port)) {
      plain.setSoTimeout(Waits.SECONDS * 1_000);
      if (keys == null) {
        plain
            .getOutputStream()
            .write("bela is a cookie of JGroups".getBytes(StandardCharsets.US_ASCII));
        return ended(plain.getInputStream());
      }
      SSLContext context = SSLContext.getInstance("TLS");
      context.init(keys, InsecureTrustManagerFactory.INSTANCE.getTrustManagers(), null);
      try (SSLSocket socket =
          (SSLSocket) context.getSocketFactory().createSocket(plain, "127.0.0.1", port, true)) {
        socket.setEnabledProtocols(new String[] {"TLSv1.2"});
        socket.startHandshake();
        return "accepted";
      }
    } catch (SocketTimeoutException e) {
      throw e;
    } catch (IOException e) {
      return "refused";
    }
  }

  /** Reads to the end of the stream; an alert may precede it. */
  private static String ended(InputStream in) throws IOException {
    assertThat(in.readAllBytes().length).as("an alert at most").isLessThan(20);
    return "refused";
  }
}
