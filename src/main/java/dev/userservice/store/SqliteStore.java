package dev.userservice.store;

import dev.userservice.config.SqliteConfig;
import dev.userservice.proto.UserResponse;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.nio.file.Path;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.BooleanSupplier;
import java.util.function.Function;

/**
 * Users in one SQLite file of this machine. One thread writes, in groups that cost one fsync each.
 * A few threads read concurrently; in WAL mode they do not wait for the writer.
 */
final class SqliteStore implements UserStore {

  /** Max users of a group: large enough to hide the fsync, written in about 10 ms. */
  private static final int GROUP_USERS = 1_000;

  private final Vertx vertx;
  private final SqliteConfig config;
  private final SqliteFile file;
  private final SqliteFailures failures;
  private final SqliteThreads writing;
  private final SqliteThreads reading;
  private final GroupCommit writes;

  /** One per reading thread. */
  private final Queue<SqliteReader> readers = new ConcurrentLinkedQueue<>();

  private volatile SqliteWriter writer;

  SqliteStore(SqliteConfig config, Vertx vertx) {
    this.vertx = vertx;
    this.config = config;
    Path path = Path.of(config.file()).toAbsolutePath().normalize();
    failures = new SqliteFailures(path);
    file = new SqliteFile(path, config.timeoutMillis(), failures);
    // It runs one group at a time, besides open, health and close.
    writing = new SqliteThreads("sqlite-writer", 1, 8, config.timeoutMillis());
    reading =
        new SqliteThreads(
            "sqlite-reader", config.readers(), config.queueSize(), config.timeoutMillis());
    writes =
        new GroupCommit(
            vertx, config.queueSize(), GROUP_USERS, config.timeoutMillis(), this::writeGroup);
  }

  @Override
  public Future<Void> open() {
    return OnCallersLoop.of(vertx, writing.call(this::openFile));
  }

  @Override
  public Future<UserResponse> get(int userId) {
    return read(reader -> reader.get(userId));
  }

  @Override
  public Future<List<Integer>> createAll(List<UserResponse> drafts, BooleanSupplier abandoned) {
    return writer == null ? StoreException.notOpen() : writes.add(drafts, abandoned);
  }

  @Override
  public Future<List<UserResponse>> page(int afterUserId, int limit) {
    return read(reader -> reader.page(afterUserId, limit));
  }

  @Override
  public Future<Void> health() {
    SqliteWriter open = writer;
    return open == null
        ? StoreException.notOpen()
        : OnCallersLoop.of(
            vertx,
            writing.call(
                () -> {
                  open.check();
                  return null;
                }));
  }

  @Override
  public Future<Void> close() {
    return writes
        .close()
        .compose(written -> OnCallersLoop.of(vertx, writing.call(this::closeFile)))
        .onComplete(end -> writing.shutdown());
  }

  private Void openFile() {
    SqliteWriter opened = new SqliteWriter(file.open(), file.place(), failures);
    try {
      for (int i = 0; i < config.readers(); i++) {
        readers.add(new SqliteReader(file.reader(), failures));
      }
    } catch (RuntimeException failure) {
      release(opened);
      throw failure;
    }
    writer = opened;
    return null;
  }

  private Void closeFile() throws InterruptedException {
    SqliteWriter open = writer;
    writer = null;
    reading.shutdown();
    reading.awaitEnd();
    if (open != null) {
      release(open);
    }
    return null;
  }

  private void release(SqliteWriter open) {
    try {
      readers.forEach(SqliteReader::close);
      // The last connection to close deletes the log.
      open.close();
    } finally {
      readers.clear();
      file.unlock();
    }
  }

  private Future<Void> writeGroup(List<GroupCommit.Write> group) {
    SqliteWriter open = writer;
    return writing.call(
        () -> {
          open.write(group);
          return null;
        });
  }

  private <T> Future<T> read(Function<SqliteReader, T> work) {
    if (writer == null) {
      return StoreException.notOpen();
    }
    return OnCallersLoop.of(
        vertx,
        reading.call(
            () -> {
              SqliteReader reader = readers.remove();
              try {
                return work.apply(reader);
              } finally {
                readers.add(reader);
              }
            }));
  }
}
