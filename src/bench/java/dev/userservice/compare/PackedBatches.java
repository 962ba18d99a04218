package dev.userservice.compare;

import java.util.Collections;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Batches as large writes, with other users in each: h2load sends one body again and again, and an
 * e-mail address belongs to one user.
 */
final class PackedBatches implements Generator {

  private static final int WARM_UP_CALLS = 20;

  /** A million users more, which is what the heap is made for. */
  private static final int MOST_CALLS = 1_000;

  /** After the users that fill a server. */
  private final AtomicInteger nextUser = new AtomicInteger(2_000_000);

  @Override
  public Measured run(ServerProcess server, Load load, double seconds) throws Exception {
    WarmUp warmUp = new WarmUp(server, load, seconds);
    int made = 0;
    double rate;
    do {
      rate = rate(server, load, WARM_UP_CALLS);
      warmUp.made(WARM_UP_CALLS);
      made += WARM_UP_CALLS;
    } while (!warmUp.isOver() && made < MOST_CALLS);
    int calls = (int) Math.min(MOST_CALLS, Math.max(load.inFlight(), rate * seconds));
    double before = server.cpuSeconds();
    rate = rate(server, load, calls);
    return new Measured(calls, calls / rate, server.cpuSeconds() - before, Map.of());
  }

  private double rate(ServerProcess server, Load load, int calls) throws Exception {
    return CallLoop.rate(
        Collections.nCopies(
            load.inFlight(),
            () -> server.createAll(nextUser.getAndAdd(load.messages()), load.messages())),
        calls);
  }
}
