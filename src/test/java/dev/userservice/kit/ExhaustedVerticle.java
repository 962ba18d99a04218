package dev.userservice.kit;

import dev.userservice.rpc.ConnectionCounts;
import dev.userservice.rpc.Connections;
import dev.userservice.rpc.MemoryBudget;
import dev.userservice.rpc.UnauthenticatedConnections;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.EventLoop;
import io.vertx.core.Future;
import io.vertx.core.VerticleBase;
import io.vertx.core.http.HttpClientRequest;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.internal.ContextInternal;
import io.vertx.core.internal.VertxInternal;
import io.vertx.core.net.impl.ConnectionBase;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.logging.Level;
import java.util.logging.Logger;

/** Runs out of memory, or ends an event loop, in the way that its configuration names. */
public final class ExhaustedVerticle extends VerticleBase {

  /** The place where the failure is thrown, and where it ends. */
  public enum Way {
    /** One array that is larger than any heap: the error has no effect on other threads. */
    START,
    EVENT_LOOP,
    NETTY_TASK,
    WORKER,
    THREAD,
    LOGGED_CAUSE,
    CONNECTION,
    DIRECT_MEMORY,

    /** The heap is filled, and all of it garbage after the error. */
    EXHAUSTED,
    FAILED_FUTURE,
    HIDDEN,
    LOOP_ENDS,
    ACCEPTOR_ENDS,
    VERTX_CLOSES,
    STACK_OVERFLOW,
    NEARLY_FULL
  }

  /** Reachable from a field, so that the heap fills. */
  private final List<Object> held = new ArrayList<>();

  @Override
  public Future<?> start() {
    Way way = Way.valueOf(config().getString("way"));
    if (way == Way.START) {
      demandTooMuch();
    }
    System.out.println("started");
    // Later, so that it is not the start that fails.
    vertx.setTimer(10, timer -> provoke(way));
    return Future.succeededFuture();
  }

  private void provoke(Way way) {
    VertxInternal internal = (VertxInternal) vertx;
    EventLoop loop = ((ContextInternal) context).nettyEventLoop();
    switch (way) {
      case START -> throw new IllegalStateException("the start succeeded");
      case EVENT_LOOP -> demandTooMuch();
      case EXHAUSTED -> exhaust();
      case NETTY_TASK -> loop.execute(this::demandTooMuch);
      case WORKER -> internal.createWorkerContext().runOnContext(onWorker -> demandTooMuch());
      case THREAD -> new Thread(this::demandTooMuch).start();
      case LOGGED_CAUSE -> logCause();
      case CONNECTION -> acceptConnection();
      case DIRECT_MEMORY -> exhaustDirectMemory();
      case FAILED_FUTURE -> vertx.executeBlocking(this::exhaust);
      case HIDDEN -> hide();
      case LOOP_ENDS -> loop.shutdownGracefully();
      case ACCEPTOR_ENDS -> internal.acceptorEventLoopGroup().next().shutdownGracefully();
      case VERTX_CLOSES -> vertx.close();
      case STACK_OVERFLOW -> {
        vertx.setTimer(2_000, timer -> System.out.println("alive"));
        overflow(0);
      }
      case NEARLY_FULL -> fill();
    }
  }

  private void demandTooMuch() {
    held.add(new byte[Integer.MAX_VALUE]);
  }

  private void logCause() {
    try {
      demandTooMuch();
    } catch (OutOfMemoryError error) {
      Exception wrapped = new IllegalStateException(new Exception(error));
      Logger.getLogger("library").log(Level.WARNING, "wrapped", wrapped);
    }
  }

  /** As if Netty had no memory for what it reads from a connection. */
  private void acceptConnection() {
    Connections connections =
        new Connections(
            vertx,
            new Connections.Bounds(0, 10, 0, 0, 0, 0, 0, 100, 0, 0),
            new Connections.Shared(
                new MemoryBudget(0),
                new ConnectionCounts(10),
                new UnauthenticatedConnections(),
                String::valueOf),
            connection -> {});
    vertx
        // Without a guess at HTTP/2, so that the first read has a connection.
        .createHttpServer(new HttpServerOptions().setHttp2ClearTextEnabled(false))
        .connectionHandler(
            connection -> {
              connections.handle(connection);
              ((ConnectionBase) connection)
                  .channel()
                  .pipeline()
                  .addFirst(
                      new ChannelInboundHandlerAdapter() {
                        @Override
                        public void channelRead(ChannelHandlerContext pipeline, Object bytes) {
                          demandTooMuch();
                        }
                      });
            })
        .requestHandler(request -> request.response().end())
        .listen(0, "127.0.0.1")
        .onSuccess(
            server ->
                vertx
                    .createHttpClient()
                    .request(HttpMethod.GET, server.actualPort(), "127.0.0.1", "/")
                    .compose(HttpClientRequest::send));
  }

  private Void exhaust() {
    try {
      while (true) {
        held.add(new byte[1000]);
      }
    } finally {
      held.clear();
    }
  }

  private void hide() {
    try {
      exhaust();
    } catch (OutOfMemoryError hidden) {
      // Reported nowhere.
    }
  }

  private void exhaustDirectMemory() {
    while (true) {
      held.add(ByteBuffer.allocateDirect(1 << 20));
    }
  }

  private static int overflow(int depth) {
    return overflow(depth + 1) + 1;
  }

  /** Holds nine tenths of the heap, and allocates beside it for some seconds. */
  private void fill() {
    Runtime heap = Runtime.getRuntime();
    System.gc();
    long bytes = heap.maxMemory() / 10 * 9 - (heap.totalMemory() - heap.freeMemory());
    // 1,000 bytes, the header of the array, and its place in the list.
    for (long i = 0; i < bytes / 1024; i++) {
      held.add(new byte[1000]);
    }
    long end = System.nanoTime() + 4_000_000_000L;
    vertx.setPeriodic(
        1,
        timer -> {
          List<byte[]> garbage = new ArrayList<>();
          for (int i = 0; i < 1_000; i++) {
            garbage.add(new byte[1000]);
          }
          if (System.nanoTime() > end && vertx.cancelTimer(timer)) {
            System.out.println("alive");
          }
        });
  }
}
