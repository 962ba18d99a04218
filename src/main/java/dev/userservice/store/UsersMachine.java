package dev.userservice.store;

import com.google.protobuf.ByteString;
import dev.userservice.proto.Create;
import dev.userservice.proto.LastEntry;
import dev.userservice.proto.LogAnswer;
import dev.userservice.proto.LogEntry;
import dev.userservice.store.StoreException.Reason;
import io.vertx.core.Future;
import io.vertx.core.internal.logging.Logger;
import io.vertx.core.internal.logging.LoggerFactory;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import org.apache.ratis.io.MD5Hash;
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
import org.apache.ratis.server.storage.FileInfo;
import org.apache.ratis.server.storage.RaftStorage;
import org.apache.ratis.statemachine.StateMachineStorage;
import org.apache.ratis.statemachine.TransactionContext;
import org.apache.ratis.statemachine.impl.BaseStateMachine;
import org.apache.ratis.statemachine.impl.SimpleStateMachineStorage;
import org.apache.ratis.statemachine.impl.SingleFileSnapshotInfo;
import org.apache.ratis.thirdparty.com.google.protobuf.UnsafeByteOperations;
import org.apache.ratis.util.LifeCycle;
import org.apache.ratis.util.MD5FileUtil;

/**
 * The users as a state machine of the replicated log: the same entries in the same order make the
 * same users on every server. So nothing here may look at a clock, a setting or chance.
 *
 * <p>Entries come one at a time, on a thread of the engine.
 */
final class UsersMachine extends BaseStateMachine {

  /** What the engine tells a server of itself, on threads of its own. */
  interface Listener {

    /** How far this server, which has to lead, has the log committed, if it leads still. */
    CompletableFuture<Long> readIndex();

    /** Null when nobody leads. */
    void leaderChanged(RaftPeerId leader);

    /** This server has stopped, and says why, for operators. */
    void stopped(String why);
  }

  private static final Logger LOG = LoggerFactory.getLogger(UsersMachine.class);

  /** The writers whose last entries are remembered: far more than there are servers. */
  private static final int WRITERS = 64;

  /**
   * A snapshot is due after so many bytes of the log: they are read again in seconds. After more
   * where users take more, so that twice what is written at most is written for snapshots.
   */
  private static final long SNAPSHOT_LOG_BYTES = 64L * 1024 * 1024;

  private static final int SNAPSHOT_MILLIS = 60_000;

  /** A snapshot that is being written. */
  private static final String UNFINISHED = ".new";

  private final SimpleStateMachineStorage storage = new SimpleStateMachineStorage();
  private final Listener listener;
  private volatile RaftGroupId group;

  /** By its writer, the last entry that was applied; the writer that came last stands last. */
  private final Map<ByteString, LastEntry> lastEntries = new LinkedHashMap<>();

  /** Who waits for an entry to be applied, by its index; under its own lock. */
  private final NavigableMap<Long, CompletableFuture<Void>> waiting = new TreeMap<>();

  /** Null while a snapshot takes their place. */
  private volatile MemoryStore users = new MemoryStore();

  private volatile long snapshotBytes;

  /** Applied since a snapshot was taken, or asked for. */
  private long logBytes;

  UsersMachine(Listener listener) {
    this.listener = listener;
  }

  /** What this server has applied. */
  Future<MemoryStore> users() {
    MemoryStore now = users;
    return now != null
        ? Future.succeededFuture(now)
        : Future.failedFuture(
            new StoreException(Reason.UNAVAILABLE, "this server gets a snapshot from another"));
  }

  /** Completes when everything up to an entry is applied here. */
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
    List<CompletableFuture<Void>> those;
    synchronized (waiting) {
      Map<Long, CompletableFuture<Void>> reached = waiting.headMap(applied, true);
      those = List.copyOf(reached.values());
      reached.clear();
    }
    those.forEach(one -> one.complete(null));
  }

  long snapshotBytes() {
    return snapshotBytes;
  }

  @Override
  public void initialize(RaftServer server, RaftGroupId group, RaftStorage raftStorage)
      throws IOException {
    super.initialize(server, group, raftStorage);
    this.group = group;
    getLifeCycle().startAndTransition(() -> load(raftStorage), IOException.class);
  }

  @Override
  public void pause() {
    getLifeCycle().transition(LifeCycle.State.PAUSING);
    getLifeCycle().transition(LifeCycle.State.PAUSED);
  }

  /** A snapshot of another server has been put into the folder. */
  @Override
  public void reinitialize() throws IOException {
    if (getLifeCycleState() == LifeCycle.State.PAUSED) {
      getLifeCycle().transition(LifeCycle.State.STARTING);
    }
    // First, so that not all users are in memory twice.
    users = null;
    load();
    getLifeCycle().transition(LifeCycle.State.RUNNING);
  }

  @Override
  public StateMachineStorage getStateMachineStorage() {
    return storage;
  }

  @Override
  public long takeSnapshot() throws IOException {
    logBytes = 0;
    TermIndex last = getLastAppliedTermIndex();
    Path file = storage.getSnapshotFile(last.getTerm(), last.getIndex()).toPath();
    Path written = file.resolveSibling(file.getFileName() + UNFINISHED);
    UsersSnapshot.write(written, users, lastEntries.values());
    // Before the file has its name: one without a checksum would count for nothing.
    MD5Hash checksum = MD5FileUtil.computeMd5ForFile(written.toFile());
    MD5FileUtil.saveMD5File(file.toFile(), checksum);
    Files.move(written, file, StandardCopyOption.ATOMIC_MOVE);
    RaftFolder.syncFolder(file.getParent());
    snapshotBytes = Files.size(file);
    storage.updateLatestSnapshot(
        new SingleFileSnapshotInfo(new FileInfo(file, checksum), last.getTerm(), last.getIndex()));
    return last.getIndex();
  }

  /**
   * @throws IllegalStateException for an entry that this version does not know: the server has to
   *     stop, since to go on without it would make other users here than elsewhere
   */
  @Override
  public CompletableFuture<Message> applyTransaction(TransactionContext transaction) {
    LogEntryProto logged = transaction.getLogEntry();
    LogEntry entry;
    try {
      entry =
          LogEntry.parseFrom(logged.getStateMachineLogEntry().getLogData().asReadOnlyByteBuffer());
    } catch (IOException unreadable) {
      throw stop("an entry of the log cannot be read");
    }
    if (entry.getKindCase() != LogEntry.KindCase.CREATES) {
      throw stop("a newer version of user-service has written to the log: start it here too");
    }
    LogAnswer answer;
    try {
      answer = answer(entry);
    } catch (RuntimeException unexpected) {
      throw stop("an entry of the log cannot be applied: " + unexpected.getClass().getName());
    }
    updateLastAppliedTermIndex(logged.getTerm(), logged.getIndex());
    logBytes += logged.getSerializedSize();
    if (logBytes > Math.max(SNAPSHOT_LOG_BYTES, snapshotBytes)) {
      askForSnapshot();
    }
    return CompletableFuture.completedFuture(
        Message.valueOf(UnsafeByteOperations.unsafeWrap(answer.toByteArray())));
  }

  /** The engine takes one by itself after so many entries, however large they are. */
  private void askForSnapshot() {
    logBytes = 0;
    getServer()
        .thenCompose(
            server ->
                server.snapshotManagementAsync(
                    SnapshotManagementRequest.newCreate(
                        ClientId.randomId(), server.getId(), group, 1, SNAPSHOT_MILLIS, 1)))
        .whenComplete((taken, failure) -> LOG.debug("Ratis: " + taken, failure));
  }

  /** What another server asks the leader before it reads; {@link #readIndexOf} has the answer. */
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
    listener.stopped(
        "it was removed from the servers of the log, or what is in its folder cannot be used");
  }

  private IllegalStateException stop(String why) {
    listener.stopped(why);
    return new IllegalStateException(why);
  }

  private void load(RaftStorage raftStorage) throws IOException {
    storage.init(raftStorage);
    Path folder = raftStorage.getStorageDir().getStateMachineDir().toPath();
    try (DirectoryStream<Path> unfinished = Files.newDirectoryStream(folder, "*" + UNFINISHED)) {
      for (Path each : unfinished) {
        Files.delete(each);
      }
    }
    load();
  }

  private void load() throws IOException {
    SingleFileSnapshotInfo found = storage.loadLatestSnapshot();
    if (found == null) {
      users = new MemoryStore();
      return;
    }
    Path file = found.getFile().getPath();
    MD5FileUtil.verifySavedMD5(file.toFile(), MD5FileUtil.computeMd5ForFile(file.toFile()));
    UsersSnapshot snapshot = UsersSnapshot.read(file);
    lastEntries.clear();
    snapshot.lastEntries().forEach(this::remember);
    setLastAppliedTermIndex(found.getTermIndex());
    snapshotBytes = Files.size(file);
    users = snapshot.users();
    release(found.getIndex());
  }

  /** That of the first time, for an entry that is in the log twice. */
  private LogAnswer answer(LogEntry entry) {
    LastEntry last = lastEntries.get(entry.getWriter());
    if (last != null && last.getNumber() >= entry.getNumber()) {
      return last.getAnswer();
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
    remember(
        LastEntry.newBuilder()
            .setWriter(entry.getWriter())
            .setNumber(entry.getNumber())
            .setAnswer(answer)
            .build());
    return answer;
  }

  private void remember(LastEntry last) {
    lastEntries.remove(last.getWriter());
    lastEntries.put(last.getWriter(), last);
    if (lastEntries.size() > WRITERS) {
      lastEntries.remove(lastEntries.keySet().iterator().next());
    }
  }
}
