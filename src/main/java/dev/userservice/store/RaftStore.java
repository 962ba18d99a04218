package dev.userservice.store;

import com.google.protobuf.ByteString;
import dev.userservice.config.RaftConfig;
import dev.userservice.proto.Create;
import dev.userservice.proto.Creates;
import dev.userservice.proto.LogAnswer;
import dev.userservice.proto.LogEntry;
import dev.userservice.proto.UserResponse;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import java.util.stream.IntStream;

/**
 * Users in the memory of each of several servers, built from one replicated log. A write is
 * acknowledged when its entry is on the disks of a majority; concurrent writes share an entry. A
 * read uses this server's own users, once a majority has confirmed that they include all
 * acknowledged writes.
 */
final class RaftStore implements UserStore {

  /** Max users of a group: the entry is the main cost. */
  private static final int GROUP_USERS = 1_000;

  private final Vertx vertx;
  private final RaftEngine engine;
  private final GroupCommit writes;
  private final ReadGate reads;
  private final ByteString writer = random();
  private final AtomicLong entries = new AtomicLong();

  RaftStore(RaftConfig config, Vertx vertx, Optional<MemberTrust> trust) {
    this.vertx = vertx;
    engine = new RaftEngine(config, vertx, trust);
    writes =
        new GroupCommit(
            vertx, config.queueSize(), GROUP_USERS, config.timeoutMillis(), this::writeGroup);
    reads = new ReadGate(vertx, engine::confirm);
  }

  @Override
  public Future<Void> open() {
    return vertx
        .<Void>executeBlocking(
            () -> {
              engine.start();
              return null;
            })
        .compose(started -> engine.confirm());
  }

  @Override
  public Future<UserResponse> get(int userId) {
    return read(users -> users.get(userId));
  }

  @Override
  public Future<List<Integer>> createAll(List<UserResponse> drafts, BooleanSupplier abandoned) {
    return engine.hasJoined() ? writes.add(drafts, abandoned) : StoreException.notOpen();
  }

  @Override
  public Future<List<UserResponse>> page(int afterUserId, int limit) {
    return read(users -> users.page(afterUserId, limit));
  }

  @Override
  public Future<Void> health() {
    return vertx
        .<Void>executeBlocking(
            () -> {
              engine.check();
              return null;
            },
            false)
        .compose(running -> read(users -> Future.succeededFuture()));
  }

  @Override
  public Optional<Replication> replication() {
    return Optional.of(engine.replication());
  }

  @Override
  public Future<Void> close() {
    return writes
        .close()
        .compose(
            written ->
                vertx.executeBlocking(
                    () -> {
                      engine.stop();
                      return null;
                    }));
  }

  private <T> Future<T> read(Function<MemoryStore, Future<T>> query) {
    if (!engine.hasJoined()) {
      return StoreException.notOpen();
    }
    return reads.pass().compose(confirmed -> engine.machine().users()).compose(query);
  }

  private Future<Void> writeGroup(List<GroupCommit.Write> group) {
    LogEntry entry =
        LogEntry.newBuilder()
            .setWriter(writer)
            .setNumber(entries.incrementAndGet())
            .setCreates(creates(group))
            .build();
    return engine
        .write(entry.toByteArray())
        .map(
            answer -> {
              answer(group, answer.asReadOnlyByteBuffer());
              return null;
            });
  }

  private static Creates.Builder creates(List<GroupCommit.Write> group) {
    Creates.Builder creates = Creates.newBuilder();
    for (GroupCommit.Write write : group) {
      creates.addCalls(Create.newBuilder().addAllUsers(write.drafts()));
    }
    return creates;
  }

  private static void answer(List<GroupCommit.Write> group, ByteBuffer bytes) {
    LogAnswer answer;
    try {
      answer = LogAnswer.parseFrom(bytes);
    } catch (IOException e) {
      throw new IllegalStateException("an answer of the log cannot be parsed", e);
    }
    for (int i = 0; i < group.size(); i++) {
      GroupCommit.Write write = group.get(i);
      int first = answer.getCalls(i);
      if (first < 0) {
        write.failed(StoreException.emailTaken(-1 - first));
      } else {
        write.done(IntStream.range(first, first + write.drafts().size()).boxed().toList());
      }
    }
  }

  private static ByteString random() {
    UUID id = UUID.randomUUID();
    return ByteString.copyFrom(
        ByteBuffer.allocate(16)
            .putLong(id.getMostSignificantBits())
            .putLong(id.getLeastSignificantBits())
            .flip());
  }
}
