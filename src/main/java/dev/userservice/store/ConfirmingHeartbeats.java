package dev.userservice.store;

import java.io.IOException;
import java.lang.reflect.Method;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.ratis.proto.RaftProtos.AppendEntriesReplyProto;
import org.apache.ratis.proto.RaftProtos.AppendEntriesReplyProto.AppendResult;
import org.apache.ratis.proto.RaftProtos.AppendEntriesRequestProto;
import org.apache.ratis.protocol.RaftGroupId;
import org.apache.ratis.server.RaftServer;

/**
 * A server of the engine whose answer to a heartbeat confirms the entries on its disk, up to the
 * one that the heartbeat names as the previous one (section 5.3 of the paper on Raft). Ratis 3.2.2
 * confirms entries only with the answer to the request that brought them. When that is lost with
 * its connection, after the leader has stopped waiting for it, the leader neither repeats the
 * entries nor learns of them before the next write (GrpcLogAppender.resetClient). Until then it
 * would not accept a new server, and a write that needs this server would wait.
 */
final class ConfirmingHeartbeats extends ServerProxy {

  /** The number of requests with entries. */
  private final AtomicLong begun = new AtomicLong();

  /**
   * The number of those requests that have ended: their entries are on the disk, or were refused.
   */
  private final AtomicLong ended = new AtomicLong();

  private ConfirmingHeartbeats(RaftServer server) {
    super(server);
  }

  static RaftServer of(RaftServer server) {
    return new ConfirmingHeartbeats(server).proxy();
  }

  @Override
  public Object invoke(Object proxy, Method method, Object[] arguments) throws Throwable {
    AppendEntriesRequestProto request = append(method, arguments);
    if (request == null) {
      return pass(method, arguments);
    }
    if (request.getEntriesCount() > 0) {
      begun.incrementAndGet();
      return server
          .appendEntriesAsync(request)
          .whenComplete((reply, failure) -> ended.incrementAndGet());
    }
    return request.hasPreviousLog() ? confirm(request) : server.appendEntriesAsync(request);
  }

  private CompletableFuture<AppendEntriesReplyProto> confirm(AppendEntriesRequestProto request)
      throws IOException {
    long appends = begun.get();
    if (ended.get() != appends) {
      return server.appendEntriesAsync(request);
    }
    // Entries that it wrote as a leader may still be on their way to the disk.
    long onDisk =
        server
            .getDivision(RaftGroupId.valueOf(request.getServerRequest().getRaftGroupId().getId()))
            .getRaftLog()
            .getFlushIndex();
    long confirmed = Math.min(onDisk, request.getPreviousLog().getIndex());
    return server
        .appendEntriesAsync(request)
        .thenApply(
            reply ->
                // Since a request with entries began, the index may be that of other entries.
                reply.getResult() == AppendResult.SUCCESS && begun.get() == appends
                    ? reply.toBuilder().setMatchIndex(confirmed).build()
                    : reply);
  }
}
