package dev.userservice.store;

import dev.userservice.store.StoreException.Reason;
import io.vertx.core.Future;
import io.vertx.core.internal.logging.Logger;
import io.vertx.core.internal.logging.LoggerFactory;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.apache.ratis.protocol.RaftPeer;
import org.apache.ratis.protocol.RaftPeerId;
import org.apache.ratis.server.RaftServer;

/** The replicated log for operators: its state, its leader in the log lines, its servers. */
final class RaftReplication implements Replication {

  private static final Logger LOG = LoggerFactory.getLogger(RaftReplication.class);

  private final RaftCalls asking;
  private final Supplier<RaftPart> part;
  private final Supplier<RaftFolder> folder;
  private final LongSupplier snapshotBytes;

  private volatile long leaderSinceNanos = System.nanoTime();
  private volatile RaftPeerId lastLeader;

  /**
   * @param part supplies this server's part in the log; null before it has joined
   * @param folder supplies the folder; null before it is held
   */
  RaftReplication(
      RaftCalls asking,
      Supplier<RaftPart> part,
      Supplier<RaftFolder> folder,
      LongSupplier snapshotBytes) {
    this.asking = asking;
    this.part = part;
    this.folder = folder;
    this.snapshotBytes = snapshotBytes;
  }

  /** Logs a change of the leader, which is null when unknown. */
  void leaderChanged(RaftPeerId self, RaftPeerId leader) {
    leaderSinceNanos = System.nanoTime();
    if (leader != null && !leader.equals(lastLeader)) {
      lastLeader = leader;
      LOG.info(
          leader.equals(self)
              ? "this server leads the log"
              : "the server at %s leads the log".formatted(addressOf(leader)));
    }
  }

  /** The address in an id, for people. */
  private static String addressOf(RaftPeerId id) {
    return id.toString().replaceFirst("#.*", "");
  }

  @Override
  public State state() {
    RaftPart known = part.get();
    if (known == null) {
      return State.NONE;
    }
    RaftServer.Division division = known.division();
    RaftPeerId leader = known.leader();
    return new State(
        known.servers().stream().map(RaftPeer::getAddress).sorted().toList(),
        leader == null ? "" : addressOf(leader),
        division.getInfo().isLeader(),
        division.getInfo().getCurrentTerm(),
        division.getRaftLog().getLastCommittedIndex(),
        division.getInfo().getLastAppliedIndex(),
        TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - leaderSinceNanos),
        snapshotBytes.getAsLong());
  }

  @Override
  public long diskBytes() {
    RaftFolder held = folder.get();
    return held == null ? 0 : held.bytes();
  }

  @Override
  public Future<Void> remove(String address) {
    RaftPart known = part.get();
    if (known == null) {
      return StoreException.notOpen();
    }
    List<RaftPeer> before = known.servers();
    List<RaftPeer> after =
        before.stream().filter(peer -> !peer.getAddress().equals(address)).toList();
    if (after.size() == before.size()) {
      return Future.failedFuture(
          new StoreException(Reason.NOT_FOUND, address + " is not a server of the log"));
    }
    if (after.isEmpty()) {
      return Future.failedFuture(StoreException.unusable("the last server cannot be removed"));
    }
    long call = known.nextCall();
    return asking.ask(() -> known.setServers(call, before, after), null).mapEmpty();
  }
}
