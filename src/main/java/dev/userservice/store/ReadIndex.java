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
 * How far the log has to be applied before a read that begins now may look: as far as the leader
 * has it committed, once a majority has answered the leader after that (section 6.4 of the thesis
 * on Raft). Any thread may use it.
 *
 * <p>The engine has a read index of its own. That of Ratis 3.2.2 asks nobody when the same index
 * was confirmed once before, so a leader that was replaced without knowing it lets reads through
 * that miss what its successor has acknowledged; and it loses a question that is put while a
 * heartbeat is on its way out, which then waits for the next.
 */
final class ReadIndex {

  /** Those that bring the log to the others while this server leads. */
  private final Set<Appender> appenders = ConcurrentHashMap.newKeySet();

  private final Set<Question> questions = new HashSet<>();

  /**
   * Completes with the index of an entry; fails when this server does not lead, leads no longer, or
   * gets no answer in {@link RaftCalls#TRY_MILLIS}.
   */
  CompletableFuture<Long> ask(RaftServer.Division division) {
    DivisionInfo info = division.getInfo();
    long term = info.getCurrentTerm();
    if (!info.isLeaderReady()) {
      return CompletableFuture.failedFuture(notLeading());
    }
    Question question = new Question(division, term);
    synchronized (questions) {
      questions.add(question);
    }
    question.answer.whenComplete((index, failure) -> forget(question));
    question.put();
    return question.answer.isDone()
        ? question.answer
        : question.answer.orTimeout(RaftCalls.TRY_MILLIS, TimeUnit.MILLISECONDS);
  }

  /** Fails who waits: whoever confirms now does it for another leader. */
  void leadsNoLonger() {
    List<Question> all;
    synchronized (questions) {
      all = List.copyOf(questions);
    }
    all.forEach(Question::fail);
  }

  /** What the engine is to bring the log to a follower with. */
  LogAppender newAppender(RaftServer.Division server, LeaderState state, FollowerInfo follower) {
    Appender appender = new Appender(server, new Replies(state), follower);
    appenders.add(appender);
    return appender;
  }

  private void replied(Appender appender, AppendEntriesReplyProto reply) {
    appender.tellCommit(reply.getFollowerCommit());
    if (reply.getResult() != AppendResult.SUCCESS) {
      return;
    }
    List<Question> all;
    synchronized (questions) {
      all = List.copyOf(questions);
    }
    all.forEach(question -> question.replied(appender, reply));
  }

  private void forget(Question question) {
    synchronized (questions) {
      questions.remove(question);
    }
  }

  private static IllegalStateException notLeading() {
    return new IllegalStateException("this server does not lead");
  }

  private final class Question {

    private final CompletableFuture<Long> answer = new CompletableFuture<>();
    private final RaftServer.Division division;
    private final long term;
    private final long committed;

    // Both under the lock of this.
    private final Map<Appender, Long> firstCalls = new HashMap<>();
    private final Set<RaftPeerId> confirmed = new HashSet<>();

    Question(RaftServer.Division division, long term) {
      this.division = division;
      this.term = term;
      committed = division.getRaftLog().getLastCommittedIndex();
      confirmed.add(division.getId());
    }

    synchronized void put() {
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

    /** There are previous servers only while the list changes; both lists have to agree then. */
    private boolean isMajority(Collection<RaftPeer> servers) {
      long those = servers.stream().filter(peer -> confirmed.contains(peer.getId())).count();
      return servers.isEmpty() || those > servers.size() / 2;
    }

    void fail() {
      answer.completeExceptionally(notLeading());
    }
  }

  /** That of the engine, which sends the heartbeats that questions want. */
  private final class Appender extends GrpcLogAppender {

    /** The call that the last question wants to be answered, or a later one. */
    private volatile long wantedCall = -1;

    /** What the follower has to know as committed, so that reads there can go on. */
    private volatile long wantedCommit = -1;

    Appender(RaftServer.Division server, LeaderState state, FollowerInfo follower) {
      super(server, state, follower);
    }

    /** Returns the first call whose answer counts. */
    long askFollower(long committed) {
      long call = getCallId();
      wantedCall = call;
      wantedCommit = committed;
      triggerHeartbeat();
      return call;
    }

    /** An entry may reach the follower's disk after the heartbeat that told of its commit. */
    void tellCommit(long known) {
      long wanted = wantedCommit;
      if (known < wanted && getFollower().getMatchIndex() >= wanted) {
        triggerHeartbeat();
      }
    }

    /** For what is being sent now; it may have been made before the last question. */
    @Override
    protected void resetHeartbeatTrigger() {
      super.resetHeartbeatTrigger();
      if (getCallId() <= wantedCall) {
        triggerHeartbeat();
      }
    }

    @Override
    public CompletableFuture<LifeCycle.State> stopAsync() {
      appenders.remove(this);
      return super.stopAsync();
    }
  }

  /** Tells of replies, beside the engine. */
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
