package dev.userservice.config;

/**
 * How dead connections are found: by HTTP/2 PING.
 *
 * @param intervalMillis how often a connection is asked, 0 (never) to 86,400,000 milliseconds
 * @param timeoutMillis how long it has for the answer, 1 to 86,400,000 milliseconds
 */
public record Keepalive(int intervalMillis, int timeoutMillis) {

  static Keepalive read(ConfigReader reader) {
    return new Keepalive(
        reader.number("intervalMillis", 30_000, 0, 86_400_000),
        reader.number("timeoutMillis", 10_000, 1, 86_400_000));
  }
}
