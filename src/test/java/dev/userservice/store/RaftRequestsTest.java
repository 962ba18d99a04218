package dev.userservice.store;

import static dev.userservice.store.Drafts.WANTED;
import static dev.userservice.store.Drafts.await;
import static dev.userservice.store.Drafts.drafts;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.userservice.config.RaftConfig;
import dev.userservice.kit.RaftConfigs;
import dev.userservice.kit.Waits;
import io.vertx.core.Vertx;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.apache.ratis.proto.RaftProtos.AppendEntriesReplyProto;
import org.apache.ratis.proto.RaftProtos.AppendEntriesReplyProto.AppendResult;
import org.apache.ratis.proto.RaftProtos.AppendEntriesRequestProto;
import org.apache.ratis.proto.RaftProtos.RaftGroupIdProto;
import org.apache.ratis.proto.RaftProtos.RaftRpcRequestProto;
import org.apache.ratis.proto.RaftProtos.RequestVoteRequestProto;
import org.apache.ratis.proto.RaftProtos.TermIndexProto;
import org.apache.ratis.proto.grpc.RaftServerProtocolServiceGrpc;
import org.apache.ratis.protocol.RaftGroupId;
import org.apache.ratis.thirdparty.com.google.protobuf.ByteString;
import org.apache.ratis.thirdparty.io.grpc.ManagedChannel;
import org.apache.ratis.thirdparty.io.grpc.netty.NettyChannelBuilder;
import org.apache.ratis.thirdparty.io.grpc.stub.StreamObserver;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The answers of a server of a replicated log to requests of other servers. */
@Tag("slow")
class RaftRequestsTest {

  private static final int USERS = 20;

  /** More than that of a log which has had one leader. */
  private static final int TERM = 100;

  @TempDir private Path folder;

  private final Vertx vertx = Vertx.vertx();
  private UserStore store;
  private RaftMark mark;
  private ManagedChannel channel;

  @BeforeEach
  void start() throws IOException {
    RaftConfig config = RaftConfigs.parsed(RaftConfigs.servers(1), folder);
    store = new RaftStore(config, vertx, Optional.empty());
    await(store.open());
    await(store.createAll(drafts(1, USERS), WANTED));
    try (Stream<Path> files = Files.walk(folder)) {
      Path file = files.filter(path -> path.endsWith("server.json")).findAny().orElseThrow();
      mark = RaftMark.decode(Files.readString(file));
    }
    channel = NettyChannelBuilder.forTarget(mark.address()).usePlaintext().build();
  }

  @AfterEach
  void stop() {
    channel.shutdownNow();
    await(store.close());
    await(vertx.close());
  }

  /** A server that has joined again does not answer for the one that it was. */
  @Test
  void requestForAnotherId_isNotAnswered() {
    var server =
        RaftServerProtocolServiceGrpc.newBlockingStub(channel)
            .withDeadlineAfter(Waits.SECONDS, TimeUnit.SECONDS);

    assertThat(server.requestVote(vote(mark.id())).getServerReply().getSuccess()).isFalse();
    assertThatThrownBy(() -> server.requestVote(vote(mark.address() + "#earlier")))
        .hasMessageContaining("the server of this id is gone");
  }

  @Test
  void heartbeat_confirmsWhatIsOnTheDisk() throws Exception {
    Heartbeats leader = new Heartbeats();
    AppendEntriesReplyProto first = leader.reply(heartbeat(null));
    assertThat(first.getResult()).isEqualTo(AppendResult.SUCCESS);
    long last = first.getNextIndex() - 1;
    for (long index = last - 1; index <= last; index++) {
      AppendEntriesReplyProto reply = leader.reply(heartbeat(entry(1, index)));
      assertThat(reply.getResult()).isEqualTo(AppendResult.SUCCESS);
      assertThat(reply.getMatchIndex()).isEqualTo(index);
    }

    AppendEntriesReplyProto reply = leader.reply(heartbeat(entry(2, last)));
    assertThat(reply.getResult())
        .as("an entry of another term")
        .isEqualTo(AppendResult.INCONSISTENCY);
    assertThat(reply.getMatchIndex()).isNegative();
  }

  private static TermIndexProto entry(long term, long index) {
    return TermIndexProto.newBuilder().setTerm(term).setIndex(index).build();
  }

  private RequestVoteRequestProto vote(String id) {
    return RequestVoteRequestProto.newBuilder().setServerRequest(header(id)).build();
  }

  private AppendEntriesRequestProto heartbeat(TermIndexProto previous) {
    AppendEntriesRequestProto.Builder request =
        AppendEntriesRequestProto.newBuilder()
            .setServerRequest(header(mark.id()))
            .setLeaderTerm(TERM);
    return previous == null ? request.build() : request.setPreviousLog(previous).build();
  }

  private RaftRpcRequestProto.Builder header(String id) {
    return RaftRpcRequestProto.newBuilder()
        .setRequestorId(ByteString.copyFromUtf8("a stranger"))
        .setReplyId(ByteString.copyFromUtf8(id))
        .setRaftGroupId(
            RaftGroupIdProto.newBuilder().setId(RaftGroupId.valueOf(mark.group()).toByteString()));
  }

  /** The stream of a leader; a test that waits for a reply in vain fails. */
  private final class Heartbeats implements StreamObserver<AppendEntriesReplyProto> {

    private final BlockingQueue<AppendEntriesReplyProto> replies = new LinkedBlockingQueue<>();
    private final StreamObserver<AppendEntriesRequestProto> requests =
        RaftServerProtocolServiceGrpc.newStub(channel).appendEntries(this);

    AppendEntriesReplyProto reply(AppendEntriesRequestProto request) throws InterruptedException {
      requests.onNext(request);
      return replies.poll(Waits.SECONDS, TimeUnit.SECONDS);
    }

    @Override
    public void onNext(AppendEntriesReplyProto reply) {
      replies.add(reply);
    }

    @Override
    public void onError(Throwable failure) {}

    @Override
    public void onCompleted() {}
  }
}
