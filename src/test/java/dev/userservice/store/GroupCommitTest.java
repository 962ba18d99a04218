package dev.userservice.store;

import static dev.userservice.store.Drafts.WANTED;
import static dev.userservice.store.Drafts.await;
import static dev.userservice.store.Drafts.drafts;
import static dev.userservice.store.Drafts.reason;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.userservice.store.StoreException.Reason;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class GroupCommitTest {

  private static final int TIMEOUT_MILLIS = 30_000;

  private final Vertx vertx = Vertx.vertx();

  /** The sizes of the groups and of their writes, and the commit that ends each group. */
  private final List<List<Integer>> groups = new ArrayList<>();

  private final List<Promise<Void>> commits = new ArrayList<>();
  private int lastId;

  @AfterEach
  void stop() {
    await(vertx.close());
  }

  @Test
  void add_whileAGroupIsWritten_goesIntoTheNext() {
    GroupCommit creates = groupCommit(1_000, 100, TIMEOUT_MILLIS);
    Future<List<Integer>> first = creates.add(drafts(0, 1), WANTED);
    List<Future<List<Integer>>> others = new ArrayList<>();
    for (int i = 1; i <= 60; i++) {
      others.add(creates.add(drafts(i, 1), WANTED));
    }
    assertThat(groups).hasSize(1);

    commits.get(0).complete();
    assertThat(groups).extracting(List::size).containsExactly(1, 60);
    commits.get(1).complete();

    assertThat(await(first)).containsExactly(1);
    for (int i = 0; i < others.size(); i++) {
      assertThat(await(others.get(i))).as("in the order of arrival").containsExactly(2 + i);
    }
  }

  @Test
  void group_isNoLargerThanItMayBe() {
    GroupCommit creates = groupCommit(1_000, 100, TIMEOUT_MILLIS);
    for (int users : new int[] {1, 60, 40, 1, 500, 99, 2}) {
      creates.add(drafts(0, users), WANTED);
    }
    for (int i = 0; i < commits.size(); i++) {
      commits.get(i).complete();
    }

    assertThat(groups)
        .containsExactly(
            List.of(1), List.of(60, 40), List.of(1), List.of(500), List.of(99), List.of(2));
  }

  @Test
  void add_withTooManyWaiting() {
    GroupCommit creates = groupCommit(10, 100, TIMEOUT_MILLIS);
    creates.add(drafts(0, 1), WANTED);
    Future<List<Integer>> waiting = creates.add(drafts(1, 10), WANTED);

    assertThat(reason(creates.add(drafts(11, 1), WANTED))).isEqualTo(Reason.OVERLOADED);

    commits.get(0).complete();
    Future<List<Integer>> later = creates.add(drafts(11, 1), WANTED);
    commits.get(1).complete();
    commits.get(2).complete();
    assertThat(await(waiting)).hasSize(10);
    assertThat(await(later)).hasSize(1);
  }

  @Test
  void write_abandonedInTheQueue() {
    GroupCommit creates = groupCommit(10, 100, TIMEOUT_MILLIS);
    AtomicBoolean gone = new AtomicBoolean();
    creates.add(drafts(0, 1), WANTED);
    Future<List<Integer>> abandoned = creates.add(drafts(1, 1), gone::get);
    creates.add(drafts(2, 3), WANTED);
    gone.set(true);

    commits.get(0).complete();

    assertThat(reason(abandoned)).isEqualTo(Reason.ABANDONED);
    assertThat(groups).containsExactly(List.of(1), List.of(3));
  }

  @Test
  void write_thatWaitedTooLong() {
    GroupCommit creates = groupCommit(10, 100, 0);

    assertThat(reason(creates.add(drafts(0, 1), WANTED))).isEqualTo(Reason.TIMED_OUT);
    assertThat(groups).isEmpty();
  }

  @Test
  void writer_thatFails_failsItsGroupAlone() {
    GroupCommit creates = groupCommit(10, 100, TIMEOUT_MILLIS);
    Future<List<Integer>> failing = creates.add(drafts(0, 1), WANTED);
    Future<List<Integer>> next = creates.add(drafts(1, 1), WANTED);

    commits.get(0).fail(new StoreException(Reason.FULL, "no room"));
    commits.get(1).complete();

    assertThat(reason(failing)).isEqualTo(Reason.FULL);
    assertThat(await(next)).hasSize(1);
  }

  @Test
  void writer_thatThrows_failsItsGroupAlone() {
    GroupCommit creates =
        new GroupCommit(
            vertx,
            10,
            100,
            TIMEOUT_MILLIS,
            group -> {
              throw new IllegalStateException("broken");
            });
    for (int i = 0; i < 2; i++) {
      Future<List<Integer>> ids = creates.add(drafts(0, 1), WANTED);
      assertThatThrownBy(() -> await(ids)).hasMessage("broken");
    }
  }

  @Test
  void close_waitsForAcceptedWrites() {
    GroupCommit creates = groupCommit(10, 100, TIMEOUT_MILLIS);
    creates.add(drafts(0, 1), WANTED);
    Future<List<Integer>> taken = creates.add(drafts(1, 1), WANTED);
    Future<Void> closed = creates.close();

    assertThat(reason(creates.add(drafts(2, 1), WANTED))).isEqualTo(Reason.UNAVAILABLE);
    commits.get(0).complete();
    assertThat(closed.isComplete()).isFalse();
    commits.get(1).complete();

    assertThat(await(taken)).hasSize(1);
    await(closed);
    await(creates.close());
  }

  private GroupCommit groupCommit(int mostWaiting, int groupUsers, int timeoutMillis) {
    return new GroupCommit(vertx, mostWaiting, groupUsers, timeoutMillis, this::write);
  }

  /** Assigns ids when the test completes the commit. */
  private Future<Void> write(List<GroupCommit.Write> group) {
    groups.add(group.stream().map(write -> write.drafts().size()).toList());
    Promise<Void> commit = Promise.promise();
    commits.add(commit);
    return commit
        .future()
        .onSuccess(
            committed ->
                group.forEach(
                    write -> write.done(write.drafts().stream().map(draft -> ++lastId).toList())));
  }
}
