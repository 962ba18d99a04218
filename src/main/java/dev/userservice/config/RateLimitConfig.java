package dev.userservice.config;

import java.util.Map;

/**
 * Limits on the rate of calls of one caller, or of one address where callers are not authenticated.
 * Each method is counted on its own.
 */
public record RateLimitConfig(
    int callsPerSecond, Map<String, Integer> methods, int burstSeconds, int refusedPerSecond) {

  private static final int MAX_PER_SECOND = 1_000_000;

  /** Returns true if any calls are counted. */
  public boolean isOn() {
    return callsPerSecond > 0 || !methods.isEmpty() || refusedPerSecond > 0;
  }

  static RateLimitConfig read(ConfigReader reader) {
    return new RateLimitConfig(
        reader.number(
            "callsPerSecond",
            0,
            0,
            MAX_PER_SECOND,
            "Max number of calls per second of each method and caller, or address where callers are"
                + " not authenticated; 0 for no limit."),
        reader.map(
            "methods",
            100,
            value -> value instanceof Integer n && n >= 1 && n <= MAX_PER_SECOND ? n : null,
            "a whole number from 1 to " + MAX_PER_SECOND,
            "The same limit for single methods, by `service/method`."),
        reader.number(
            "burstSeconds",
            1,
            1,
            60,
            "Max burst, as the number of seconds whose calls may start at once."),
        reader.number(
            "refusedPerSecond",
            0,
            0,
            MAX_PER_SECOND,
            "Max number of calls with an invalid token per second and address; 0 for no limit."
                + " Above it, calls are refused unchecked."));
  }
}
