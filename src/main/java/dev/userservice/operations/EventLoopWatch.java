package dev.userservice.operations;

import io.netty.channel.EventLoopGroup;
import io.netty.util.concurrent.EventExecutor;
import io.vertx.core.Closeable;
import io.vertx.core.Completable;
import io.vertx.core.Vertx;
import io.vertx.core.internal.VertxInternal;
import java.util.ArrayList;
import java.util.List;

/**
 * Watches the event loops of a Vert.x, the acceptor's included. A loop whose thread ended keeps its
 * connections and gets new ones, but no longer serves them.
 */
final class EventLoopWatch implements Closeable {

  private final List<EventExecutor> loops = new ArrayList<>();
  private final List<String> names = new ArrayList<>();
  private volatile boolean closing;

  /** Starts a watch. Vert.x refers to its close hooks weakly: keep the result. */
  static EventLoopWatch of(Vertx vertx) {
    VertxInternal internal = (VertxInternal) vertx;
    EventLoopWatch watch = new EventLoopWatch();
    watch.add(internal.acceptorEventLoopGroup(), "acceptor ");
    watch.add(internal.nettyEventLoopGroup(), "");
    internal.addCloseHook(watch);
    return watch;
  }

  private void add(EventLoopGroup group, String kind) {
    for (EventExecutor loop : group) {
      loops.add(loop);
      names.add(kind + loops.size());
    }
  }

  /**
   * Returns the name of a loop that ended outside of {@link Vertx#close}, or null.
   *
   * <p>A loop enters this state in the "finally" of its thread, however the thread ends. A check of
   * the threads themselves would start them all, and most of them are never used.
   */
  String ended() {
    for (int i = 0; i < loops.size(); i++) {
      if (loops.get(i).isShuttingDown()) {
        // Read last: close hooks run before the first loop is shut down.
        return closing ? null : names.get(i);
      }
    }
    return null;
  }

  @Override
  public void close(Completable<Void> completion) {
    closing = true;
    completion.succeed();
  }
}
