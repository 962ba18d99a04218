package dev.userservice.store;

import static dev.userservice.store.Drafts.await;
import static org.assertj.core.api.Assertions.assertThat;

import dev.userservice.kit.Waits;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import org.apache.ratis.protocol.ClientId;
import org.apache.ratis.protocol.Message;
import org.apache.ratis.protocol.RaftClientReply;
import org.apache.ratis.protocol.RaftGroupId;
import org.apache.ratis.protocol.RaftPeerId;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The tries of a request. */
class RaftCallsTest {

  private final Vertx vertx = Vertx.vertx();
  private final RaftCalls calls = new RaftCalls(vertx, Waits.MILLIS, () -> true);
  private final List<CompletableFuture<RaftClientReply>> tries = new CopyOnWriteArrayList<>();

  @AfterEach
  void stop() {
    calls.shutdown();
    await(vertx.close());
  }

  /** On a busy machine, each answer may take longer than a try. */
  @Test
  void answerThatComesDuringTheNextTry_counts() {
    Future<RaftClientReply> answer = calls.ask(this::nextTry, null);
    Waits.until("the second try", () -> tries.size() > 1);
    RaftClientReply late = reply(true);
    tries.get(0).complete(late);

    assertThat(await(answer)).isSameAs(late);
    assertThat(tries.get(1)).as("the other try").isNotDone();
  }

  @Test
  void refusal_isFollowedByAnotherTry() {
    Future<RaftClientReply> answer = calls.ask(this::nextTry, null);
    Waits.until("the first try", () -> tries.size() == 1);
    tries.get(0).complete(reply(false));
    Waits.until("the second try", () -> tries.size() == 2);
    RaftClientReply given = reply(true);
    tries.get(1).complete(given);

    assertThat(await(answer)).isSameAs(given);
  }

  private CompletableFuture<RaftClientReply> nextTry() {
    CompletableFuture<RaftClientReply> next = new CompletableFuture<>();
    tries.add(next);
    return next;
  }

  private static RaftClientReply reply(boolean success) {
    return RaftClientReply.newBuilder()
        .setClientId(ClientId.randomId())
        .setServerId(RaftPeerId.valueOf("server"))
        .setGroupId(RaftGroupId.randomId())
        .setCallId(1)
        .setSuccess(success)
        .setMessage(Message.EMPTY)
        .build();
  }
}
