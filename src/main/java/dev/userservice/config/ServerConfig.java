package dev.userservice.config;

import io.vertx.core.json.JsonObject;
import java.util.List;

/**
 * The configuration of a server.
 *
 * @param host the address to listen on
 * @param port the port to listen on, 0 to 65535; 0 takes any free one
 * @param sampleUsers whether an empty store gets the five sample users
 * @param store where the users are kept
 * @param cluster how servers of one cluster find each other
 * @param limits what one caller, one connection and all connections together may ask for
 * @param keepalive how dead connections are found
 * @param compression "none", or "gzip": large responses are compressed for callers that accept it
 * @param reflection whether tools may ask what is served
 * @param accessLog whether each call is logged, a line each
 * @param drainDelayMillis how long a server that stops still takes calls, while its health says
 *     that it does not serve; 0 to 600,000 milliseconds
 * @param drainTimeoutMillis how long running calls may then take to end, 0 to 600,000 milliseconds
 */
public record ServerConfig(
    String host,
    int port,
    boolean sampleUsers,
    StoreConfig store,
    ClusterConfig cluster,
    Limits limits,
    Keepalive keepalive,
    String compression,
    boolean reflection,
    boolean accessLog,
    int drainDelayMillis,
    int drainTimeoutMillis) {

  /**
   * Checks a configuration and fills in what is missing.
   *
   * @throws ConfigException when a key is unknown, or a value is not of its type or range
   */
  public static ServerConfig from(JsonObject json) {
    return ConfigSource.of(json).read(ServerConfig::read);
  }

  static ServerConfig read(ConfigReader reader) {
    return new ServerConfig(
        reader.text("host", "127.0.0.1"),
        reader.number("port", 50051, 0, 65_535),
        reader.flag("sampleUsers", true),
        StoreConfig.read(reader.object("store")),
        ClusterConfig.read(reader.object("cluster")),
        Limits.read(reader.object("limits")),
        Keepalive.read(reader.object("keepalive")),
        reader.oneOf("compression", "none", List.of("none", "gzip")),
        reader.flag("reflection", true),
        reader.flag("accessLog", false),
        reader.number("drainDelayMillis", 0, 0, 600_000),
        reader.number("drainTimeoutMillis", 5_000, 0, 600_000));
  }
}
