package dev.userservice.store;

import io.vertx.core.internal.logging.Logger;
import io.vertx.core.internal.logging.LoggerFactory;
import java.io.IOException;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.apache.ratis.proto.RaftProtos.CommitInfoProto;
import org.apache.ratis.protocol.Message;
import org.apache.ratis.protocol.RaftClientReply;
import org.apache.ratis.protocol.RaftClientRequest;
import org.apache.ratis.protocol.RaftGroupId;
import org.apache.ratis.protocol.RaftPeer;
import org.apache.ratis.protocol.RaftPeerId;
import org.apache.ratis.protocol.SetConfigurationRequest;
import org.apache.ratis.protocol.TransferLeadershipRequest;
import org.apache.ratis.server.RaftServer;

/**
 * This server's part in the log after it has joined: requests to the leader, wherever that is, and
 * changes of the leader and of the servers. May be used from any thread.
 */
final class RaftPart {

  private static final Logger LOG = LoggerFactory.getLogger(RaftPart.class);

  private static final int HANDOVER_MILLIS = 3_000;

  private final RaftMember member;
  private final RaftServer.Division division;

  RaftPart(RaftMember member, RaftServer.Division division) {
    this.member = member;
    this.division = division;
  }

  RaftServer.Division division() {
    return division;
  }

  /** The leader that this server knows, or null. */
  RaftPeerId leader() {
    return division.getInfo().getLeaderId();
  }

  List<RaftPeer> servers() {
    return List.copyOf(division.getRaftConf().getAllPeers());
  }

  boolean isMember() {
    return isMember(division, member.self());
  }

  static boolean isMember(RaftServer.Division division, RaftPeerId id) {
    return division.getRaftConf().getAllPeers().stream().anyMatch(peer -> peer.getId().equals(id));
  }

  /** A new number for a request; a retry keeps its number. */
  long nextCall() {
    return member.peers().nextCall();
  }

  /** Notes the length of the log, for the next start. Waits for the disk. */
  void noteReached() {
    var log = division.getRaftLog();
    member.folder().reached(Math.min(log.getLastCommittedIndex(), log.getFlushIndex()));
  }

  /** Sends a request to the leader; null when no leader is known. */
  CompletableFuture<RaftClientReply> ask(RaftClientRequest.Type type, long call, Message message)
      throws IOException {
    RaftPeerId leader = leader();
    if (leader == null) {
      return null;
    }
    RaftClientRequest request =
        RaftClientRequest.newBuilder()
            .setClientId(member.peers().client())
            .setServerId(leader)
            .setGroupId(group())
            .setCallId(call)
            .setMessage(message)
            .setType(type)
            .build();
    return leader.equals(member.self())
        ? member.server().submitClientRequestAsync(request)
        : member.peers().send(request, division.getRaftConf().getAllPeers());
  }

  /** Replaces the servers of the log by the leader; null when no leader is known. */
  CompletableFuture<RaftClientReply> setServers(
      long call, List<RaftPeer> before, List<RaftPeer> after) throws IOException {
    RaftPeerId leader = leader();
    if (leader == null) {
      return null;
    }
    SetConfigurationRequest change = member.peers().change(leader, group(), call, before, after);
    if (leader.equals(member.self())) {
      return member.server().setConfigurationAsync(change);
    }
    // Blocks the thread of RaftCalls; used once in a server's life.
    return CompletableFuture.completedFuture(member.peers().send(change));
  }

  /** Hands leadership over, when this server leads others. Blocks. */
  void handOver() {
    RaftPeerId to = bestFollower();
    if (to == null) {
      return;
    }
    try {
      member
          .server()
          .transferLeadershipAsync(
              new TransferLeadershipRequest(
                  member.peers().client(), member.self(), group(), nextCall(), to, HANDOVER_MILLIS))
          .get(2L * HANDOVER_MILLIS, TimeUnit.MILLISECONDS);
    } catch (Exception elected) {
      // The others elect a leader when this server is missing.
      LOG.debug("Ratis", elected);
    }
  }

  /** The follower with most of the log; null when this server does not lead, or is alone. */
  private RaftPeerId bestFollower() {
    if (!division.getInfo().isLeader()) {
      return null;
    }
    return division.getCommitInfos().stream()
        .filter(info -> !idOf(info).equals(member.self()) && isMember(division, idOf(info)))
        .max(Comparator.comparingLong(CommitInfoProto::getCommitIndex))
        .map(RaftPart::idOf)
        .orElse(null);
  }

  private static RaftPeerId idOf(CommitInfoProto info) {
    return RaftPeerId.valueOf(info.getServer().getId());
  }

  private RaftGroupId group() {
    return division.getMemberId().getGroupId();
  }
}
