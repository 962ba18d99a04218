package dev.userservice.store;

import java.lang.reflect.InvocationHandler;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.apache.ratis.proto.RaftProtos.AppendEntriesReplyProto;
import org.apache.ratis.proto.RaftProtos.AppendEntriesRequestProto;
import org.apache.ratis.proto.RaftProtos.InstallSnapshotReplyProto;
import org.apache.ratis.proto.RaftProtos.LogEntryProto;
import org.apache.ratis.server.RaftServer;
import org.apache.ratis.server.raftlog.RaftLog;

/** A server of the engine whose test answers the requests. */
final class FakeEngine {

  /** The number of entries of each request that reached the engine, in their order. */
  final List<Integer> started = new ArrayList<>();

  /** The replies to these requests. */
  final List<CompletableFuture<AppendEntriesReplyProto>> replies = new ArrayList<>();

  /** The index of the last entry on the disk. */
  long onDisk;

  final RaftServer server =
      fake(
          RaftServer.class,
          (proxy, method, arguments) ->
              switch (method.getName()) {
                case "appendEntriesAsync" -> append((AppendEntriesRequestProto) arguments[0]);
                case "installSnapshot" -> InstallSnapshotReplyProto.getDefaultInstance();
                case "getDivision" -> division();
                default -> throw new UnsupportedOperationException(method.getName());
              });

  static AppendEntriesRequestProto.Builder request(int entries) {
    AppendEntriesRequestProto.Builder request = AppendEntriesRequestProto.newBuilder();
    for (int i = 0; i < entries; i++) {
      request.addEntries(LogEntryProto.getDefaultInstance());
    }
    return request;
  }

  private CompletableFuture<AppendEntriesReplyProto> append(AppendEntriesRequestProto request) {
    started.add(request.getEntriesCount());
    replies.add(new CompletableFuture<>());
    return replies.get(replies.size() - 1);
  }

  private RaftServer.Division division() {
    RaftLog log = fake(RaftLog.class, (proxy, method, arguments) -> onDisk);
    return fake(RaftServer.Division.class, (proxy, method, arguments) -> log);
  }

  private static <T> T fake(Class<T> type, InvocationHandler handler) {
    return type.cast(Proxy.newProxyInstance(type.getClassLoader(), new Class<?>[] {type}, handler));
  }
}
