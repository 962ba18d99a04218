package dev.userservice.store;

import dev.userservice.config.Address;
import io.vertx.core.internal.logging.Logger;
import io.vertx.core.internal.logging.LoggerFactory;
import java.io.IOException;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.ratis.grpc.client.GrpcClientRpc;
import org.apache.ratis.protocol.ClientId;
import org.apache.ratis.protocol.GroupInfoReply;
import org.apache.ratis.protocol.GroupInfoRequest;
import org.apache.ratis.protocol.GroupListReply;
import org.apache.ratis.protocol.GroupListRequest;
import org.apache.ratis.protocol.RaftClientReply;
import org.apache.ratis.protocol.RaftClientRequest;
import org.apache.ratis.protocol.RaftGroupId;
import org.apache.ratis.protocol.RaftPeer;
import org.apache.ratis.protocol.RaftPeerId;
import org.apache.ratis.protocol.SetConfigurationRequest;

/** The requests of this server to the other servers of the log. May be used from any thread. */
final class RaftPeers {

  private static final Logger LOG = LoggerFactory.getLogger(RaftPeers.class);

  private final GrpcClientRpc rpc;
  private final ClientId client;
  private final AtomicLong calls = new AtomicLong();

  RaftPeers(GrpcClientRpc rpc, ClientId client) {
    this.rpc = rpc;
    this.client = client;
  }

  static boolean isAt(RaftPeer peer, Address address) {
    return peer.getAddress().equals(address.toString());
  }

  static RaftPeer peer(RaftPeerId id, Address address) {
    return RaftPeer.newBuilder().setId(id).setAddress(address.toString()).build();
  }

  /** The name of this server in its requests. */
  ClientId client() {
    return client;
  }

  /** A new number for a request; a retry keeps its number. */
  long nextCall() {
    return calls.incrementAndGet();
  }

  /** Asks a server for its logs; empty when it does not answer. Blocks. */
  Optional<List<RaftGroupId>> groups(Address address) {
    RaftPeerId id = RaftPeerId.valueOf(address.toString());
    rpc.addRaftPeers(List.of(peer(id, address)));
    try {
      GroupListReply reply =
          (GroupListReply)
              rpc.sendRequest(
                  new GroupListRequest(client, id, RaftGroupId.emptyGroupId(), nextCall()));
      return Optional.of(reply.getGroupIds());
    } catch (IOException | RuntimeException absent) {
      LOG.debug("Ratis", absent);
      rpc.handleException(id, absent, true);
      return Optional.empty();
    }
  }

  /** Asks a server that was asked for its logs for the members of one of them. Blocks. */
  List<RaftPeer> members(Address address, RaftGroupId group) throws IOException {
    GroupInfoReply reply =
        (GroupInfoReply)
            rpc.sendRequest(
                new GroupInfoRequest(
                    client, RaftPeerId.valueOf(address.toString()), group, nextCall()));
    return List.copyOf(reply.getGroup().getPeers());
  }

  /** A request to replace the servers of a log, refused unless they are still {@code before}. */
  SetConfigurationRequest change(
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

  /** Sends a change to another server. Blocks. */
  RaftClientReply send(SetConfigurationRequest change) throws IOException {
    rpc.addRaftPeers(change.getArguments().getServersInCurrentConf());
    return rpc.sendRequest(change);
  }

  /** Sends a request to another one of {@code servers}. */
  CompletableFuture<RaftClientReply> send(RaftClientRequest request, Collection<RaftPeer> servers) {
    rpc.addRaftPeers(servers);
    return rpc.sendRequestAsyncUnordered(request)
        .whenComplete(
            (reply, failure) -> {
              if (failure != null) {
                rpc.handleException(request.getServerId(), failure, false);
              }
            });
  }

  void close() {
    rpc.close();
  }
}
