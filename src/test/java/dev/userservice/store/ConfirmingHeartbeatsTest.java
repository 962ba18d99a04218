package dev.userservice.store;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import org.apache.ratis.proto.RaftProtos.AppendEntriesReplyProto;
import org.apache.ratis.proto.RaftProtos.AppendEntriesReplyProto.AppendResult;
import org.apache.ratis.proto.RaftProtos.RaftGroupIdProto;
import org.apache.ratis.proto.RaftProtos.RaftRpcRequestProto;
import org.apache.ratis.proto.RaftProtos.TermIndexProto;
import org.apache.ratis.protocol.RaftGroupId;
import org.apache.ratis.server.RaftServer;
import org.junit.jupiter.api.Test;

/** Which entries a heartbeat confirms, over a fake engine. */
class ConfirmingHeartbeatsTest {

  private static final int NONE = -1;

  private final FakeEngine engine = new FakeEngine();
  private final RaftServer server = ConfirmingHeartbeats.of(engine.server);

  @Test
  void entriesOnTheDisk() throws Exception {
    engine.onDisk = 7;

    assertThat(confirmed(5)).as("the leader says no more than 5").isEqualTo(5);
    assertThat(confirmed(9)).as("8 and 9 are on their way to the disk").isEqualTo(7);
  }

  @Test
  void entriesOnTheirWay_areNotConfirmed() throws Exception {
    engine.onDisk = 7;
    server.appendEntriesAsync(FakeEngine.request(2).build());
    assertThat(confirmed(5)).isEqualTo(NONE);

    reply(0, AppendResult.SUCCESS);
    assertThat(confirmed(5)).isEqualTo(5);
    server.appendEntriesAsync(FakeEngine.request(1).build());
    engine.replies.get(engine.replies.size() - 1).completeExceptionally(new IOException("full"));
    assertThat(confirmed(5)).as("after a failed one").isEqualTo(5);
  }

  @Test
  void entriesThatComeDuringTheHeartbeat() throws Exception {
    engine.onDisk = 7;
    CompletableFuture<AppendEntriesReplyProto> heartbeat = heartbeat(5);
    server.appendEntriesAsync(FakeEngine.request(1).build());
    reply(1, AppendResult.SUCCESS);
    reply(0, AppendResult.SUCCESS);

    assertThat(heartbeat.join().getMatchIndex()).isEqualTo(NONE);
  }

  @Test
  void logOfAnotherTerm() throws Exception {
    engine.onDisk = 7;
    CompletableFuture<AppendEntriesReplyProto> heartbeat = heartbeat(5);
    reply(0, AppendResult.INCONSISTENCY);

    assertThat(heartbeat.join().getMatchIndex()).isEqualTo(NONE);
  }

  @Test
  void heartbeatToAnEmptyLog() throws Exception {
    CompletableFuture<AppendEntriesReplyProto> heartbeat =
        server.appendEntriesAsync(FakeEngine.request(0).build());
    reply(0, AppendResult.SUCCESS);

    assertThat(heartbeat.join().getMatchIndex()).isEqualTo(NONE);
  }

  private long confirmed(int previous) throws IOException {
    CompletableFuture<AppendEntriesReplyProto> heartbeat = heartbeat(previous);
    reply(engine.replies.size() - 1, AppendResult.SUCCESS);
    return heartbeat.join().getMatchIndex();
  }

  private CompletableFuture<AppendEntriesReplyProto> heartbeat(int previous) throws IOException {
    RaftGroupId group = RaftGroupId.valueOf(new UUID(1, 2));
    return server.appendEntriesAsync(
        FakeEngine.request(0)
            .setServerRequest(
                RaftRpcRequestProto.newBuilder()
                    .setRaftGroupId(RaftGroupIdProto.newBuilder().setId(group.toByteString())))
            .setPreviousLog(TermIndexProto.newBuilder().setTerm(1).setIndex(previous))
            .build());
  }

  private void reply(int request, AppendResult result) {
    engine
        .replies
        .get(request)
        .complete(
            AppendEntriesReplyProto.newBuilder().setResult(result).setMatchIndex(NONE).build());
  }
}
