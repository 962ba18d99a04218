package dev.userservice.config;

/**
 * What one caller may ask for.
 *
 * @param batchUsers the most users of one BatchCreateUsers, 1 to 1,000,000
 * @param chatQueue the most chat messages that wait for one reader, 1 to 1,000,000
 */
public record Limits(int batchUsers, int chatQueue) {

  static Limits read(ConfigReader reader) {
    return new Limits(
        reader.number("batchUsers", 10_000, 1, 1_000_000),
        reader.number("chatQueue", 1_024, 1, 1_000_000));
  }
}
