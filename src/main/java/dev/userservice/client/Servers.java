package dev.userservice.client;

import dev.userservice.config.Address;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;

/**
 * Which server gets the next call. A server that could not be reached is kept away from for a
 * while, longer each time, and then gets another call; one that answers is back at once.
 *
 * <p>To be used on one event loop.
 */
final class Servers {

  private static final long SHORTEST_AWAY_MILLIS = 200;
  private static final long LONGEST_AWAY_MILLIS = 5_000;

  private final List<Server> all = new ArrayList<>();
  private final String policy;
  private int turn;

  /**
   * @param addresses where they listen, each with the name that it is known by
   * @param policy "round_robin": each in turn; "least_request": the one with the fewest calls, of
   *     several each in turn; "pick_first": the first that is not away
   */
  Servers(Map<Address, String> addresses, String policy) {
    this.policy = policy;
    addresses.forEach((address, name) -> all.add(new Server(address, name)));
  }

  int size() {
    return all.size();
  }

  List<Server> all() {
    return List.copyOf(all);
  }

  /** The one to call: when all are away, the one that is back first. */
  Server pick() {
    List<Server> well = all.stream().filter(server -> server.awayMillis() == 0).toList();
    if (well.isEmpty()) {
      return firstBack();
    }
    return switch (policy) {
      case "pick_first" -> well.get(0);
      case "least_request" -> least(well);
      default -> next(well);
    };
  }

  /** How long until one may be called again; 0 when there is one. */
  long awayMillis() {
    return firstBack().awayMillis();
  }

  private Server firstBack() {
    return all.stream().min(Comparator.comparingLong(Server::awayMillis)).orElseThrow();
  }

  private Server least(List<Server> well) {
    int fewest = well.stream().mapToInt(server -> server.calls).min().orElseThrow();
    return next(well.stream().filter(server -> server.calls == fewest).toList());
  }

  private Server next(List<Server> some) {
    turn = (turn + 1) & Integer.MAX_VALUE;
    return some.get(turn % some.size());
  }

  /** One address, and how it does. */
  static final class Server {

    private final Address address;
    private final String name;
    private int calls;
    private int failures;
    private long backNanos = System.nanoTime();

    private Server(Address address, String name) {
      this.address = address;
      this.name = name;
    }

    Address address() {
      return address;
    }

    /** What the configuration calls its host: the same, where that is an address too. */
    String name() {
      return name;
    }

    void callBegins() {
      calls++;
    }

    void callEnds() {
      calls--;
    }

    void answered() {
      failures = 0;
      backNanos = System.nanoTime();
    }

    /** It does not answer. Twice as long each time, and not all clients at the same moment. */
    void failed() {
      long millis = Math.min(LONGEST_AWAY_MILLIS, SHORTEST_AWAY_MILLIS << Math.min(failures, 10));
      failures++;
      long jittered = ThreadLocalRandom.current().nextLong(millis / 2, millis + 1);
      backNanos = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(jittered);
    }

    /** How long it is kept away from yet; 0 when it is not. */
    long awayMillis() {
      long nanos = backNanos - System.nanoTime();
      return nanos <= 0 ? 0 : TimeUnit.NANOSECONDS.toMillis(nanos) + 1;
    }

    @Override
    public String toString() {
      return address.toString();
    }
  }
}
