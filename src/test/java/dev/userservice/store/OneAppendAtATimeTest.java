package dev.userservice.store;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.apache.ratis.proto.RaftProtos.AppendEntriesReplyProto;
import org.apache.ratis.proto.RaftProtos.AppendEntriesRequestProto;
import org.apache.ratis.proto.RaftProtos.InstallSnapshotReplyProto;
import org.apache.ratis.proto.RaftProtos.InstallSnapshotRequestProto;
import org.apache.ratis.proto.RaftProtos.InstallSnapshotRequestProto.SnapshotChunkProto;
import org.apache.ratis.proto.RaftProtos.LogEntryProto;
import org.apache.ratis.server.RaftServer;
import org.junit.jupiter.api.Test;

/** The order of requests, over a fake engine. */
class OneAppendAtATimeTest {

  private final List<Integer> started = new ArrayList<>();
  private final List<CompletableFuture<AppendEntriesReplyProto>> replies = new ArrayList<>();

  private final RaftServer server =
      OneAppendAtATime.of(
          (RaftServer)
              Proxy.newProxyInstance(
                  RaftServer.class.getClassLoader(),
                  new Class<?>[] {RaftServer.class},
                  (proxy, method, arguments) -> {
                    if (method.getName().equals("installSnapshot")) {
                      return InstallSnapshotReplyProto.getDefaultInstance();
                    }
                    started.add(((AppendEntriesRequestProto) arguments[0]).getEntriesCount());
                    replies.add(new CompletableFuture<>());
                    return replies.get(replies.size() - 1);
                  }));

  @Test
  void entries_waitForThoseBefore_heartbeatsDoNot() throws Exception {
    CompletableFuture<?> first = server.appendEntriesAsync(request(1));
    CompletableFuture<?> second = server.appendEntriesAsync(request(2));
    server.appendEntriesAsync(request(0));
    assertThat(started).containsExactly(1, 0);

    replies.get(0).complete(AppendEntriesReplyProto.getDefaultInstance());
    assertThat(started).containsExactly(1, 0, 2);
    assertThat(first).isCompleted();
    assertThat(second).isNotDone();
  }

  @Test
  void failedRequest_failsAlone() throws Exception {
    CompletableFuture<?> first = server.appendEntriesAsync(request(1));
    CompletableFuture<?> second = server.appendEntriesAsync(request(2));

    replies.get(0).completeExceptionally(new IllegalStateException("the disk is full"));
    assertThat(first).isCompletedExceptionally();
    replies.get(1).complete(AppendEntriesReplyProto.getDefaultInstance());
    assertThat(second).isCompleted();
  }

  /** The engine never answers requests whose entries a snapshot replaces. */
  @Test
  void snapshot_endsTheWaitForEntriesThatItReplaces() throws Exception {
    CompletableFuture<?> first = server.appendEntriesAsync(request(1));
    CompletableFuture<?> second = server.appendEntriesAsync(request(2));
    CompletableFuture<?> third = server.appendEntriesAsync(request(3));

    server.installSnapshot(chunk(false));
    assertThat(started).as("after a part of the snapshot").containsExactly(1);
    server.installSnapshot(chunk(true));
    assertThat(started).as("after the snapshot").containsExactly(1, 2);
    assertThat(first).isCompletedExceptionally();
    replies.get(1).complete(AppendEntriesReplyProto.getDefaultInstance());
    assertThat(started).containsExactly(1, 2, 3);
    assertThat(second).isCompleted();
    assertThat(third).isNotDone();
  }

  private static InstallSnapshotRequestProto chunk(boolean last) {
    return InstallSnapshotRequestProto.newBuilder()
        .setSnapshotChunk(SnapshotChunkProto.newBuilder().setDone(last))
        .build();
  }

  private static AppendEntriesRequestProto request(int entries) {
    AppendEntriesRequestProto.Builder request = AppendEntriesRequestProto.newBuilder();
    for (int i = 0; i < entries; i++) {
      request.addEntries(LogEntryProto.getDefaultInstance());
    }
    return request.build();
  }
}
