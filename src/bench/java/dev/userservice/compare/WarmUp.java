package dev.userservice.compare;

/**
 * The time for which a server is loaded before anything is measured. A JVM compiles the code of a
 * load while it serves it, in threads whose time would count as the server's: so it gets so many
 * calls as make it begin, and the time to end.
 */
final class WarmUp {

  /** A slow server has to do with fewer calls. */
  private static final double MOST_SECONDS = 45;

  private static final double SECONDS_PER_MEASURED = 5;

  private static final double ENOUGH_SECONDS = 15;

  private final long calls;
  private final double leastSeconds;
  private final long start = System.nanoTime();
  private long made;

  /**
   * @param seconds the time for which the load will be measured
   */
  WarmUp(ServerProcess server, Load load, double seconds) {
    calls = server.peer().warmsUp() && !server.knows(load.kind()) ? load.warmUpCalls(seconds) : 1;
    leastSeconds = seconds(server, load, seconds);
  }

  /**
   * For how long a server is warmed up for a load that will be measured for so many seconds: a JVM
   * that has had a load of this kind needs no more than to get used to the numbers.
   */
  private static double seconds(ServerProcess server, Load load, double measured) {
    if (!server.peer().warmsUp()) {
      return 0;
    }
    double longer = server.knows(load.kind()) ? 1 : SECONDS_PER_MEASURED;
    return Math.min(ENOUGH_SECONDS, measured * longer);
  }

  void made(long more) {
    made += more;
  }

  boolean isOver() {
    double seconds = (System.nanoTime() - start) / 1e9;
    return made >= calls && seconds >= leastSeconds || seconds >= MOST_SECONDS;
  }
}
