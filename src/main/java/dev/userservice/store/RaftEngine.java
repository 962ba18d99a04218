package dev.userservice.store;

import dev.userservice.config.Address;
import dev.userservice.config.RaftConfig;
import dev.userservice.store.StoreException.Reason;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.internal.logging.Logger;
import io.vertx.core.internal.logging.LoggerFactory;
import java.io.IOException;
import java.security.SecureRandom;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.ratis.conf.Parameters;
import org.apache.ratis.conf.RaftProperties;
import org.apache.ratis.grpc.client.GrpcClientRpc;
import org.apache.ratis.proto.RaftProtos.CommitInfoProto;
import org.apache.ratis.protocol.ClientId;
import org.apache.ratis.protocol.Message;
import org.apache.ratis.protocol.RaftClientReply;
import org.apache.ratis.protocol.RaftClientRequest;
import org.apache.ratis.protocol.RaftGroupId;
import org.apache.ratis.protocol.RaftPeer;
import org.apache.ratis.protocol.RaftPeerId;
import org.apache.ratis.protocol.SetConfigurationRequest;
import org.apache.ratis.protocol.TransferLeadershipRequest;
import org.apache.ratis.server.RaftServer;
import org.apache.ratis.server.storage.RaftStorage;
import org.apache.ratis.thirdparty.com.google.protobuf.ByteString;
import org.apache.ratis.thirdparty.com.google.protobuf.UnsafeByteOperations;

/**
 * This server's part in the replicated log: Apache Ratis, which elects a leader, brings each entry
 * to the disks of a majority and applies it. Methods that return a Future may be called from any
 * thread; the others wait for disks and for other servers.
 */
final class RaftEngine implements UsersMachine.Listener, Replication {

  private static final Logger LOG = LoggerFactory.getLogger(RaftEngine.class);

  /** Between two looks at whether the others are there. */
  private static final int LOOK_MILLIS = 50;

  /** How long one try to start waits for others before it says so. */
  private static final int START_MILLIS = 2_000;

  private static final int HANDOVER_MILLIS = 3_000;

  /** Not the engine's own kind of read: see {@link ReadIndex}. */
  private static final RaftClientRequest.Type INDEX_REQUEST =
      RaftClientRequest.staleReadRequestType(-1);

  private final Vertx vertx;
  private final RaftConfig config;
  private final Optional<MemberTrust> trust;
  private final UsersMachine machine = new UsersMachine(this);
  private final ReadIndex readIndex = new ReadIndex();
  private final ClientId client = ClientId.randomId();
  private final AtomicLong calls = new AtomicLong();

  private final RaftCalls asking;

  private volatile RaftFolder folder;
  private RaftPeerId self;
  private RaftServer server;
  private GrpcClientRpc others;

  /** Of the servers that this one belongs to; null until that is known. */
  private volatile RaftServer.Division division;

  private volatile String stopped;
  private volatile boolean closing;
  private volatile long leaderSinceNanos = System.nanoTime();

  private volatile RaftPeerId lastLeader;

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
              return division.getInfo().getLeaderId() != null;
            });
  }

  UsersMachine machine() {
    return machine;
  }

  /**
   * Makes this server one of those of the log. May be called again after it has failed.
   *
   * @throws StoreException UNAVAILABLE while others are missing, UNUSABLE when no wait would help
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
    RaftFounding founding =
        new RaftFounding(config, folder, self, server, others, client, calls::incrementAndGet);
    long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(START_MILLIS);
    while (division == null) {
      division = founding.enter().orElse(null);
      if (division == null) {
        if (closing || System.nanoTime() > end) {
          throw unavailable(founding.waitsFor());
        }
        pause();
      }
    }
  }

  private static void pause() {
    try {
      Thread.sleep(LOOK_MILLIS);
    } catch (InterruptedException stopping) {
      throw unavailable("the start was interrupted");
    }
  }

  private void begin(RaftFolder taken) {
    Optional<RaftMark> mark = taken.mark();
    Address address = taken.address();
    self = RaftPeerId.valueOf(mark.map(RaftMark::id).orElseGet(() -> newId(address)));
    StockRatis.prepare();
    RaftProperties settings = RaftSettings.of(address, taken);
    Parameters parameters = new Parameters();
    RaftRpc.readIndex(parameters, readIndex);
    trust.ifPresent(members -> RaftRpc.trust(parameters, members));
    try {
      server =
          RaftServer.newBuilder()
              .setServerId(self)
              .setStateMachineRegistry(group -> machine)
              .setProperties(settings)
              .setParameters(parameters)
              .setOption(RaftStorage.StartupOption.RECOVER)
              .build();
      server.start();
      others = new RaftRpc().newFactory(parameters).newRaftClientRpc(client, settings);
      if (mark.isPresent()) {
        resume(taken, mark.get());
      }
    } catch (IOException | RuntimeException failure) {
      close(server);
      if (failure instanceof StoreException refused) {
        throw refused;
      }
      LOG.debug("Ratis", failure);
      // Its message may have users in it.
      throw taken.unusable(
          "has a log or a snapshot that cannot be read (%s)%%nRestore nothing by hand; %s"
              .formatted(rootOf(failure).getClass().getSimpleName(), taken.ifLost()));
    }
  }

  /** Checks that the log is there, and as long as it was. */
  private void resume(RaftFolder taken, RaftMark mark) throws IOException {
    RaftGroupId group = RaftGroupId.valueOf(mark.group());
    boolean found = RaftFounding.has(server, group);
    boolean complete = mark.stage() == RaftMark.Stage.COMPLETE;
    if (!found && complete) {
      throw taken.unusable("has lost its log%n" + taken.ifLost());
    }
    if (found) {
      RaftServer.Division resumed = server.getDivision(group);
      var last = resumed.getRaftLog().getLastEntryTermIndex();
      long end =
          Math.max(
              last == null ? -1 : last.getIndex(), machine.getLastAppliedTermIndex().getIndex());
      if (end < taken.reached()) {
        throw taken.unusable(
            "has a log that was cut: it ends at entry %d, and had entry %d%%nRestore nothing by hand; %s"
                .formatted(end, taken.reached(), taken.ifLost()));
      }
      if (complete) {
        division = resumed;
      }
    }
  }

  /**
   * Appends an entry, again and again under the same number until it is known what came of it.
   *
   * @return the answer of the state machine; fails as OUTCOME_UNKNOWN when that is not known in
   *     time, as UNAVAILABLE when the entry was given to nobody
   */
  Future<ByteString> write(byte[] entry) {
    ByteString bytes = UnsafeByteOperations.unsafeWrap(entry);
    long call = calls.incrementAndGet();
    return asking
        .ask(
            () -> askLeader(RaftClientRequest.writeRequestType(), call, Message.valueOf(bytes)),
            new StoreException(
                Reason.OUTCOME_UNKNOWN, "no majority of the servers has confirmed a write in time"))
        .map(reply -> reply.getMessage().getContent());
  }

  /**
   * Completes on any thread, when everything that was acknowledged before this call is applied
   * here.
   */
  Future<Void> confirm() {
    RaftServer.Division known = division;
    if (!known.getInfo().isLeaderReady()) {
      return confirmByLeader();
    }
    CompletableFuture<Void> applied = readIndex.ask(known).thenCompose(machine::applied);
    if (!applied.isDone()) {
      applied.orTimeout(RaftCalls.TRY_MILLIS, TimeUnit.MILLISECONDS);
    }
    Promise<Void> confirmed = Promise.promise();
    applied.whenComplete(
        (done, failure) -> {
          if (failure == null) {
            confirmed.complete();
          } else {
            // Another server leads by now, or soon; or entries take long to be applied.
            confirmByLeader().onComplete(confirmed);
          }
        });
    return confirmed.future();
  }

  private Future<Void> confirmByLeader() {
    return asking
        .ask(
            () -> {
              CompletableFuture<RaftClientReply> index =
                  askLeader(INDEX_REQUEST, calls.incrementAndGet(), Message.EMPTY);
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
    RaftServer.Division known = division;
    return known == null
        ? CompletableFuture.failedFuture(unavailable("this server has not started yet"))
        : readIndex.ask(known);
  }

  /** Leaves: hands leadership over where there is somebody, and closes the log. */
  void stop() {
    // A start that waits for others ends.
    closing = true;
    asking.stop();
    leave();
  }

  private synchronized void leave() {
    if (division != null) {
      handOver();
      noteReached();
    }
    asking.shutdown();
    if (folder != null) {
      others.close();
      close(server);
      folder.release();
    }
  }

  /**
   * Looks at itself, about once a second.
   *
   * @throws StoreException UNUSABLE when this server has stopped, or was removed
   */
  void check() {
    if (division != null && !isMember(division, self)) {
      stopped("it was removed from the servers of the log");
    }
    requireRunning();
    if (division != null) {
      noteReached();
    }
  }

  static boolean isMember(RaftServer.Division division, RaftPeerId id) {
    return division.getRaftConf().getAllPeers().stream().anyMatch(peer -> peer.getId().equals(id));
  }

  /** Notes how long the log is, for the next start. */
  private void noteReached() {
    var log = division.getRaftLog();
    folder.reached(Math.min(log.getLastCommittedIndex(), log.getFlushIndex()));
  }

  /**
   * @throws StoreException UNUSABLE when this server has stopped
   */
  private void requireRunning() {
    if (stopped != null) {
      throw StoreException.unusable("this server has stopped: " + stopped);
    }
  }

  boolean isIn() {
    return division != null;
  }

  @Override
  public State state() {
    RaftServer.Division known = division;
    if (known == null) {
      return State.NONE;
    }
    RaftPeerId leader = known.getInfo().getLeaderId();
    return new State(
        known.getRaftConf().getAllPeers().stream().map(RaftPeer::getAddress).sorted().toList(),
        leader == null ? "" : addressOf(leader),
        known.getInfo().isLeader(),
        known.getInfo().getCurrentTerm(),
        known.getRaftLog().getLastCommittedIndex(),
        known.getInfo().getLastAppliedIndex(),
        TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - leaderSinceNanos),
        machine.snapshotBytes());
  }

  @Override
  public long diskBytes() {
    RaftFolder held = folder;
    return held == null ? 0 : held.bytes();
  }

  @Override
  public Future<Void> remove(String address) {
    RaftServer.Division known = division;
    if (known == null) {
      return Future.failedFuture(unavailable("the store is not open"));
    }
    List<RaftPeer> before = List.copyOf(known.getRaftConf().getAllPeers());
    List<RaftPeer> after =
        before.stream().filter(peer -> !peer.getAddress().equals(address)).toList();
    if (after.size() == before.size()) {
      return Future.failedFuture(
          new StoreException(Reason.NOT_FOUND, "no server of the log is at " + address));
    }
    if (after.isEmpty()) {
      return Future.failedFuture(StoreException.unusable("the last server cannot be removed"));
    }
    long call = calls.incrementAndGet();
    return asking
        .ask(
            () -> {
              RaftPeerId leader = known.getInfo().getLeaderId();
              return leader == null
                  ? null
                  : setServers(
                      RaftFounding.change(
                          client, leader, known.getMemberId().getGroupId(), call, before, after));
            },
            null)
        .mapEmpty();
  }

  private CompletableFuture<RaftClientReply> setServers(SetConfigurationRequest request)
      throws IOException {
    if (request.getServerId().equals(self)) {
      return server.setConfigurationAsync(request);
    }
    others.addRaftPeers(request.getArguments().getServersInCurrentConf());
    // Blocks, on the thread of calls; it is asked for once in a server's life.
    return CompletableFuture.completedFuture(others.sendRequest(request));
  }

  @Override
  public void leaderChanged(RaftPeerId leader) {
    leaderSinceNanos = System.nanoTime();
    if (!self.equals(leader)) {
      readIndex.failAll();
    }
    if (leader != null && !leader.equals(lastLeader)) {
      lastLeader = leader;
      LOG.info(
          leader.equals(self)
              ? "this server leads the log"
              : "the server at %s leads the log".formatted(addressOf(leader)));
    }
  }

  @Override
  public void stopped(String why) {
    if (!closing && stopped == null) {
      stopped = why;
      LOG.error("this server takes no more part in the log: " + why);
      // Not on a thread of the engine, which would wait for itself.
      vertx.executeBlocking(
          () -> {
            close(server);
            return null;
          });
    }
  }

  /** The address in an id, for people. */
  private static String addressOf(RaftPeerId id) {
    return id.toString().replaceFirst("#.*", "");
  }

  private static String newId(Address address) {
    byte[] random = new byte[4];
    new SecureRandom().nextBytes(random);
    return address + "#" + HexFormat.of().formatHex(random);
  }

  private RaftClientRequest.Builder request(RaftPeerId to, long call, Message message) {
    return RaftClientRequest.newBuilder()
        .setClientId(client)
        .setServerId(to)
        .setGroupId(division.getMemberId().getGroupId())
        .setCallId(call)
        .setMessage(message);
  }

  /** Null when no leader is known. */
  private CompletableFuture<RaftClientReply> askLeader(
      RaftClientRequest.Type type, long call, Message message) throws IOException {
    RaftPeerId leader = division.getInfo().getLeaderId();
    if (leader == null) {
      return null;
    }
    RaftClientRequest request = request(leader, call, message).setType(type).build();
    if (leader.equals(self)) {
      return server.submitClientRequestAsync(request);
    }
    others.addRaftPeers(division.getRaftConf().getAllPeers());
    return others
        .sendRequestAsyncUnordered(request)
        .whenComplete(
            (reply, failure) -> {
              if (failure != null) {
                others.handleException(leader, failure, false);
              }
            });
  }

  private void handOver() {
    RaftPeerId to = bestFollower();
    if (to == null) {
      return;
    }
    try {
      server
          .transferLeadershipAsync(
              new TransferLeadershipRequest(
                  client,
                  self,
                  division.getMemberId().getGroupId(),
                  calls.incrementAndGet(),
                  to,
                  HANDOVER_MILLIS))
          .get(2L * HANDOVER_MILLIS, TimeUnit.MILLISECONDS);
    } catch (Exception elected) {
      // The others elect one when they miss this server.
      LOG.debug("Ratis", elected);
    }
  }

  /** Who has most of the log; null when this server does not lead, or is alone. */
  private RaftPeerId bestFollower() {
    if (!division.getInfo().isLeader()) {
      return null;
    }
    return division.getCommitInfos().stream()
        .filter(info -> !idOf(info).equals(self) && isMember(division, idOf(info)))
        .max(Comparator.comparingLong(CommitInfoProto::getCommitIndex))
        .map(RaftEngine::idOf)
        .orElse(null);
  }

  private static RaftPeerId idOf(CommitInfoProto info) {
    return RaftPeerId.valueOf(info.getServer().getId());
  }

  private static void close(RaftServer server) {
    try {
      if (server != null) {
        server.close();
      }
    } catch (IOException failure) {
      LOG.debug("Ratis", failure);
    }
  }

  static StoreException unavailable(String why) {
    return new StoreException(Reason.UNAVAILABLE, why);
  }

  private static Throwable rootOf(Throwable failure) {
    Throwable root = failure;
    while (root.getCause() != null) {
      root = root.getCause();
    }
    return root;
  }
}
