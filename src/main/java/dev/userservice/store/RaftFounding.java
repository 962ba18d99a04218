package dev.userservice.store;

import dev.userservice.config.Address;
import dev.userservice.config.RaftConfig;
import io.vertx.core.internal.logging.Logger;
import io.vertx.core.internal.logging.LoggerFactory;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.apache.ratis.protocol.GroupManagementRequest;
import org.apache.ratis.protocol.RaftClientReply;
import org.apache.ratis.protocol.RaftGroup;
import org.apache.ratis.protocol.RaftGroupId;
import org.apache.ratis.protocol.RaftPeer;
import org.apache.ratis.protocol.RaftPeerId;
import org.apache.ratis.protocol.SetConfigurationRequest;
import org.apache.ratis.server.RaftServer;

/**
 * The start of a server without a log. The first server of the list begins a log of its own, once
 * all others answer and none has a log. All others ask the members of a log to join it. Joining is
 * an entry of that log, so a server counts only after a majority has confirmed it.
 *
 * <p>A server whose folder was lost finds its address among the members. It joins again only with
 * {@code store.raft.join}, under a new id, because its old id may have given votes that it forgot.
 *
 * <p>All methods wait for other servers.
 */
final class RaftFounding {

  private static final Logger LOG = LoggerFactory.getLogger(RaftFounding.class);

  /** A log, and the server that has it. */
  private record Found(Address at, RaftGroupId group) {}

  private final RaftConfig config;
  private final RaftMember member;
  private final RaftFolder folder;
  private final RaftPeerId self;
  private final RaftServer server;
  private final RaftPeers peers;
  private String waitsFor = "";

  /** The reason why the leader has not accepted this server, to end a message; may be empty. */
  private String refusal = "";

  /**
   * @param member a started one
   */
  RaftFounding(RaftConfig config, RaftMember member) {
    this.config = config;
    this.member = member;
    folder = member.folder();
    self = member.self();
    server = member.server();
    peers = member.peers();
  }

  /** The reason why the last {@link #enter} could not finish, for operators. */
  String waitsFor() {
    return waitsFor;
  }

  /**
   * Runs all steps that are possible now.
   *
   * @return the log, once this server is a member; empty while others are missing
   */
  Optional<RaftServer.Division> enter() {
    try {
      Optional<RaftMark> mark = folder.mark();
      if (mark.isEmpty()) {
        begin();
        mark = folder.mark();
      }
      if (mark.isPresent()) {
        return complete(mark.get());
      }
    } catch (StoreException refused) {
      throw refused;
    } catch (IOException | RuntimeException failure) {
      // Failures of gRPC are unchecked.
      LOG.debug("Ratis", failure);
      waitsFor = "the servers of the log do not answer yet";
    }
    return Optional.empty();
  }

  /**
   * Finds a log to join, or begins one, and remembers that before any other server relies on it.
   */
  private void begin() throws IOException {
    List<String> missing = new ArrayList<>();
    Optional<Found> found = find(missing);
    if (found.isPresent()) {
      check(found.get(), members(found.get()));
      remember(found.get().group(), RaftMark.Stage.JOINS);
    } else if (config.join()) {
      waitsFor = "no server of the log to join answers";
    } else if (!missing.isEmpty()) {
      waitsFor = needsAll(missing);
    } else if (folder.address().equals(config.servers().get(0))) {
      remember(RaftGroupId.valueOf(UUID.randomUUID()), RaftMark.Stage.BEGINS);
    } else {
      waitsFor = "the server at %s begins the log".formatted(config.servers().get(0));
    }
  }

  private static String needsAll(List<String> missing) {
    return "the first start of a log needs all of its servers; missing: "
        + String.join(", ", missing);
  }

  /** Refuses to join silently when a folder was lost, or the lists of servers differ. */
  private void check(Found found, List<RaftPeer> members) {
    if (config.join()) {
      return;
    }
    for (RaftPeer each : members) {
      if (RaftPeers.isAt(each, folder.address())) {
        throw folder.unusable(
            "is empty, but this server was one of the log at %s: it has forgotten what it had confirmed%%nName the folder that has its log, \"store.raft.folder\"; %s"
                .formatted(found.at(), folder.ifLost()));
      }
      if (config.servers().stream().noneMatch(address -> RaftPeers.isAt(each, address))) {
        throw folder.unusable(
            "is empty, and the log at %s has a server at %s, which is not in \"store.raft.servers\"%%nAdd it to the list; or, to replace it with this server, set \"store.raft.join\": true"
                .formatted(found.at(), each.getAddress()));
      }
    }
  }

  private void remember(RaftGroupId group, RaftMark.Stage stage) {
    folder.remember(
        new RaftMark(self.toString(), folder.address().toString(), group.getUuid(), stage));
  }

  /** Joins, unless that is done, and waits until enough others have joined. */
  private Optional<RaftServer.Division> complete(RaftMark mark) throws IOException {
    RaftGroupId group = RaftGroupId.valueOf(mark.group());
    List<String> missing = new ArrayList<>();
    Optional<Found> found = find(missing);
    List<RaftPeer> members = found.isPresent() ? members(found.get()) : List.of();
    if (found.isPresent() && !found.get().group().equals(group)) {
      throw folder.unusable(
          "belongs to another log than the one at %s%%nCheck \"store.raft.servers\" on both"
              .formatted(found.get().at()));
    }
    boolean isMember = members.stream().anyMatch(each -> each.getId().equals(self));
    if (isMember && !member.hasLog(group)) {
      throw folder.unusable("has lost its log%n" + folder.ifLost());
    }
    if (mark.stage() == RaftMark.Stage.BEGINS) {
      if (!member.hasLog(group) && !missing.isEmpty()) {
        // It may have had a log, which only the others know.
        waitsFor = needsAll(missing);
        return Optional.empty();
      }
      add(RaftGroup.valueOf(group, RaftPeers.peer(self, folder.address())));
    } else if (!isMember) {
      // Without members, it does not vote before the others have accepted it.
      add(RaftGroup.valueOf(group, List.of()));
      join(group, members);
    }
    RaftServer.Division division = server.getDivision(group);
    int now = division.getRaftConf().getAllPeers().size();
    if (!RaftPart.isMember(division, self)) {
      waitsFor = "the log has not accepted this server yet" + refusal;
      return Optional.empty();
    }
    // With fewer servers, a majority of them might not be one of all planned servers.
    if (now < config.servers().size() - 1) {
      waitsFor =
          "the log has %d of its %d servers%s"
              .formatted(
                  now,
                  config.servers().size(),
                  missing.isEmpty() ? "" : "; missing: " + String.join(", ", missing));
      return Optional.empty();
    }
    folder.remember(mark.completed());
    return Optional.of(division);
  }

  /**
   * Asks the leader to accept this server. With {@code join}, it replaces the server with its
   * address and all servers that are not in the list.
   */
  private void join(RaftGroupId group, List<RaftPeer> before) {
    List<RaftPeer> after = new ArrayList<>();
    for (RaftPeer each : before) {
      boolean isPlanned =
          config.servers().stream().anyMatch(address -> RaftPeers.isAt(each, address));
      boolean isReplaced = config.join() && (!isPlanned || RaftPeers.isAt(each, folder.address()));
      if (!isReplaced) {
        after.add(each);
      }
    }
    after.add(RaftPeers.peer(self, folder.address()));
    for (RaftPeer each : before) {
      SetConfigurationRequest request =
          peers.change(each.getId(), group, peers.nextCall(), before, after);
      try {
        RaftClientReply reply = peers.send(request);
        if (reply.isSuccess()) {
          refusal = "";
          return;
        }
        if (reply.getNotLeaderException() == null) {
          note(reply.getException());
        }
      } catch (IOException | RuntimeException failure) {
        note(failure);
      }
    }
  }

  /** Keeps the reason of the leader's refusal, such as another change in progress. */
  private void note(Throwable failure) {
    LOG.debug("Ratis", failure);
    refusal = failure == null ? "" : " (" + failure.getClass().getSimpleName() + ")";
  }

  /** Prepares this server to receive a log, unless that is done. */
  private void add(RaftGroup group) {
    if (!member.hasLog(group.getGroupId())) {
      server
          .groupManagementAsync(
              GroupManagementRequest.newAdd(peers.client(), self, peers.nextCall(), group, false))
          .join();
    }
  }

  /**
   * Finds a log on another server.
   *
   * @param missing receives the servers that do not answer
   */
  private Optional<Found> find(List<String> missing) {
    Found found = null;
    for (Address address : config.servers()) {
      if (!address.equals(folder.address())) {
        Optional<List<RaftGroupId>> groups = peers.groups(address);
        if (groups.isEmpty()) {
          missing.add(address.toString());
        } else if (found == null && !groups.get().isEmpty()) {
          found = new Found(address, groups.get().get(0));
        }
      }
    }
    return Optional.ofNullable(found);
  }

  private List<RaftPeer> members(Found found) throws IOException {
    return peers.members(found.at(), found.group());
  }
}
