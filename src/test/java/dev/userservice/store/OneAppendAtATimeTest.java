package dev.userservice.store;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.CompletableFuture;
import org.apache.ratis.proto.RaftProtos.AppendEntriesReplyProto;
import org.apache.ratis.proto.RaftProtos.InstallSnapshotRequestProto;
import org.apache.ratis.proto.RaftProtos.InstallSnapshotRequestProto.SnapshotChunkProto;
import org.apache.ratis.server.RaftServer;
import org.junit.jupiter.api.Test;

/** The order of requests, over a fake engine. */
class OneAppendAtATimeTest {

  private final FakeEngine engine = new FakeEngine();
  private final RaftServer server = OneAppendAtATime.of(engine.server);

  @Test
  void entries_waitForThoseBefore_heartbeatsDoNot() throws Exception {
    CompletableFuture<?> first = server.appendEntriesAsync(FakeEngine.request(1).build());
    CompletableFuture<?> second = server.appendEntriesAsync(FakeEngine.request(2).build());
    server.appendEntriesAsync(FakeEngine.request(0).build());
    assertThat(engine.started).containsExactly(1, 0);

    engine.replies.get(0).complete(AppendEntriesReplyProto.getDefaultInstance());
    assertThat(engine.started).containsExactly(1, 0, 2);
    assertThat(first).isCompleted();
    assertThat(second).isNotDone();
  }

  @Test
  void failedRequest_failsAlone() throws Exception {
    CompletableFuture<?> first = server.appendEntriesAsync(FakeEngine.request(1).build());
    CompletableFuture<?> second = server.appendEntriesAsync(FakeEngine.request(2).build());

    engine.replies.get(0).completeExceptionally(new IllegalStateException("the disk is full"));
    assertThat(first).isCompletedExceptionally();
    engine.replies.get(1).complete(AppendEntriesReplyProto.getDefaultInstance());
    assertThat(second).isCompleted();
  }

  /** The engine never answers requests whose entries a snapshot replaces. */
  @Test
  void snapshot_endsTheWaitForEntriesThatItReplaces() throws Exception {
    CompletableFuture<?> first = server.appendEntriesAsync(FakeEngine.request(1).build());
    CompletableFuture<?> second = server.appendEntriesAsync(FakeEngine.request(2).build());
    CompletableFuture<?> third = server.appendEntriesAsync(FakeEngine.request(3).build());

    server.installSnapshot(chunk(false));
    assertThat(engine.started).as("after a part of the snapshot").containsExactly(1);
    server.installSnapshot(chunk(true));
    assertThat(engine.started).as("after the snapshot").containsExactly(1, 2);
    assertThat(first).isCompletedExceptionally();
    engine.replies.get(1).complete(AppendEntriesReplyProto.getDefaultInstance());
    assertThat(engine.started).containsExactly(1, 2, 3);
    assertThat(second).isCompleted();
    assertThat(third).isNotDone();
  }

  private static InstallSnapshotRequestProto chunk(boolean last) {
    return InstallSnapshotRequestProto.newBuilder()
        .setSnapshotChunk(SnapshotChunkProto.newBuilder().setDone(last))
        .build();
  }
}
