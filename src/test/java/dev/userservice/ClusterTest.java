package dev.userservice;

import static dev.userservice.Requests.says;
import static org.assertj.core.api.Assertions.assertThat;

import dev.userservice.proto.UserMessage;
import io.grpc.Status.Code;
import io.grpc.StatusRuntimeException;
import io.vertx.core.json.JsonObject;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Several servers, each in a JVM of its own, and the chat over all of them. */
class ClusterTest {

  @TempDir private Path folder;

  private final List<ClusterNode> nodes = new ArrayList<>();
  private JsonObject cluster;

  @BeforeEach
  void threeServers() throws Exception {
    cluster = ClusterNode.cluster();
    for (int i = 0; i < 3; i++) {
      start();
    }
  }

  @AfterEach
  void stop() throws Exception {
    for (ClusterNode node : nodes) {
      node.close();
    }
  }

  private ClusterNode start() throws Exception {
    ClusterNode node = ClusterNode.start(folder, cluster);
    nodes.add(node);
    return node;
  }

  @Test
  void chat_isOneRoom_inTheOrderOfEachSender() throws Exception {
    assertThat(nodes)
        .extracting(ClusterNode::size)
        .containsExactly("Cluster: 1 member", "Cluster: 2 members", "Cluster: 3 members");
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
  void serverKilled_theOthersGoOn_andItsReplacementJoins() throws Exception {
    ChatCaller alice = nodes.get(0).joins();
    ChatCaller bob = nodes.get(1).joins();
    ChatCaller carol = nodes.get(2).joins();

    nodes.get(2).close();
    // More than may be on their way: that they arrive shows that nobody waits for the dead.
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
    assertThat(nodes.get(2).errors()).doesNotContain("WARN", "ERROR", "SEVERE");
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
    ChatCaller again = nodes.get(2).joins();
    again.says("back");
    alice.hears("back");
    bob.hears("back");
    alice.says("welcome back");
    again.hears("welcome back");
  }
}
