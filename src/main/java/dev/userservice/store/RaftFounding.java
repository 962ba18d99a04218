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
import java.util.function.LongSupplier;
import org.apache.ratis.grpc.client.GrpcClientRpc;
import org.apache.ratis.protocol.ClientId;
import org.apache.ratis.protocol.GroupInfoReply;
import org.apache.ratis.protocol.GroupInfoRequest;
import org.apache.ratis.protocol.GroupListReply;
import org.apache.ratis.protocol.GroupListRequest;
import org.apache.ratis.protocol.GroupManagementRequest;
import org.apache.ratis.protocol.RaftClientReply;
import org.apache.ratis.protocol.RaftGroup;
import org.apache.ratis.protocol.RaftGroupId;
import org.apache.ratis.protocol.RaftPeer;
import org.apache.ratis.protocol.RaftPeerId;
import org.apache.ratis.protocol.SetConfigurationRequest;
import org.apache.ratis.server.RaftServer;

/**
 * How a server without a log gets one. The first of the list begins a log of its own, once all
 * others are there and none has one. All others ask the members of a log to take them in, which is
 * an entry of that log; so a server counts only from the moment at which a majority says so.
 *
 * <p>A server whose folder was lost finds its address among the members. It comes in again only as
 * {@code store.raft.join} says, under an id that nobody has counted on.
 *
 * <p>All of its methods wait for other servers.
 */
final class RaftFounding {

  private static final Logger LOG = LoggerFactory.getLogger(RaftFounding.class);

  /** A log, and who answered for it. */
  private record Found(Address at, RaftGroupId group) {}

  private final RaftConfig config;
  private final RaftFolder folder;
  private final RaftPeerId self;
  private final RaftServer server;
  private final GrpcClientRpc others;
  private final ClientId client;
  private final LongSupplier calls;
  private String waitsFor = "";

  /** Why the leader has not taken this server in, to follow a message; empty when unknown. */
  private String refusal = "";

  RaftFounding(
      RaftConfig config,
      RaftFolder folder,
      RaftPeerId self,
      RaftServer server,
      GrpcClientRpc others,
      ClientId client,
      LongSupplier calls) {
    this.config = config;
    this.folder = folder;
    this.self = self;
    this.server = server;
    this.others = others;
    this.client = client;
    this.calls = calls;
  }

  /** What the last {@link #enter} has waited for, for operators. */
  String waitsFor() {
    return waitsFor;
  }

  /**
   * Goes as far as it can.
   *
   * @return this server's part in the log; empty while others are missing
   */
  Optional<RaftServer.Division> enter() {
    try {
      Optional<RaftMark> mark = folder.mark();
      if (mark.isPresent()) {
        return complete(mark.get());
      }
      begin();
    } catch (StoreException refused) {
      throw refused;
    } catch (IOException | RuntimeException failure) {
      // gRPC's are not checked.
      LOG.debug("Ratis", failure);
      waitsFor = "the servers of the log do not answer yet";
    }
    return Optional.empty();
  }

  /** Finds a log to belong to, or begins one, and remembers it before anybody counts on that. */
  private void begin() throws IOException {
    List<String> missing = new ArrayList<>();
    Optional<Found> found = find(missing);
    if (found.isPresent()) {
      check(found.get(), members(found.get()));
      remember(found.get().group(), RaftMark.Stage.JOINS);
    } else if (config.join()) {
      waitsFor = "no server of the log answers, which this one is to join";
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

  /** Refuses to come in without a word where something was lost, or is not as planned. */
  private void check(Found found, List<RaftPeer> members) {
    if (config.join()) {
      return;
    }
    for (RaftPeer member : members) {
      if (isAt(member, folder.address())) {
        throw folder.unusable(
            "is empty, but this server was one of the log that is at %s: it has forgotten what it had confirmed%%nName the folder that has its log, \"store.raft.folder\"; %s"
                .formatted(found.at(), folder.ifLost()));
      }
      if (config.servers().stream().noneMatch(address -> isAt(member, address))) {
        throw folder.unusable(
            "is empty, and the log that is at %s has a server at %s, which is not in \"store.raft.servers\"%%nAdd it to the list; or, for this server in its place, set \"store.raft.join\": true"
                .formatted(found.at(), member.getAddress()));
      }
    }
  }

  private void remember(RaftGroupId group, RaftMark.Stage stage) {
    folder.remember(
        new RaftMark(self.toString(), folder.address().toString(), group.getUuid(), stage));
  }

  /** Comes in, if that has not happened yet, and waits until enough others have. */
  private Optional<RaftServer.Division> complete(RaftMark mark) throws IOException {
    RaftGroupId group = RaftGroupId.valueOf(mark.group());
    List<String> missing = new ArrayList<>();
    Optional<Found> found = find(missing);
    List<RaftPeer> members = found.isPresent() ? members(found.get()) : List.of();
    if (found.isPresent() && !found.get().group().equals(group)) {
      throw folder.unusable(
          "belongs to another log than that at %s%%nCheck \"store.raft.servers\" on both"
              .formatted(found.get().at()));
    }
    boolean isMember = members.stream().anyMatch(member -> member.getId().equals(self));
    if (isMember && !has(group)) {
      throw folder.unusable("has lost its log%n" + folder.ifLost());
    }
    if (mark.stage() == RaftMark.Stage.BEGINS) {
      if (!has(group) && !missing.isEmpty()) {
        // It may have had a log, which only the others could tell.
        waitsFor = needsAll(missing);
        return Optional.empty();
      }
      add(RaftGroup.valueOf(group, peer(self, folder.address().toString())));
    } else if (!isMember) {
      // Without members it takes part in nothing before the others count it in.
      add(RaftGroup.valueOf(group, List.of()));
      join(group, members);
    }
    RaftServer.Division division = server.getDivision(group);
    int now = division.getRaftConf().getAllPeers().size();
    // So many that their majority is one of all that are planned.
    if (!RaftEngine.isMember(division, self)) {
      waitsFor = "the log has not taken this server in yet" + refusal;
      return Optional.empty();
    }
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
   * Asks whoever leads to take this server in; with {@code join}, in place of the one that had its
   * address and of those that are not in the list.
   */
  private void join(RaftGroupId group, List<RaftPeer> before) {
    List<RaftPeer> after = new ArrayList<>();
    for (RaftPeer member : before) {
      boolean isPlanned = config.servers().stream().anyMatch(address -> isAt(member, address));
      boolean isReplaced = config.join() && (!isPlanned || isAt(member, folder.address()));
      if (!isReplaced) {
        after.add(member);
      }
    }
    after.add(peer(self, folder.address().toString()));
    others.addRaftPeers(before);
    for (RaftPeer member : before) {
      SetConfigurationRequest request =
          change(client, member.getId(), group, calls.getAsLong(), before, after);
      try {
        RaftClientReply reply = others.sendRequest(request);
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

  /** Keeps why the leader did not take this server in, such as another change under way. */
  private void note(Throwable failure) {
    LOG.debug("Ratis", failure);
    refusal = failure == null ? "" : " (" + failure.getClass().getSimpleName() + ")";
  }

  /** Another set of servers, unless it is no longer {@code before} that is to be changed. */
  static SetConfigurationRequest change(
      ClientId client,
      RaftPeerId leader,
      RaftGroupId group,
      long call,
      List<RaftPeer> before,
      List<RaftPeer> after) {
    return new SetConfigurationRequest(
        client,
        leader,
        group,
        call,
        SetConfigurationRequest.Arguments.newBuilder()
            .setMode(SetConfigurationRequest.Mode.COMPARE_AND_SET)
            .setServersInCurrentConf(before)
            .setServersInNewConf(after)
            .build());
  }

  /** Makes this server ready to hear of a log; nothing happens where it is. */
  private void add(RaftGroup group) {
    if (!has(group.getGroupId())) {
      server
          .groupManagementAsync(
              GroupManagementRequest.newAdd(client, self, calls.getAsLong(), group, false))
          .join();
    }
  }

  private boolean has(RaftGroupId group) {
    return has(server, group);
  }

  /** Whether a server has heard of a log, and has it in its folder. */
  static boolean has(RaftServer server, RaftGroupId group) {
    for (RaftGroupId known : server.getGroupIds()) {
      if (known.equals(group)) {
        return true;
      }
    }
    return false;
  }

  /**
   * A log that another server has.
   *
   * @param missing gets those that do not answer
   */
  private Optional<Found> find(List<String> missing) {
    Found found = null;
    for (Address address : config.servers()) {
      if (!address.equals(folder.address())) {
        Optional<GroupListReply> reply = list(address);
        if (reply.isEmpty()) {
          missing.add(address.toString());
        } else if (found == null && !reply.get().getGroupIds().isEmpty()) {
          found = new Found(address, reply.get().getGroupIds().get(0));
        }
      }
    }
    return Optional.ofNullable(found);
  }

  private Optional<GroupListReply> list(Address address) {
    RaftPeerId id = RaftPeerId.valueOf(address.toString());
    others.addRaftPeers(List.of(peer(id, address.toString())));
    try {
      return Optional.of(
          (GroupListReply)
              others.sendRequest(
                  new GroupListRequest(client, id, RaftGroupId.emptyGroupId(), calls.getAsLong())));
    } catch (IOException | RuntimeException absent) {
      LOG.debug("Ratis", absent);
      others.handleException(id, absent, true);
      return Optional.empty();
    }
  }

  private List<RaftPeer> members(Found found) throws IOException {
    GroupInfoReply reply =
        (GroupInfoReply)
            others.sendRequest(
                new GroupInfoRequest(
                    client,
                    RaftPeerId.valueOf(found.at().toString()),
                    found.group(),
                    calls.getAsLong()));
    return List.copyOf(reply.getGroup().getPeers());
  }

  private static boolean isAt(RaftPeer peer, Address address) {
    return peer.getAddress().equals(address.toString());
  }

  private static RaftPeer peer(RaftPeerId id, String address) {
    return RaftPeer.newBuilder().setId(id).setAddress(address).build();
  }
}
