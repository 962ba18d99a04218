package dev.userservice.cluster;

import static dev.userservice.kit.Requests.says;
import static org.assertj.core.api.Assertions.assertThat;

import dev.userservice.kit.ChatCaller;
import dev.userservice.kit.ClusterNode;
import dev.userservice.kit.Demo;
import dev.userservice.kit.ErrorDetails;
import dev.userservice.kit.Waits;
import dev.userservice.proto.UserMessage;
import io.grpc.Status.Code;
import io.grpc.StatusRuntimeException;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.net.InetAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import org.jgroups.ObjectMessage;
import org.jgroups.blocks.cs.TcpClient;
import org.jgroups.util.ByteArrayDataOutputStream;
import org.jgroups.util.Util;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Several servers, each in a JVM of its own, and the chat over all of them. */
@Tag("slow")
class ClusterTest {

  @TempDir private static Path folder;

  private static final List<ClusterNode> NODES = new ArrayList<>();
  private static JsonObject cluster;

  private List<ClusterNode> nodes;

  @BeforeAll
  static void choosePorts() throws Exception {
    cluster = ClusterNode.cluster();
  }

  /** Those of the test before, where it has not ended them. */
  @BeforeEach
  void threeServers() throws Exception {
    NODES.removeIf(node -> !node.isRunning());
    while (NODES.size() < 3) {
      start();
    }
    nodes = List.copyOf(NODES);
    for (ClusterNode node : nodes) {
      node.markLog();
    }
  }

  @AfterAll
  static void stop() throws Exception {
    for (ClusterNode node : NODES) {
      node.close();
    }
  }

  private static ClusterNode start() throws Exception {
    ClusterNode node = ClusterNode.start(folder, cluster);
    NODES.add(node);
    return node;
  }

  /**
   * The object is 100 levels of sets, each of which is in both sets of the level above, so that
   * reading it takes 2^100 hash codes. JGroups reads it before it looks at who sends it.
   */
  @Test
  void javaObjects_ofAStranger_areRefused() throws Exception {
    Set<Object> all = new HashSet<>();
    Set<Object> one = all;
    Set<Object> other = new HashSet<>();
    for (int level = 0; level < 100; level++) {
      Set<Object> below = new HashSet<>(Set.of("not equal to the other"));
      Set<Object> besides = new HashSet<>();
      one.addAll(List.of(below, besides));
      other.addAll(List.of(below, besides));
      one = below;
      other = besides;
    }
    ByteArrayDataOutputStream message = new ByteArrayDataOutputStream();
    Util.writeMessage(new ObjectMessage(null, all), message, true);
    InetAddress loopback = InetAddress.getByName("127.0.0.1");
    int port = cluster.getJsonObject("cluster").getInteger("port");

    try (TcpClient stranger = new TcpClient(loopback, 0, loopback, port)) {
      // Else it does not say which version of JGroups it speaks.
      stranger.usePeerConnections(true);
      stranger.start();
      stranger.send(message.buffer(), 0, message.position());
      Waits.until(
          "a refusal",
          () -> nodes.stream().anyMatch(node -> node.newLog().contains("a Java object was sent")));
    }

    ChatCaller alice = nodes.get(0).joins();
    ChatCaller bob = nodes.get(1).joins();
    alice.says("still here");
    bob.hears("still here");
  }

  @Test
  void page_namesTheMembers() throws Exception {
    Set<Object> members = new HashSet<>();
    for (ClusterNode node : nodes) {
      URI uri = URI.create("http://127.0.0.1:" + node.port() + "/server.json");
      String answer =
          HttpClient.newHttpClient()
              .send(HttpRequest.newBuilder(uri).build(), BodyHandlers.ofString())
              .body();

      JsonArray seen = new JsonObject(answer).getJsonArray("members");
      assertThat(seen).hasSize(3);
      seen.forEach(members::add);
    }
    assertThat(members).as("the same on each server").hasSize(3);
  }

  @Test
  void server_saysHowManyThereAre() {
    assertThat(nodes.get(1).size()).matches("Cluster: [23] members");
    assertThat(nodes.get(2).size()).isEqualTo("Cluster: 3 members");
  }

  @Test
  void chat_isOneRoom_inTheOrderOfEachSender() throws Exception {
    List<ChatCaller> senders = new ArrayList<>();
    List<ChatCaller> readers = new ArrayList<>();
    for (ClusterNode node : nodes) {
      for (int i = 0; i < 3; i++) {
        senders.add(node.joins());
        readers.add(node.joins());
      }
    }

    int each = 300;
    for (int i = 0; i < each; i++) {
      for (int sender = 0; sender < senders.size(); sender++) {
        senders.get(sender).says(says(100 + sender, "message " + i));
      }
    }

    List<String> all = IntStream.range(0, each).mapToObj(i -> "message " + i).toList();
    for (ChatCaller reader : readers) {
      for (int sender = 0; sender < senders.size(); sender++) {
        int id = 100 + sender;
        reader.hears.await(
            message ->
                message.getUserId() == id && message.getMessage().equals("message " + (each - 1)));
        assertThat(reader.hears.messages())
            .filteredOn(message -> message.getUserId() == id)
            .extracting(UserMessage::getMessage)
            .isEqualTo(all);
      }
    }
  }

  @Test
  void client_hearsOnEachServerWhatIsSaidOnTheOthers() {
    JsonArray addresses = new JsonArray();
    nodes.forEach(node -> addresses.add("127.0.0.1:" + node.port()));
    Vertx vertx = Vertx.vertx();
    try {
      Demo demo =
          Demo.run(
              vertx,
              new JsonObject()
                  .put("addresses", addresses)
                  .put("scenarios", new JsonArray().add("relay")));
      assertThat(demo.failure()).isNull();
      assertThat(demo.shown())
          .contains("Who hears " + addresses.getString(0), "heard on " + addresses.getString(1));
    } finally {
      vertx.close().await();
    }
  }

  @Test
  void serverKilled_theOthersGoOn_andItsReplacementJoins() throws Exception {
    ChatCaller alice = nodes.get(0).joins();
    ChatCaller bob = nodes.get(1).joins();
    ChatCaller carol = nodes.get(2).joins();

    nodes.get(2).close();
    // More than may be on their way: their arrival shows that no server waits for the dead one.
    for (int i = 0; i < 200; i++) {
      alice.says(says(1, "message " + i));
    }
    bob.hears("message 199");
    assertThat(carol.hears.status().getCode()).isEqualTo(Code.UNAVAILABLE);

    ChatCaller dave = start().joins();
    alice.says("welcome");
    dave.hears("welcome");
    dave.says("thank you");
    alice.hears("thank you");
    bob.hears("thank you");
  }

  @Test
  void serverStopped_loseNothingThatWasSaid() throws Exception {
    ChatCaller alice = nodes.get(0).joins();
    ChatCaller bob = nodes.get(1).joins();
    ChatCaller carol = nodes.get(2).joins();

    for (int i = 0; i < 200; i++) {
      carol.says(says(3, "message " + i));
    }
    carol.hears("Server received: message 199");
    nodes.get(2).stops();

    for (ChatCaller reader : List.of(alice, bob)) {
      reader.hears("message 199");
    }
    alice.says("still here");
    bob.hears("still here");
    assertThat(nodes.get(2).newLog().lines())
        .as("no complaint")
        .allMatch(line -> line.contains("\"severity\":\"INFO\""));
  }

  /**
   * It is silent for longer than it is waited for, and hears later that it has missed something.
   */
  @Test
  void serverFrozen_isNotWaitedFor_andItsMembersAreTold() throws Exception {
    ChatCaller alice = nodes.get(0).joins();
    ChatCaller bob = nodes.get(1).joins();
    ChatCaller carol = nodes.get(2).joins();

    nodes.get(2).signal("STOP");
    for (int i = 0; i < 200; i++) {
      alice.says(says(1, "message " + i));
    }
    bob.hears("message 199");
    nodes.get(2).signal("CONT");

    StatusRuntimeException told = carol.hears.failure();
    assertThat(told.getStatus().getCode()).isEqualTo(Code.UNAVAILABLE);
    assertThat(ErrorDetails.of(told).reason()).isEqualTo("userservice.dev/CHAT_INTERRUPTED");
    assertIsOneRoom(alice, bob, nodes.get(2).joins());
  }

  /** The others have taken it out of everything that they know. */
  @Test
  void serverFrozen_untilItCountsAsGone_findsBack() throws Exception {
    ChatCaller alice = nodes.get(0).joins();
    ChatCaller bob = nodes.get(1).joins();
    ChatCaller carol = nodes.get(2).joins();

    nodes.get(2).signal("STOP");
    for (int i = 0; i < 2; i++) {
      nodes.get(i).awaitNewLog("Cluster: 2 members, one has left");
    }
    alice.says("where is she?");
    bob.hears("where is she?");
    nodes.get(2).signal("CONT");

    assertThat(carol.hears.failure().getStatus().getCode()).isEqualTo(Code.UNAVAILABLE);
    assertIsOneRoom(alice, bob, nodes.get(2).joins());
  }

  private static void assertIsOneRoom(ChatCaller alice, ChatCaller bob, ChatCaller back)
      throws InterruptedException {
    back.says("back");
    alice.hears("back");
    bob.hears("back");
    alice.says("welcome back");
    back.hears("welcome back");
  }
}
