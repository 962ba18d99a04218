package dev.userservice.load;

import dev.userservice.client.Connection;
import dev.userservice.config.LoadConfig;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpClientRequest;
import io.vertx.core.internal.ContextInternal;
import io.vertx.grpc.common.GrpcStatus;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.HdrHistogram.Histogram;

/**
 * Makes the calls of one load for as long as it lasts. In a closed loop a call starts when another
 * ends. In an open loop each call is due at a fixed time, and its latency counts from then, also
 * while it waits for a free slot. So a server that pauses for a second delays all calls due in that
 * second, not only those in progress.
 *
 * <p>To be used on one event loop.
 */
final class LoadRun {

  private static final long SECOND = TimeUnit.SECONDS.toNanos(1);
  private static final long LONGEST = TimeUnit.HOURS.toNanos(2);
  private static final long SWEEP_MILLIS = 50;

  /** Timers of the event loop can be this late; the rest of the wait is busy. */
  private static final long AWAKE_NANOS = TimeUnit.MILLISECONDS.toNanos(1);

  /** Max number of distinct waiting times recorded for calls that did not start. */
  private static final long STEPS = 100_000;

  private final Vertx vertx;
  private final ContextInternal context;
  private final LoadConfig config;
  private final Load load;
  private final int deadlineMillis;
  private final List<Slot> slots = new ArrayList<>();
  private final Deque<Slot> idle = new ArrayDeque<>();
  private final List<Long> timers = new ArrayList<>();
  private final Histogram latencies = new Histogram(TimeUnit.MICROSECONDS.toNanos(1), LONGEST, 3);
  private final Failures failures = new Failures();
  private final Promise<LoadResult> result = Promise.promise();

  private long begin;
  private long countFrom;
  private long countTo;
  private long due;
  private boolean timerSet;
  private long ended;
  private long unstarted;
  private long movedByRemoved;
  private Moment first;
  private Moment last;

  /** A place for one call at a time. */
  private static final class Slot {

    private final Exchange exchange;
    private final Connection connection;
    private final Supplier<Future<HttpClientRequest>> calls;
    private OpenCall call;
    private long dueNanos;
    private long began;

    private Slot(Exchange exchange, Connection connection, String path, int deadlineMillis) {
      this.exchange = exchange;
      this.connection = connection;
      this.calls = connection.calls(path, deadlineMillis);
    }
  }

  /** The number of successful calls and of messages up to a time. */
  private record Moment(long nanos, long calls, long messages) {}

  LoadRun(Vertx vertx, LoadConfig config, Load load, List<Connection> connections) {
    this.vertx = vertx;
    this.context = (ContextInternal) vertx.getOrCreateContext();
    this.config = config;
    this.load = load;
    this.deadlineMillis = config.client().deadlineMillis();
    for (int n = 0; n < config.inFlight(load.name()); n++) {
      slots.add(
          new Slot(
              load.exchange().apply(n),
              connections.get(n % connections.size()),
              load.path(),
              deadlineMillis));
    }
  }

  /** Succeeds when all calls have ended; each has a deadline, so the load ends too. */
  Future<LoadResult> run() {
    begin = System.nanoTime();
    countFrom = begin + config.warmupSeconds() * SECOND;
    countTo = countFrom + config.seconds() * SECOND;
    idle.addAll(slots);
    timers.add(vertx.setTimer(TimeUnit.NANOSECONDS.toMillis(countTo - begin), time -> timeIsUp()));
    timers.add(vertx.setPeriodic(SWEEP_MILLIS, sweep -> endLateCalls()));
    proceed();
    return result.future();
  }

  /** The elapsed part of the time, from 0 to 1. */
  double done() {
    return Math.min(1, (System.nanoTime() - begin) / (double) (countTo - begin));
  }

  /** The number of successful calls so far. */
  long ended() {
    return ended;
  }

  private Moment moment(long nanos) {
    long messages = movedByRemoved;
    for (Slot slot : slots) {
      messages += slot.exchange.moved();
    }
    return new Moment(nanos, ended, messages);
  }

  /** Starts every call that is due, while there are free slots. */
  private void proceed() {
    while (!idle.isEmpty() && last == null) {
      long now = System.nanoTime();
      long dueNanos = config.callsPerSecond() == 0 ? now : dueAt(due);
      if (now >= countTo || dueNanos >= countTo) {
        break;
      }
      if (dueNanos > now) {
        await(dueNanos - now);
        return;
      }
      due++;
      begin(idle.pop(), dueNanos, now);
    }
    finishIfIdle();
  }

  private long dueAt(long call) {
    return begin + call * SECOND / config.callsPerSecond();
  }

  /**
   * Uses the event loop's own timer, which runs between two polls of its connections, so that they
   * never wait for it.
   */
  private void await(long nanos) {
    if (!timerSet) {
      timerSet = true;
      context
          .nettyEventLoop()
          .schedule(
              () -> context.emit(null, time -> timerFired()),
              nanos > AWAKE_NANOS ? nanos - AWAKE_NANOS : 1,
              TimeUnit.NANOSECONDS);
    }
  }

  private void timerFired() {
    timerSet = false;
    proceed();
  }

  private void begin(Slot slot, long dueNanos, long now) {
    slot.dueNanos = dueNanos;
    slot.began = now;
    OpenCall call = new OpenCall(slot.exchange, (over, failure) -> ended(slot, over, failure));
    slot.call = call;
    call.begin(slot.calls.get());
  }

  private void ended(Slot slot, OpenCall call, Failure failure) {
    slot.call = null;
    if (failure == null) {
      long now = System.nanoTime();
      if (first == null && now >= countFrom) {
        first = moment(now);
      }
      ended++;
      if (slot.dueNanos >= countFrom) {
        latencies.recordValue(Math.min(LONGEST, now - slot.dueNanos));
      }
      idle.push(slot);
      proceed();
      return;
    }
    failures.add(isLate(slot, failure) ? late() : failure);
    if (call.hasLostItsConnection() || slot.connection.isClosed()) {
      // The connection is unusable: further calls over it would fail at once, in a tight loop.
      slots.remove(slot);
      movedByRemoved += slot.exchange.moved();
      if (slots.isEmpty()) {
        stop();
      }
    } else {
      idle.push(slot);
    }
    // Deferred: when calls fail at once, other tasks of the event loop need a turn.
    vertx.setTimer(1, later -> proceed());
  }

  private void endLateCalls() {
    for (Slot slot : List.copyOf(slots)) {
      if (slot.call != null && millisSince(slot.began) >= deadlineMillis) {
        slot.call.giveUp(late());
      }
    }
  }

  /** A server cancels late calls itself, which may arrive before our own deadline fires. */
  private boolean isLate(Slot slot, Failure failure) {
    return failure.status().equals(GrpcStatus.CANCELLED.name())
        && millisSince(slot.began) >= deadlineMillis - 1;
  }

  private Failure late() {
    return Failure.here(
        GrpcStatus.DEADLINE_EXCEEDED, "did not complete within %d ms".formatted(deadlineMillis));
  }

  private static long millisSince(long nanos) {
    return TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - nanos);
  }

  private void timeIsUp() {
    stop();
    finishIfIdle();
  }

  private void stop() {
    if (last != null) {
      return;
    }
    last = moment(System.nanoTime());
    if (first == null) {
      first = new Moment(Math.min(countFrom, last.nanos - 1), ended, 0);
    }
    if (config.callsPerSecond() > 0) {
      countUnstarted(Math.min(last.nanos, countTo));
    }
  }

  /** Without these, the calls that waited longest would be missing from the latencies. */
  private void countUnstarted(long now) {
    long end = due;
    while (dueAt(end) < now) {
      end += Math.max(1, (now - dueAt(end)) * config.callsPerSecond() / SECOND);
    }
    long step = Math.max(1, (end - due) / STEPS);
    for (long call = due; call < end; call += step) {
      if (dueAt(call) >= countFrom) {
        long calls = Math.min(step, end - call);
        unstarted += calls;
        latencies.recordValueWithCount(now - dueAt(call), calls);
      }
    }
  }

  private void finishIfIdle() {
    if (last == null || idle.size() < slots.size()) {
      return;
    }
    timers.forEach(vertx::cancelTimer);
    double seconds = (last.nanos - first.nanos) / (double) SECOND;
    result.tryComplete(
        new LoadResult(
            load.name(),
            latencies,
            unstarted,
            failures,
            seconds,
            (last.calls - first.calls) / seconds,
            (last.messages - first.messages) / seconds));
  }
}
