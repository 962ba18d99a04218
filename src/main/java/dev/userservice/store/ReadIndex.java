package dev.userservice.store;

import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import org.apache.ratis.grpc.server.GrpcLogAppender;
import org.apache.ratis.proto.RaftProtos.AppendEntriesReplyProto;
import org.apache.ratis.proto.RaftProtos.AppendEntriesReplyProto.AppendResult;
import org.apache.ratis.proto.RaftProtos.AppendEntriesRequestProto;
import org.apache.ratis.proto.RaftProtos.LogEntryProto;
import org.apache.ratis.protocol.RaftPeer;
import org.apache.ratis.protocol.RaftPeerId;
import org.apache.ratis.server.DivisionInfo;
import org.apache.ratis.server.RaftServer;
import org.apache.ratis.server.leader.FollowerInfo;
import org.apache.ratis.server.leader.LeaderState;
import org.apache.ratis.server.leader.LogAppender;
import org.apache.ratis.server.protocol.TermIndex;
import org.apache.ratis.util.LifeCycle;

/**
 * The index up to which the log has to be applied before a read may start: the leader's commit
 * index, once a majority has answered a later heartbeat (section 6.4 of the thesis on Raft).
 * Thread-safe.
 *
 * <p>It replaces the engine's own read index. That of Ratis 3.2.2 sends no heartbeat when the same
 * index was confirmed before. So a replaced leader admits reads that miss writes acknowledged by
 * its successor. It also loses a request made while a heartbeat is being sent, which then waits for
 * the next.
 */
final class ReadIndex {

  /** The senders of the log to the followers, while this server leads. */
  private final Set<Appender> appenders = ConcurrentHashMap.newKeySet();

  private final Set<Request> requests = new HashSet<>();

  /**
   * Completes with the index of an entry. Fails when this server does not lead, or gets no majority
   * within {@link RaftSettings#REQUEST_MILLIS}.
   */
  CompletableFuture<Long> ask(RaftServer.Division division) {
    DivisionInfo info = division.getInfo();
    long term = info.getCurrentTerm();
    if (!info.isLeaderReady()) {
      return CompletableFuture.failedFuture(notLeading());
    }
    Request request = new Request(division, term);
    synchronized (requests) {
      requests.add(request);
    }
    request.answer.whenComplete((index, failure) -> forget(request));
    request.send();
    return request.answer.isDone()
        ? request.answer
        : request.answer.orTimeout(RaftSettings.REQUEST_MILLIS, TimeUnit.MILLISECONDS);
  }

  /** Fails all open requests: replies from now on confirm another leader. */
  void failAll() {
    List<Request> all;
    synchronized (requests) {
      all = List.copyOf(requests);
    }
    all.forEach(Request::fail);
  }

  /** Creates the sender of the log to a follower, for the engine. */
  LogAppender newAppender(RaftServer.Division server, LeaderState state, FollowerInfo follower) {
    Appender appender = new Appender(server, new Replies(state), follower);
    appenders.add(appender);
    return appender;
  }

  private void replied(Appender appender, AppendEntriesReplyProto reply) {
    appender.repeatCommit(reply.getFollowerCommit());
    if (reply.getResult() != AppendResult.SUCCESS) {
      return;
    }
    List<Request> all;
    synchronized (requests) {
      all = List.copyOf(requests);
    }
    all.forEach(request -> request.replied(appender, reply));
  }

  private void forget(Request request) {
    synchronized (requests) {
      requests.remove(request);
    }
  }

  private static IllegalStateException notLeading() {
    return new IllegalStateException("this server does not lead");
  }

  private final class Request {

    private final CompletableFuture<Long> answer = new CompletableFuture<>();
    private final RaftServer.Division division;
    private final long term;
    private final long committed;

    // Guarded by this.
    private final Map<Appender, Long> firstCalls = new HashMap<>();
    private final Set<RaftPeerId> confirmed = new HashSet<>();

    Request(RaftServer.Division division, long term) {
      this.division = division;
      this.term = term;
      committed = division.getRaftLog().getLastCommittedIndex();
      confirmed.add(division.getId());
    }

    synchronized void send() {
      for (Appender appender : appenders) {
        firstCalls.put(appender, appender.askFollower(committed));
      }
      answerIfConfirmed();
    }

    /** Counts replies of its own term only: a server can be replaced, and lead again later. */
    synchronized void replied(Appender appender, AppendEntriesReplyProto reply) {
      Long first = firstCalls.get(appender);
      if (first != null && reply.getServerReply().getCallId() >= first && reply.getTerm() == term) {
        confirmed.add(appender.getFollowerId());
        answerIfConfirmed();
      }
    }

    private void answerIfConfirmed() {
      if (isMajority(division.getRaftConf().getCurrentPeers())
          && isMajority(division.getRaftConf().getPreviousPeers())) {
        answer.complete(committed);
      }
    }

    /** The previous servers are empty, except during a change: then both lists need a majority. */
    private boolean isMajority(Collection<RaftPeer> servers) {
      long answered = servers.stream().filter(peer -> confirmed.contains(peer.getId())).count();
      return servers.isEmpty() || answered > servers.size() / 2;
    }

    void fail() {
      answer.completeExceptionally(notLeading());
    }
  }

  /** The engine's sender, with heartbeats on request. */
  private final class Appender extends GrpcLogAppender {

    /** The first heartbeat that can answer the last request. */
    private volatile long requestedCall = -1;

    /** The commit index that the follower has to know, so that its reads can proceed. */
    private volatile long requestedCommit = -1;

    Appender(RaftServer.Division server, LeaderState state, FollowerInfo follower) {
      super(server, state, follower);
    }

    /** Triggers a heartbeat; returns the first call whose answer counts. */
    long askFollower(long committed) {
      long call = getCallId();
      requestedCall = call;
      requestedCommit = committed;
      triggerHeartbeat();
      return call;
    }

    /** Repeats the heartbeat when an entry reached the follower only after that of its commit. */
    void repeatCommit(long known) {
      long wanted = requestedCommit;
      if (known < wanted && getFollower().getMatchIndex() >= wanted) {
        triggerHeartbeat();
      }
    }

    /** Triggers another heartbeat when the one being sent is older than the last request. */
    @Override
    protected void resetHeartbeatTrigger() {
      super.resetHeartbeatTrigger();
      if (getCallId() <= requestedCall) {
        triggerHeartbeat();
      }
    }

    @Override
    public CompletableFuture<LifeCycle.State> stopAsync() {
      appenders.remove(this);
      return super.stopAsync();
    }
  }

  /** Passes replies on, to the engine first. */
  private final class Replies implements LeaderState {

    private final LeaderState engine;

    Replies(LeaderState engine) {
      this.engine = engine;
    }

    @Override
    public void onAppendEntriesReply(LogAppender appender, AppendEntriesReplyProto reply) {
      engine.onAppendEntriesReply(appender, reply);
      replied((Appender) appender, reply);
    }

    @Override
    public void restart(LogAppender appender) {
      engine.restart(appender);
    }

    @Override
    public AppendEntriesRequestProto newAppendEntriesRequestProto(
        FollowerInfo follower, List<LogEntryProto> entries, TermIndex previous, long call) {
      return engine.newAppendEntriesRequestProto(follower, entries, previous, call);
    }

    @Override
    public void checkHealth(FollowerInfo follower) {
      engine.checkHealth(follower);
    }

    @Override
    public boolean onFollowerTerm(FollowerInfo follower, long term) {
      return engine.onFollowerTerm(follower, term);
    }

    @Override
    public void onFollowerCommitIndex(FollowerInfo follower, long commit) {
      engine.onFollowerCommitIndex(follower, commit);
    }

    @Override
    public void onFollowerSuccessAppendEntries(FollowerInfo follower) {
      engine.onFollowerSuccessAppendEntries(follower);
    }

    @Override
    public boolean isFollowerBootstrapping(FollowerInfo follower) {
      return engine.isFollowerBootstrapping(follower);
    }
  }
}
