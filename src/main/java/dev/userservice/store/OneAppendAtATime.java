package dev.userservice.store;

import java.io.IOException;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.concurrent.CompletableFuture;
import org.apache.ratis.proto.RaftProtos.AppendEntriesReplyProto;
import org.apache.ratis.proto.RaftProtos.AppendEntriesRequestProto;
import org.apache.ratis.server.RaftServer;

/**
 * A server of the engine that appends the entries of one request after those of the last are on its
 * disk. Without this, Ratis 3.2.2 answers a request that repeats entries on their way to the disk,
 * as a leader sends it after a cut connection, with success for entries that it drops
 * (ServerImplUtils.NavigableIndices) or that are not on the disk yet. They would count towards the
 * majority that lets a write be acknowledged.
 */
final class OneAppendAtATime implements InvocationHandler {

  private static final String APPEND = "appendEntriesAsync";

  private final RaftServer server;

  /** Of the last request with entries; under the lock of this. */
  private CompletableFuture<AppendEntriesReplyProto> last = CompletableFuture.completedFuture(null);

  private OneAppendAtATime(RaftServer server) {
    this.server = server;
  }

  static RaftServer of(RaftServer server) {
    return (RaftServer)
        Proxy.newProxyInstance(
            RaftServer.class.getClassLoader(),
            new Class<?>[] {RaftServer.class},
            new OneAppendAtATime(server));
  }

  @Override
  public Object invoke(Object proxy, Method method, Object[] arguments) throws Throwable {
    if (method.getName().equals(APPEND)
        && arguments[0] instanceof AppendEntriesRequestProto request
        // Heartbeats append nothing, and keep a follower from an election.
        && request.getEntriesCount() > 0) {
      return append(request);
    }
    try {
      return method.invoke(server, arguments);
    } catch (InvocationTargetException failure) {
      throw failure.getCause();
    }
  }

  private synchronized CompletableFuture<AppendEntriesReplyProto> append(
      AppendEntriesRequestProto request) {
    last = last.handle((reply, failure) -> null).thenCompose(ended -> call(request));
    return last;
  }

  private CompletableFuture<AppendEntriesReplyProto> call(AppendEntriesRequestProto request) {
    try {
      return server.appendEntriesAsync(request);
    } catch (IOException failure) {
      return CompletableFuture.failedFuture(failure);
    }
  }
}
