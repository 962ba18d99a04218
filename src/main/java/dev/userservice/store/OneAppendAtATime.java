package dev.userservice.store;

import java.io.IOException;
import java.lang.reflect.Method;
import java.util.concurrent.CompletableFuture;
import org.apache.ratis.proto.RaftProtos.AppendEntriesReplyProto;
import org.apache.ratis.proto.RaftProtos.AppendEntriesRequestProto;
import org.apache.ratis.proto.RaftProtos.InstallSnapshotRequestProto;
import org.apache.ratis.server.RaftServer;

/**
 * A server of the engine that appends the entries of a request only after those of the previous one
 * are on its disk. Without this, Ratis 3.2.2 answers a request that repeats entries on their way to
 * the disk, as a leader sends it after a cut connection, with success for entries that it drops
 * (ServerImplUtils.NavigableIndices) or that are not on the disk yet. They would count towards the
 * majority that lets a write be acknowledged.
 */
final class OneAppendAtATime extends ServerProxy {

  private static final String INSTALL = "installSnapshot";

  /** Completes when the next request with entries may start. Guarded by this. */
  private CompletableFuture<Void> last = CompletableFuture.completedFuture(null);

  /** The request whose entries are on their way to the disk. Guarded by this. */
  private CompletableFuture<Void> inFlight = last;

  private OneAppendAtATime(RaftServer server) {
    super(server);
  }

  static RaftServer of(RaftServer server) {
    return new OneAppendAtATime(server).proxy();
  }

  @Override
  public Object invoke(Object proxy, Method method, Object[] arguments) throws Throwable {
    AppendEntriesRequestProto request = append(method, arguments);
    // Heartbeats append nothing, and must not wait: they prevent an election.
    if (request != null && request.getEntriesCount() > 0) {
      return append(request);
    }
    Object result = pass(method, arguments);
    if (method.getName().equals(INSTALL)
        && ((InstallSnapshotRequestProto) arguments[0]).getSnapshotChunk().getDone()) {
      forgetInFlight();
    }
    return result;
  }

  /**
   * The engine drops the entries on their way to the disk when a snapshot replaces its log, and
   * never completes their requests (SegmentedRaftLogWorker.syncWithSnapshot).
   */
  private void forgetInFlight() {
    CompletableFuture<Void> dropped;
    synchronized (this) {
      dropped = inFlight;
    }
    dropped.complete(null);
  }

  private synchronized CompletableFuture<AppendEntriesReplyProto> append(
      AppendEntriesRequestProto request) {
    CompletableFuture<Void> ended = new CompletableFuture<>();
    CompletableFuture<AppendEntriesReplyProto> reply =
        last.thenCompose(before -> call(request, ended));
    last = ended;
    reply.whenComplete((replied, failure) -> ended.complete(null));
    // Has no effect after a reply. Without it, the leader would wait until its request times out.
    ended.thenRun(
        () -> reply.completeExceptionally(new IOException("a snapshot has replaced the log")));
    return reply;
  }

  private CompletableFuture<AppendEntriesReplyProto> call(
      AppendEntriesRequestProto request, CompletableFuture<Void> ended) {
    synchronized (this) {
      inFlight = ended;
    }
    try {
      return server.appendEntriesAsync(request);
    } catch (IOException failure) {
      return CompletableFuture.failedFuture(failure);
    }
  }
}
