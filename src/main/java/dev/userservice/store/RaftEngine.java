package dev.userservice.store;

import dev.userservice.config.RaftConfig;
import dev.userservice.store.StoreException.Reason;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.internal.logging.Logger;
import io.vertx.core.internal.logging.LoggerFactory;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.apache.ratis.protocol.Message;
import org.apache.ratis.protocol.RaftClientReply;
import org.apache.ratis.protocol.RaftClientRequest;
import org.apache.ratis.protocol.RaftPeerId;
import org.apache.ratis.server.RaftServer;
import org.apache.ratis.thirdparty.com.google.protobuf.ByteString;
import org.apache.ratis.thirdparty.com.google.protobuf.UnsafeByteOperations;

/**
 * The replicated log: Apache Ratis, which elects a leader, brings each entry to the disks of a
 * majority and applies it. Methods that return a Future may be called from any thread; the others
 * wait for disks and for other servers.
 */
final class RaftEngine implements UsersMachine.Listener {

  private static final Logger LOG = LoggerFactory.getLogger(RaftEngine.class);

  /** The pause between two checks for the other servers. */
  private static final int CHECK_MILLIS = 50;

  /** The time that one try to start waits for other servers. */
  private static final int START_MILLIS = 2_000;

  /** Not the engine's own kind of read: see {@link ReadIndex}. */
  private static final RaftClientRequest.Type INDEX_REQUEST =
      RaftClientRequest.staleReadRequestType(-1);

  private final Vertx vertx;
  private final RaftConfig config;
  private final Optional<MemberTrust> trust;
  private final UsersMachine machine = new UsersMachine(this);
  private final ReadIndex readIndex = new ReadIndex();
  private final RaftCalls asking;
  private final RaftReplication replication;

  /** Set before the engine starts, whose threads need it. */
  private volatile RaftMember member;

  /** The folder of a started engine; null before. */
  private volatile RaftFolder folder;

  /** Null until this server has joined the log. */
  private volatile RaftPart part;

  private volatile String stopped;
  private volatile boolean closing;

  RaftEngine(RaftConfig config, Vertx vertx, Optional<MemberTrust> trust) {
    this.config = config;
    this.vertx = vertx;
    this.trust = trust;
    asking =
        new RaftCalls(
            vertx,
            config.timeoutMillis(),
            () -> {
              requireRunning();
              return part.leader() != null;
            });
    replication = new RaftReplication(asking, () -> part, () -> folder, machine::snapshotBytes);
  }

  UsersMachine machine() {
    return machine;
  }

  Replication replication() {
    return replication;
  }

  /**
   * Joins the log, or begins it. May be called again after a failure.
   *
   * @throws StoreException UNAVAILABLE while other servers are missing, UNUSABLE when waiting does
   *     not help
   */
  synchronized void start() {
    if (closing) {
      throw StoreException.unusable("this server has left the log");
    }
    requireRunning();
    if (folder == null) {
      RaftFolder taken = RaftFolder.take(config);
      try {
        begin(taken);
        folder = taken;
      } catch (RuntimeException failure) {
        taken.release();
        throw failure;
      }
    }
    RaftFounding founding = new RaftFounding(config, member);
    long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(START_MILLIS);
    while (part == null) {
      part = founding.enter().map(this::part).orElse(null);
      if (part == null) {
        if (closing || System.nanoTime() > end) {
          throw unavailable(founding.waitsFor());
        }
        pause();
      }
    }
  }

  private static void pause() {
    try {
      Thread.sleep(CHECK_MILLIS);
    } catch (InterruptedException stopping) {
      throw unavailable("the start was interrupted");
    }
  }

  private void begin(RaftFolder taken) {
    RaftMember opening = new RaftMember(taken);
    member = opening;
    part = opening.start(machine, readIndex, trust).map(this::part).orElse(null);
  }

  private RaftPart part(RaftServer.Division division) {
    return new RaftPart(member, division);
  }

  /**
   * Appends an entry, retrying under the same number until the outcome is known.
   *
   * @return the answer of the state machine; fails as OUTCOME_UNKNOWN on a timeout, as UNAVAILABLE
   *     when the entry was never sent
   */
  Future<ByteString> write(byte[] entry) {
    ByteString bytes = UnsafeByteOperations.unsafeWrap(entry);
    long call = part.nextCall();
    return asking
        .ask(
            () -> part.ask(RaftClientRequest.writeRequestType(), call, Message.valueOf(bytes)),
            new StoreException(
                Reason.OUTCOME_UNKNOWN, "no majority of the servers has confirmed a write in time"))
        .map(reply -> reply.getMessage().getContent());
  }

  /** Completes, on any thread, when everything acknowledged before this call is applied here. */
  Future<Void> confirm() {
    RaftPart known = part;
    if (!known.division().getInfo().isLeaderReady()) {
      return confirmByLeader();
    }
    Promise<Void> confirmed = Promise.promise();
    CompletableFuture<Void> applied =
        readIndex
            .ask(known.division())
            .thenCompose(machine::applied)
            .thenRun(confirmed::tryComplete);
    if (confirmed.future().isComplete()) {
      return confirmed.future();
    }
    applied
        .copy()
        .orTimeout(RaftCalls.TRY_MILLIS, TimeUnit.MILLISECONDS)
        .exceptionally(
            late -> {
              // Another server leads by now, or soon; or entries take long to be applied.
              confirmByLeader().onComplete(confirmed::tryComplete, confirmed::tryFail);
              return null;
            });
    return confirmed.future();
  }

  private Future<Void> confirmByLeader() {
    return asking
        .ask(
            () -> {
              CompletableFuture<RaftClientReply> index =
                  part.ask(INDEX_REQUEST, part.nextCall(), Message.EMPTY);
              return index == null ? null : index.thenCompose(this::applied);
            },
            null)
        .mapEmpty();
  }

  private CompletableFuture<RaftClientReply> applied(RaftClientReply index) {
    return index.isSuccess()
        ? machine.applied(UsersMachine.readIndexOf(index.getMessage())).thenApply(applied -> index)
        : CompletableFuture.completedFuture(index);
  }

  @Override
  public CompletableFuture<Long> readIndex() {
    RaftPart known = part;
    return known == null
        ? CompletableFuture.failedFuture(unavailable("this server has not started yet"))
        : readIndex.ask(known.division());
  }

  /** Leaves: hands leadership over where another server can take it, and closes the log. */
  void stop() {
    // Ends a start that waits for other servers.
    closing = true;
    asking.stop();
    leave();
  }

  private synchronized void leave() {
    if (part != null) {
      part.handOver();
      part.noteReached();
    }
    asking.shutdown();
    if (folder != null) {
      member.close();
    }
  }

  /**
   * Checks this server. Called about once a second.
   *
   * @throws StoreException UNUSABLE when this server has stopped, or was removed
   */
  void check() {
    RaftPart known = part;
    if (known != null && !known.isMember()) {
      stopped("it was removed from the servers of the log");
    }
    requireRunning();
    if (known != null) {
      known.noteReached();
    }
  }

  /**
   * @throws StoreException UNUSABLE when this server has stopped
   */
  private void requireRunning() {
    if (stopped != null) {
      throw StoreException.unusable("this server has stopped: " + stopped);
    }
  }

  boolean hasJoined() {
    return part != null;
  }

  @Override
  public void leaderChanged(RaftPeerId leader) {
    RaftPeerId self = member.self();
    if (!self.equals(leader)) {
      readIndex.failAll();
    }
    replication.leaderChanged(self, leader);
  }

  @Override
  public void stopped(String why) {
    if (!closing && stopped == null) {
      stopped = why;
      LOG.error("this server no longer takes part in the log: " + why);
      // Not on a thread of the engine, which would wait for itself.
      vertx.executeBlocking(
          () -> {
            member.closeServer();
            return null;
          });
    }
  }

  static StoreException unavailable(String why) {
    return new StoreException(Reason.UNAVAILABLE, why);
  }
}
