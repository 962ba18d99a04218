package dev.userservice.config;

import java.util.Map;

/**
 * How often one caller (or, when callers are not known, one address) may call. Each method is
 * counted on its own.
 *
 * @param callsPerSecond for each method that is not in {@code methods}; 0 for no limit
 * @param methods the calls a second of single methods by their names, {@code service/method}
 * @param burstSeconds the calls of how many seconds may come at once, 1 to 60
 * @param refusedPerSecond how many calls with a bad token an address may make before its calls are
 *     refused without a look at the token; 0 for no limit
 */
public record RateLimitConfig(
    int callsPerSecond, Map<String, Integer> methods, int burstSeconds, int refusedPerSecond) {

  private static final int MAX_PER_SECOND = 1_000_000;

  /** Whether anything is counted. */
  public boolean isOn() {
    return callsPerSecond > 0 || !methods.isEmpty() || refusedPerSecond > 0;
  }

  static RateLimitConfig read(ConfigReader reader) {
    return new RateLimitConfig(
        reader.number("callsPerSecond", 0, 0, MAX_PER_SECOND),
        reader.map(
            "methods",
            100,
            value -> value instanceof Integer n && n >= 1 && n <= MAX_PER_SECOND ? n : null,
            "a whole number from 1 to " + MAX_PER_SECOND),
        reader.number("burstSeconds", 1, 1, 60),
        reader.number("refusedPerSecond", 0, 0, MAX_PER_SECOND));
  }
}
