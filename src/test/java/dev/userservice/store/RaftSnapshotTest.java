package dev.userservice.store;

import static dev.userservice.store.Drafts.WANTED;
import static dev.userservice.store.Drafts.await;
import static org.assertj.core.api.Assertions.assertThat;

import dev.userservice.config.RaftConfig;
import dev.userservice.kit.RaftConfigs;
import dev.userservice.kit.Waits;
import dev.userservice.proto.UserResponse;
import io.vertx.core.Vertx;
import io.vertx.junit5.VertxExtension;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Snapshots, which replace the start of a log. */
@ExtendWith(VertxExtension.class)
@Tag("slow")
class RaftSnapshotTest {

  private static final int BATCHES = 8;
  private static final int BATCH_USERS = 5_000;

  /** The longest name: a batch takes about 10 MB of the log. */
  private static final String NAME = "n".repeat(2_000);

  @TempDir private Path folder;

  /** Too few for the limit on entries, yet slow to read at each start. */
  @Test
  void largeEntries_causeASnapshot(Vertx vertx) {
    RaftConfig config = RaftConfigs.parsed(RaftConfigs.servers(1), folder);
    UserStore store = new RaftStore(config, vertx, Optional.empty());
    Drafts.open(store);
    for (int batch = 0; batch < BATCHES; batch++) {
      await(store.createAll(named(batch * BATCH_USERS), WANTED));
    }
    Waits.until(
        "there is a snapshot",
        () -> store.replication().orElseThrow().state().snapshotBytes() > BATCH_USERS);
    await(store.close());

    UserStore again = new RaftStore(config, vertx, Optional.empty());
    Drafts.open(again);
    assertThat(Drafts.count(again)).isEqualTo(BATCHES * BATCH_USERS);
    await(again.close());
  }

  private static List<UserResponse> named(int first) {
    return IntStream.range(first, first + BATCH_USERS)
        .mapToObj(i -> Drafts.draft(i).toBuilder().setName(NAME).build())
        .toList();
  }
}
