package dev.userservice.config;

/**
 * What one caller, one connection and all connections together may ask for.
 *
 * @param batchUsers the most users of one BatchCreateUsers, 1 to 1,000,000
 * @param chatQueue the most chat messages that wait for one reader, 1 to 1,000,000
 * @param messageBytes the largest request message, as it arrives and inflated, 1,024 to 67,108,864
 * @param memoryMegabytes the most that is held for all callers together, in units of 1,048,576
 *     bytes, 1 to 1,000,000; 0 for a quarter of the heap
 * @param requestMillis how long the request of a unary or server streaming call may take to be
 *     complete, 100 to 86,400,000
 * @param connections the most open connections, 1 to 1,000,000; a further one is closed
 * @param silentMillis how long a connection may take until it speaks HTTP, 0 (for ever) to
 *     86,400,000
 * @param streamsPerConnection the most calls at a time of a connection, 1 to 1,000,000
 * @param headerBytes the most bytes of a call's headers, 1,024 to 1,048,576
 * @param resetsPerSecond how often a connection may cancel a call, on average over ten seconds,
 *     before it is closed as an attack; 1 to 1,000,000
 * @param controlFramesPerSecond the most PING, SETTINGS, PRIORITY and unknown frames of a
 *     connection, 1 to 1,000,000; with more it is closed
 * @param unauthenticatedConnections the most open connections whose caller has not authenticated, 1
 *     to 1,000,000; for a further one the eldest is closed. Counts where callers have to
 *     authenticate
 * @param unauthenticatedMillis how long such a connection stays open without a call, 100 to
 *     86,400,000
 * @param idleMillis how long a connection without a call stays open, 0 (for ever) to 86,400,000
 * @param connectionAgeMillis how old a connection becomes, a tenth more or less, 0 (any age) to
 *     86,400,000
 * @param connectionAgeGraceMillis how long the calls of such a connection may take to end, 0 to
 *     86,400,000
 */
public record Limits(
    int batchUsers,
    int chatQueue,
    int messageBytes,
    int memoryMegabytes,
    int requestMillis,
    int connections,
    int silentMillis,
    int streamsPerConnection,
    int headerBytes,
    int resetsPerSecond,
    int controlFramesPerSecond,
    int unauthenticatedConnections,
    int unauthenticatedMillis,
    int idleMillis,
    int connectionAgeMillis,
    int connectionAgeGraceMillis) {

  static Limits read(ConfigReader reader) {
    return new Limits(
        reader.number("batchUsers", 10_000, 1, 1_000_000),
        reader.number("chatQueue", 1_024, 1, 1_000_000),
        reader.number("messageBytes", 65_536, 1_024, 64 * 1024 * 1024),
        reader.number("memoryMegabytes", 0, 0, 1_000_000),
        reader.number("requestMillis", 30_000, 100, 86_400_000),
        reader.number("connections", 10_000, 1, 1_000_000),
        reader.number("silentMillis", 10_000, 0, 86_400_000),
        reader.number("streamsPerConnection", 100, 1, 1_000_000),
        reader.number("headerBytes", 8_192, 1_024, 1_048_576),
        reader.number("resetsPerSecond", 200, 1, 1_000_000),
        reader.number("controlFramesPerSecond", 500, 1, 1_000_000),
        reader.number("unauthenticatedConnections", 1_000, 1, 1_000_000),
        reader.number("unauthenticatedMillis", 10_000, 100, 86_400_000),
        reader.number("idleMillis", 300_000, 0, 86_400_000),
        reader.number("connectionAgeMillis", 0, 0, 86_400_000),
        reader.number("connectionAgeGraceMillis", 30_000, 0, 86_400_000));
  }
}
