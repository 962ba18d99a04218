package dev.userservice.compare;

import io.vertx.core.Future;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;

/** Callers in this JVM, each with one call at a time. */
final class CallLoop {

  private static final long DEADLINE_SECONDS = 120;

  private CallLoop() {}

  /**
   * Makes so many calls, all callers together; fails when one fails.
   *
   * @return the calls a second
   */
  static double rate(List<? extends Supplier<? extends Future<?>>> callers, int calls)
      throws Exception {
    AtomicInteger left = new AtomicInteger(calls);
    long start = System.nanoTime();
    List<Future<Void>> running =
        callers.stream().map(caller -> oneAfterTheOther(caller, left)).toList();
    Future.all(running).await(DEADLINE_SECONDS, TimeUnit.SECONDS);
    return calls * 1e9 / (System.nanoTime() - start);
  }

  private static Future<Void> oneAfterTheOther(
      Supplier<? extends Future<?>> caller, AtomicInteger left) {
    return left.getAndDecrement() <= 0
        ? Future.succeededFuture()
        : caller.get().compose(answered -> oneAfterTheOther(caller, left));
  }
}
