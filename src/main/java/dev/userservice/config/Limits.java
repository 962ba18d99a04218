package dev.userservice.config;

/**
 * Bounds on one caller, one connection, and all connections together. {@link #read} has the meaning
 * and range of each.
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
        reader.number(
            "batchUsers", 10_000, 1, 1_000_000, "Max number of users in one `BatchCreateUsers`."),
        reader.number(
            "chatQueue",
            1_024,
            1,
            1_000_000,
            "Max number of chat messages that wait for one reader."),
        reader.number(
            "messageBytes",
            65_536,
            1_024,
            64 * 1024 * 1024,
            "Max size of a request message, as it arrives and inflated. Health and reflection"
                + " accept 4,096 bytes at most."),
        reader.number(
            "memoryMegabytes",
            0,
            0,
            1_000_000,
            "Max memory for the messages of all callers together, in units of 1,048,576 bytes; 0"
                + " for a quarter of the heap."),
        reader.number(
            "requestMillis",
            30_000,
            100,
            86_400_000,
            "Max time until the request of a unary or server streaming call is complete."),
        reader.number(
            "connections",
            10_000,
            1,
            1_000_000,
            "Max number of open connections, lowered where the process may not open so many files."
                + " A further one is closed."),
        reader.number(
            "silentMillis",
            10_000,
            0,
            86_400_000,
            "Max time until a new connection speaks HTTP; 0 for no limit."),
        reader.number(
            "streamsPerConnection",
            100,
            1,
            1_000_000,
            "Max number of concurrent calls on one connection."),
        reader.number("headerBytes", 8_192, 1_024, 1_048_576, "Max size of a call's headers."),
        reader.number(
            "resetsPerSecond",
            200,
            1,
            1_000_000,
            "Max number of calls that a connection cancels per second, averaged over ten seconds."
                + " Above it, the connection is closed as an attack."),
        reader.number(
            "controlFramesPerSecond",
            500,
            1,
            1_000_000,
            "Max number of PING, SETTINGS, PRIORITY and unknown frames per second on a connection,"
                + " and of control frames on a WebSocket. Above it, the connection is closed."),
        reader.number(
            "unauthenticatedConnections",
            1_000,
            1,
            1_000_000,
            "Max number of open connections whose caller has not authenticated, with `auth`. For a"
                + " further one, the address with the most loses its oldest."),
        reader.number(
            "unauthenticatedMillis",
            10_000,
            100,
            86_400_000,
            "Max time that a connection stays open without a call, if its caller has not"
                + " authenticated."),
        reader.number(
            "idleMillis",
            300_000,
            0,
            86_400_000,
            "Max time that a connection stays open without a call; 0 for no limit."),
        reader.number(
            "connectionAgeMillis",
            0,
            0,
            86_400_000,
            "Max age of a connection, a tenth more or less; 0 for no limit. It ends as in a drain,"
                + " and no call fails."),
        reader.number(
            "connectionAgeGraceMillis",
            30_000,
            0,
            86_400_000,
            "Max time for the calls of a connection that is too old. The remaining ones end with"
                + " `UNAVAILABLE`, reason `CONNECTION_TOO_OLD`."));
  }
}
