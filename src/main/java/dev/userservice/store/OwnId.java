package dev.userservice.store;

import java.io.IOException;
import java.lang.reflect.Method;
import org.apache.ratis.proto.RaftProtos.AppendEntriesRequestProto;
import org.apache.ratis.proto.RaftProtos.InstallSnapshotRequestProto;
import org.apache.ratis.proto.RaftProtos.RaftRpcRequestProto;
import org.apache.ratis.proto.RaftProtos.ReadIndexRequestProto;
import org.apache.ratis.proto.RaftProtos.RequestVoteRequestProto;
import org.apache.ratis.proto.RaftProtos.StartLeaderElectionRequestProto;
import org.apache.ratis.protocol.RaftPeerId;
import org.apache.ratis.server.RaftServer;

/**
 * A server of the engine that answers other servers only under its own id. A server whose folder
 * was lost has a new id at the same address, and Ratis 3.2.2 would let it answer for the old one,
 * too: it would vote, and count towards a majority, as the server that it no longer is. And while
 * the old id gets the entries, none is left to confirm for the new one, so that the log would not
 * accept it before the next write (LeaderStateImpl.checkProgress).
 */
final class OwnId extends ServerProxy {

  private OwnId(RaftServer server) {
    super(server);
  }

  static RaftServer only(RaftServer server) {
    return new OwnId(server).proxy();
  }

  @Override
  public Object invoke(Object proxy, Method method, Object[] arguments) throws Throwable {
    RaftRpcRequestProto request = arguments == null ? null : ofServer(arguments[0]);
    if (request != null && !RaftPeerId.valueOf(request.getReplyId()).equals(server.getId())) {
      throw new IOException("the server of this id is gone");
    }
    return pass(method, arguments);
  }

  /** Null for anything but a request of another server. */
  private static RaftRpcRequestProto ofServer(Object argument) {
    if (argument instanceof AppendEntriesRequestProto append) {
      return append.getServerRequest();
    }
    if (argument instanceof RequestVoteRequestProto vote) {
      return vote.getServerRequest();
    }
    if (argument instanceof InstallSnapshotRequestProto install) {
      return install.getServerRequest();
    }
    if (argument instanceof ReadIndexRequestProto read) {
      return read.getServerRequest();
    }
    return argument instanceof StartLeaderElectionRequestProto start
        ? start.getServerRequest()
        : null;
  }
}
