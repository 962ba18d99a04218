package dev.userservice.client;

import dev.userservice.config.Address;
import dev.userservice.config.Balance;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;

/**
 * The servers of a channel, and the choice of the next call's server. A server that cannot be
 * reached gets no call during its backoff, which doubles with each failure and ends with an answer.
 * For one event loop.
 */
final class Servers {

  private static final long MIN_BACKOFF_MILLIS = 200;
  private static final long MAX_BACKOFF_MILLIS = 5_000;

  private final List<Server> all = new ArrayList<>();
  private final Balance policy;
  private int turn;

  /**
   * @param addresses each with the host name it was resolved from
   */
  Servers(Map<Address, String> addresses, Balance policy) {
    this.policy = policy;
    addresses.forEach((address, name) -> all.add(new Server(address, name)));
  }

  int size() {
    return all.size();
  }

  List<Server> all() {
    return List.copyOf(all);
  }

  /** The server of the next call; without a healthy one, the one whose backoff ends first. */
  Server pick() {
    List<Server> healthy = all.stream().filter(server -> server.backoffMillis() == 0).toList();
    if (healthy.isEmpty()) {
      return nextBack();
    }
    return switch (policy) {
      case PICK_FIRST -> healthy.get(0);
      case LEAST_REQUEST -> least(healthy);
      case ROUND_ROBIN -> next(healthy);
    };
  }

  /** The time until a server may be called, in milliseconds; 0 with a healthy one. */
  long backoffMillis() {
    return nextBack().backoffMillis();
  }

  private Server nextBack() {
    return all.stream().min(Comparator.comparingLong(Server::backoffMillis)).orElseThrow();
  }

  private Server least(List<Server> healthy) {
    int fewest = healthy.stream().mapToInt(server -> server.calls).min().orElseThrow();
    return next(healthy.stream().filter(server -> server.calls == fewest).toList());
  }

  private Server next(List<Server> some) {
    turn = (turn + 1) & Integer.MAX_VALUE;
    return some.get(turn % some.size());
  }

  /** One address, its open calls and its backoff. */
  static final class Server {

    private final Address address;
    private final String name;
    private int calls;
    private int failures;
    private long backoffEndNanos = System.nanoTime();

    private Server(Address address, String name) {
      this.address = address;
      this.name = name;
    }

    Address address() {
      return address;
    }

    /** The host as the configuration names it, which may be the address itself. */
    String name() {
      return name;
    }

    void callStarted() {
      calls++;
    }

    void callEnded() {
      calls--;
    }

    void answered() {
      failures = 0;
      backoffEndNanos = System.nanoTime();
    }

    /** Doubles the backoff, with jitter so that clients do not return at the same moment. */
    void failed() {
      long millis = Math.min(MAX_BACKOFF_MILLIS, MIN_BACKOFF_MILLIS << Math.min(failures, 10));
      failures++;
      long jittered = ThreadLocalRandom.current().nextLong(millis / 2, millis + 1);
      backoffEndNanos = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(jittered);
    }

    /** The rest of its backoff, in milliseconds; 0 for none. */
    long backoffMillis() {
      long nanos = backoffEndNanos - System.nanoTime();
      return nanos <= 0 ? 0 : TimeUnit.NANOSECONDS.toMillis(nanos) + 1;
    }

    @Override
    public String toString() {
      return address.toString();
    }
  }
}
