package dev.userservice.store;

import dev.userservice.proto.Create;
import dev.userservice.proto.LogAnswer;
import dev.userservice.proto.LogEntry;
import dev.userservice.store.StoreException.Reason;
import io.vertx.core.Future;
import io.vertx.core.internal.logging.Logger;
import io.vertx.core.internal.logging.LoggerFactory;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import org.apache.ratis.proto.RaftProtos.LogEntryProto;
import org.apache.ratis.proto.RaftProtos.RoleInfoProto;
import org.apache.ratis.protocol.ClientId;
import org.apache.ratis.protocol.Message;
import org.apache.ratis.protocol.RaftGroupId;
import org.apache.ratis.protocol.RaftGroupMemberId;
import org.apache.ratis.protocol.RaftPeerId;
import org.apache.ratis.protocol.SnapshotManagementRequest;
import org.apache.ratis.server.RaftServer;
import org.apache.ratis.server.protocol.TermIndex;
import org.apache.ratis.server.storage.RaftStorage;
import org.apache.ratis.statemachine.StateMachineStorage;
import org.apache.ratis.statemachine.TransactionContext;
import org.apache.ratis.statemachine.impl.BaseStateMachine;
import org.apache.ratis.thirdparty.com.google.protobuf.UnsafeByteOperations;
import org.apache.ratis.util.LifeCycle;

/**
 * The users as a state machine of the replicated log: the same entries in the same order make the
 * same users on every server. So nothing here may depend on a clock, a setting or a random number.
 *
 * <p>The engine applies one entry at a time, on its own thread.
 */
final class UsersMachine extends BaseStateMachine {

  /** Receives events of the engine, on its threads. */
  interface Listener {

    /** Completes with the confirmed commit index; fails when this server does not lead. */
    CompletableFuture<Long> readIndex();

    /** Called with the new leader, or null when it is unknown. */
    void leaderChanged(RaftPeerId leader);

    /** Called when this server has left the log, with the reason for operators. */
    void stopped(String why);
  }

  private static final Logger LOG = LoggerFactory.getLogger(UsersMachine.class);

  /**
   * A snapshot is due after so many bytes of the log, which are read in seconds. With a larger last
   * snapshot, it is due after that size, so that snapshots at most double the written bytes.
   */
  private static final long SNAPSHOT_LOG_BYTES = 64L * 1024 * 1024;

  private static final int SNAPSHOT_MILLIS = 60_000;

  private final SnapshotFiles snapshots = new SnapshotFiles();
  private final Listener listener;
  private volatile RaftGroupId group;

  private final LastEntries lastEntries = new LastEntries();

  /** The reads that wait for an entry to be applied, by its index. Guarded by itself. */
  private final NavigableMap<Long, CompletableFuture<Void>> waiting = new TreeMap<>();

  /** Null while a snapshot is being loaded. */
  private volatile MemoryStore users = new MemoryStore();

  /** The size of the entries applied since a snapshot was taken or requested. */
  private long logBytes;

  UsersMachine(Listener listener) {
    this.listener = listener;
  }

  /** The users that this server has applied. */
  Future<MemoryStore> users() {
    MemoryStore now = users;
    return now != null
        ? Future.succeededFuture(now)
        : Future.failedFuture(
            new StoreException(
                Reason.UNAVAILABLE, "this server is loading a snapshot from another"));
  }

  /** Completes when all entries up to an index are applied here. */
  CompletableFuture<Void> applied(long index) {
    synchronized (waiting) {
      return getLastAppliedTermIndex().getIndex() >= index
          ? CompletableFuture.completedFuture(null)
          : waiting.computeIfAbsent(index, entry -> new CompletableFuture<>());
    }
  }

  @Override
  protected boolean updateLastAppliedTermIndex(TermIndex last) {
    boolean updated = super.updateLastAppliedTermIndex(last);
    release(last.getIndex());
    return updated;
  }

  private void release(long applied) {
    List<CompletableFuture<Void>> due;
    synchronized (waiting) {
      Map<Long, CompletableFuture<Void>> reached = waiting.headMap(applied, true);
      due = List.copyOf(reached.values());
      reached.clear();
    }
    due.forEach(one -> one.complete(null));
  }

  long snapshotBytes() {
    return snapshots.bytes();
  }

  @Override
  public void initialize(RaftServer server, RaftGroupId group, RaftStorage raftStorage)
      throws IOException {
    super.initialize(server, group, raftStorage);
    this.group = group;
    getLifeCycle().startAndTransition(() -> open(raftStorage), IOException.class);
  }

  @Override
  public void pause() {
    getLifeCycle().transition(LifeCycle.State.PAUSING);
    getLifeCycle().transition(LifeCycle.State.PAUSED);
  }

  /** Called when a snapshot of another server was put into the folder. */
  @Override
  public void reinitialize() throws IOException {
    if (getLifeCycleState() == LifeCycle.State.PAUSED) {
      getLifeCycle().transition(LifeCycle.State.STARTING);
    }
    // Before loading, so that the users are not in memory twice.
    users = null;
    load();
    getLifeCycle().transition(LifeCycle.State.RUNNING);
  }

  @Override
  public StateMachineStorage getStateMachineStorage() {
    return snapshots.storage();
  }

  @Override
  public long takeSnapshot() throws IOException {
    logBytes = 0;
    TermIndex last = getLastAppliedTermIndex();
    snapshots.write(last, users, lastEntries.all());
    return last.getIndex();
  }

  /**
   * Applies an entry.
   *
   * @throws IllegalStateException for an unknown entry: the server has to stop, because skipping it
   *     would make its users differ from those of the others
   */
  @Override
  public CompletableFuture<Message> applyTransaction(TransactionContext transaction) {
    LogEntryProto logged = transaction.getLogEntry();
    LogEntry entry;
    try {
      entry =
          LogEntry.parseFrom(logged.getStateMachineLogEntry().getLogData().asReadOnlyByteBuffer());
    } catch (IOException unreadable) {
      throw stop("an entry of the log cannot be parsed");
    }
    if (entry.getKindCase() != LogEntry.KindCase.CREATES) {
      throw stop(
          "a newer version of user-service has written to the log: start that version here too");
    }
    LogAnswer answer;
    try {
      answer = answer(entry);
    } catch (RuntimeException unexpected) {
      throw stop("an entry of the log cannot be applied: " + unexpected.getClass().getName());
    }
    updateLastAppliedTermIndex(logged.getTerm(), logged.getIndex());
    logBytes += logged.getSerializedSize();
    if (logBytes > Math.max(SNAPSHOT_LOG_BYTES, snapshots.bytes())) {
      requestSnapshot();
    }
    return CompletableFuture.completedFuture(
        Message.valueOf(UnsafeByteOperations.unsafeWrap(answer.toByteArray())));
  }

  /** Requests a snapshot; the engine itself counts only entries, not their size. */
  private void requestSnapshot() {
    logBytes = 0;
    getServer()
        .thenCompose(
            server ->
                server.snapshotManagementAsync(
                    SnapshotManagementRequest.newCreate(
                        ClientId.randomId(), server.getId(), group, 1, SNAPSHOT_MILLIS, 1)))
        .whenComplete((taken, failure) -> LOG.debug("Ratis: " + taken, failure));
  }

  /** Answers another server that asks the leader before a read; see {@link #readIndexOf}. */
  @Override
  public CompletableFuture<Message> queryStale(Message request, long minIndex) {
    return listener
        .readIndex()
        .thenApply(
            index ->
                Message.valueOf(
                    UnsafeByteOperations.unsafeWrap(
                        ByteBuffer.allocate(Long.BYTES).putLong(0, index))));
  }

  static long readIndexOf(Message answer) {
    return answer.getContent().asReadOnlyByteBuffer().getLong();
  }

  @Override
  public void notifyLeaderChanged(RaftGroupMemberId member, RaftPeerId leader) {
    listener.leaderChanged(leader);
  }

  @Override
  public void notifyLogFailed(Throwable cause, LogEntryProto entry) {
    listener.stopped("its log cannot be written");
  }

  @Override
  public void notifyGroupRemove() {
    listener.stopped("it was removed from the servers of the log");
  }

  @Override
  public void notifyServerShutdown(RoleInfoProto role, boolean wholeServer) {
    listener.stopped("it was removed from the servers of the log, or its folder cannot be used");
  }

  private IllegalStateException stop(String why) {
    listener.stopped(why);
    return new IllegalStateException(why);
  }

  private void open(RaftStorage raftStorage) throws IOException {
    snapshots.open(raftStorage);
    load();
  }

  private void load() throws IOException {
    Optional<SnapshotFiles.Found> found = snapshots.read();
    if (found.isEmpty()) {
      users = new MemoryStore();
      return;
    }
    UsersSnapshot snapshot = found.get().snapshot();
    TermIndex last = found.get().last();
    lastEntries.replace(snapshot.lastEntries());
    setLastAppliedTermIndex(last);
    users = snapshot.users();
    release(last.getIndex());
  }

  /** Applies an entry; one that is in the log twice gets the answer of the first time. */
  private LogAnswer answer(LogEntry entry) {
    Optional<LogAnswer> earlier = lastEntries.answerOf(entry);
    if (earlier.isPresent()) {
      return earlier.get();
    }
    LogAnswer.Builder answers = LogAnswer.newBuilder();
    for (Create call : entry.getCreates().getCallsList()) {
      Future<List<Integer>> ids = users.createAll(call.getUsersList(), () -> false);
      answers.addCalls(
          ids.succeeded()
              ? users.size() - ids.result().size() + 1
              : -1 - ((StoreException) ids.cause()).index());
    }
    LogAnswer answer = answers.build();
    lastEntries.add(entry, answer);
    return answer;
  }
}
