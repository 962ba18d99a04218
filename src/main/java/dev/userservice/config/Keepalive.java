package dev.userservice.config;

/** The PING with which dead connections are found. */
public record Keepalive(int intervalMillis, int timeoutMillis) {

  static Keepalive read(ConfigReader reader) {
    return new Keepalive(
        reader.number(
            "intervalMillis",
            30_000,
            0,
            86_400_000,
            "Interval of asking a connection whether it lives, by HTTP/2 PING, and over HTTP/1.1 by"
                + " TCP; 0 for never."),
        reader.number("timeoutMillis", 10_000, 1, 86_400_000, "Max time for the answer."));
  }
}
