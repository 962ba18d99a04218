package dev.userservice.operations;

import io.vertx.core.Vertx;
import io.vertx.core.internal.logging.Logger;
import io.vertx.core.internal.logging.LoggerFactory;
import java.lang.Thread.UncaughtExceptionHandler;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.logging.Handler;
import java.util.logging.LogManager;
import java.util.logging.LogRecord;

/**
 * Ends the process once it can no longer serve: after an OutOfMemoryError, whichever code threw or
 * caught it, and when the thread of an event loop ends.
 *
 * <p>An OutOfMemoryError is seen where failures end: in the log, uncaught on a thread or in Vert.x,
 * and in {@link #check}. One that is caught and reported nowhere is detected by {@link HeapWatch}.
 * The JVM's own -XX:+ExitOnOutOfMemoryError sees all that the JVM throws, but not what Java code
 * throws, such as Netty's; it can only be set on the command line.
 */
public final class Watchdog {

  /** Soft references that were read since the last collection survive it; see HeapWatch. */
  private static final long INTERVAL_NANOS = TimeUnit.MILLISECONDS.toNanos(250);

  /** The logger of Vert.x for failures without a handler. */
  private static final Logger UNHANDLED = LoggerFactory.getLogger("io.vertx.core.impl.ContextImpl");

  private static final String HIDDEN = "Java heap space, as the garbage collector shows";

  /** Null until the program starts it, and in a server that a test embeds. */
  private static volatile Watchdog running;

  private final ProcessExit exit;
  private final Handler log = new ThrownHandler();
  private volatile EventLoopWatch loops;

  private Watchdog(int exitCode) {
    exit = new ProcessExit(exitCode);
  }

  /** Starts the watchdog of this process; call once, before anything else. */
  public static void start(int exitCode) {
    Watchdog watchdog = new Watchdog(exitCode);
    running = watchdog;
    UncaughtExceptionHandler others = Thread.getDefaultUncaughtExceptionHandler();
    Thread.setDefaultUncaughtExceptionHandler(
        (thread, failure) -> {
          check(failure);
          report(thread, failure, others);
        });
    watchdog.readLog();
    // Reading a configuration closes and removes all handlers.
    LogManager.getLogManager().addConfigurationListener(watchdog::readLog);
    Thread thread = new Thread(watchdog::run, "watchdog");
    thread.setDaemon(true);
    thread.start();
  }

  /** Watches the event loops and the unhandled failures of a Vert.x until it is closed. */
  public static void watch(Vertx vertx) {
    Watchdog watchdog = running;
    if (watchdog != null) {
      watchdog.loops = EventLoopWatch.of(vertx);
      // Needed where the log is off; otherwise the log handler sees the failure.
      vertx.exceptionHandler(
          failure -> {
            check(failure);
            UNHANDLED.error("Unhandled exception", failure);
          });
    }
  }

  /** Ends the process if a failure is an OutOfMemoryError, or has one as a cause. */
  public static void check(Throwable failure) {
    Watchdog watchdog = running;
    if (watchdog == null) {
      return;
    }
    OutOfMemoryError found;
    try {
      found = Thrown.outOfMemory(failure);
    } catch (OutOfMemoryError another) {
      found = another;
    }
    if (found != null) {
      watchdog.exit.outOfMemory(found.getMessage());
    }
  }

  private void run() {
    try {
      // A short-lived client should not pay for the beans of the heap.
      LockSupport.parkNanos(INTERVAL_NANOS);
      HeapWatch heap = new HeapWatch();
      while (true) {
        EventLoopWatch watched = loops;
        String ended = watched == null ? null : watched.ended();
        if (ended != null) {
          exit.loopEnded(ended);
        }
        if (heap.isExhausted()) {
          exit.outOfMemory(HIDDEN);
        }
        LockSupport.parkNanos(INTERVAL_NANOS);
      }
    } catch (OutOfMemoryError ours) {
      exit.outOfMemory(ours.getMessage());
    }
  }

  /** Adds the log handler as the first one: others may need memory for a stack trace. */
  private void readLog() {
    java.util.logging.Logger root = java.util.logging.Logger.getLogger("");
    Handler[] others = root.getHandlers();
    for (Handler other : others) {
      root.removeHandler(other);
    }
    root.addHandler(log);
    for (Handler other : others) {
      if (other != log) {
        root.addHandler(other);
      }
    }
  }

  /** Reports a failure as the JDK does without a default handler. */
  private static void report(Thread thread, Throwable failure, UncaughtExceptionHandler others) {
    if (others != null) {
      others.uncaughtException(thread, failure);
    } else {
      System.err.print("Exception in thread \"" + thread.getName() + "\" ");
      failure.printStackTrace(System.err);
    }
  }

  /** Checks the failures of log records; writes nothing. */
  private static final class ThrownHandler extends Handler {

    @Override
    public void publish(LogRecord line) {
      if (line.getThrown() != null) {
        check(line.getThrown());
      }
    }

    @Override
    public void flush() {}

    @Override
    public void close() {}
  }
}
