package dev.userservice.config;

import io.vertx.core.json.JsonObject;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Predicate;

/**
 * The configuration of a server.
 *
 * @param host the address to listen on
 * @param port the port to listen on, 0 to 65535; 0 takes any free one
 * @param allowedHosts names of this server for clients over plaintext HTTP/1.1 without {@code
 *     auth}, and for the management port, beside {@code localhost}, the hosts to listen on, and
 *     addresses; up to 64, without ports
 * @param insecure whether a server that others can reach may do without TLS, or take calls of
 *     anybody
 * @param tls how it proves who it is, and whether callers have to
 * @param auth who callers are, and which of them may call what
 * @param rateLimit how often one caller may call
 * @param sampleUsers whether an empty store gets the five sample users; by default only {@code
 *     memory} does
 * @param store where the users are kept
 * @param cluster how servers of one cluster find each other
 * @param limits what one caller, one connection and all connections together may ask for
 * @param keepalive how dead connections are found
 * @param compression "none", or "gzip": large responses are compressed for callers that accept it
 * @param reflection whether tools may ask what is served
 * @param management where metrics and health are found over plain HTTP
 * @param accessLog whether each call is logged, a line each
 * @param log how log lines are written: "text"; "json"; "auto": as text on a terminal, and as JSON
 *     elsewhere
 * @param drainDelayMillis how long a server that stops still takes calls, while its health says
 *     that it does not serve; 0 to 600,000 milliseconds
 * @param drainTimeoutMillis how long running calls may then take to end, 0 to 600,000 milliseconds
 */
public record ServerConfig(
    String host,
    int port,
    List<String> allowedHosts,
    boolean insecure,
    TlsConfig tls,
    AuthConfig auth,
    RateLimitConfig rateLimit,
    boolean sampleUsers,
    StoreConfig store,
    ClusterConfig cluster,
    Limits limits,
    Keepalive keepalive,
    String compression,
    boolean reflection,
    ManagementConfig management,
    boolean accessLog,
    String log,
    int drainDelayMillis,
    int drainTimeoutMillis) {

  /** Those of the client too. */
  static final List<String> LOG_FORMATS = List.of("auto", "text", "json");

  /**
   * Checks a configuration and fills in what is missing.
   *
   * @throws ConfigException when a key is unknown, or a value is not of its type or range
   */
  public static ServerConfig from(JsonObject json) {
    return ConfigSource.of(json).read(ServerConfig::read);
  }

  static ServerConfig read(ConfigReader reader) {
    ServerConfig config =
        new ServerConfig(
            reader.text("host", "127.0.0.1"),
            reader.number("port", 50051, 0, 65_535),
            reader.list(
                "allowedHosts",
                List.of(),
                64,
                OwnHosts::parse,
                "names without ports, such as \"users.example.com\""),
            reader.flag("insecure", false),
            TlsConfig.read(reader.object("tls")),
            AuthConfig.read(reader.object("auth")),
            RateLimitConfig.read(reader.object("rateLimit")),
            // Whoever runs a store that keeps its users has users of their own.
            reader.flag(
                "sampleUsers", StoreConfig.type(reader.object("store")) == StoreType.MEMORY),
            StoreConfig.read(reader.object("store")),
            ClusterConfig.read(reader.object("cluster")),
            Limits.read(reader.object("limits")),
            Keepalive.read(reader.object("keepalive")),
            reader.oneOf("compression", "none", List.of("none", "gzip")),
            reader.flag("reflection", true),
            ManagementConfig.read(reader.object("management")),
            reader.flag("accessLog", false),
            reader.oneOf("log", "auto", LOG_FORMATS),
            reader.number("drainDelayMillis", 0, 0, 600_000),
            reader.number("drainTimeoutMillis", 5_000, 0, 600_000));
    config.check(reader);
    return config;
  }

  /**
   * Checks that the methods which the configuration names exist.
   *
   * @param methods all that there are, {@code service/method}
   * @throws ConfigException when one does not
   */
  public void checkMethods(Set<String> methods) {
    Set<String> known = new TreeSet<>(methods);
    checkMethods("rateLimit.methods", rateLimit.methods().keySet(), known);
    known.add("*");
    methods.forEach(method -> known.add(method.replaceFirst("/.*", "/*")));
    checkMethods("auth.rights", auth.rights().keySet(), known);
  }

  private static void checkMethods(String key, Set<String> named, Set<String> known) {
    for (String name : named) {
      if (!known.contains(name)) {
        throw new ConfigException(
            "configuration: \"%s\" has %s, but there is no such method%s"
                .formatted(key, Quoted.of(name), Suggestion.of(name, known, "\"%s\"", "")));
      }
    }
  }

  /**
   * Whether this server is one of several that tell each other something.
   *
   * @param clustered whether it was started with {@code --cluster}
   */
  public boolean hasMembers(boolean clustered) {
    return clustered || store.type() == StoreType.RAFT;
  }

  /** Whether others than this machine can reach what the servers of the store tell each other. */
  public boolean isLogOpen() {
    return store.type() == StoreType.RAFT && store.raft().isOpen() && !cluster.tls().isOn();
  }

  /** What is missing before others may reach this server; empty when nothing is. */
  public String openTo() {
    if (Address.isLoopback(host)) {
      return "";
    }
    if (!tls.isOn()) {
      return "calls come to " + host + " in plaintext";
    }
    return auth.isOn() || tls.isMutual()
        ? ""
        : "anybody who reaches " + host + " may call everything";
  }

  /**
   * The Host headers that are answered over plaintext HTTP/1.1. All, where callers prove who they
   * are: a page that was re-bound here has no token.
   */
  public Predicate<String> answeredHosts() {
    return auth.isOn() ? host -> true : ownHosts();
  }

  /** The Host headers that the management port answers, which never asks for a token. */
  public OwnHosts ownHosts() {
    List<String> names = new ArrayList<>(allowedHosts);
    names.add(host);
    names.add(management.host());
    return new OwnHosts(names);
  }

  /**
   * Checks that a server of a cluster has a port of its own for everything that it listens on.
   *
   * @param busHost the address of the event bus
   * @param busPort its port; 0 for any free one
   * @throws ConfigException when two would have the same
   */
  public void checkClusterPorts(String busHost, int busPort) {
    checkClusterPort("port", host, port, busHost, busPort);
    checkClusterPort("management.port", management.host(), management.port(), busHost, busPort);
    if (busPort > 0 && cluster.listensOn(busPort) && Address.overlap(busHost, cluster.host())) {
      throw new ConfigException(
          "configuration: the port of the event bus (--cluster-port) is %d, which is among the ports of \"cluster.port\" (%s): take another"
              .formatted(busPort, cluster.ports()));
    }
  }

  private void checkClusterPort(String key, String where, int own, String busHost, int busPort) {
    if (own > 0 && cluster.listensOn(own) && Address.overlap(where, cluster.host())) {
      throw new ConfigException(
          "configuration: \"%s\" is %d, which is among the ports of \"cluster.port\" (%s): take another"
              .formatted(key, own, cluster.ports()));
    }
    if (own > 0 && own == busPort && Address.overlap(where, busHost)) {
      throw new ConfigException(
          "configuration: \"%s\" is %d, and so is the port of the event bus (--cluster-port): take another"
              .formatted(key, own));
    }
  }

  private void check(ConfigReader reader) {
    if (store.type() == StoreType.RAFT && limits.batchUsers() > RaftConfig.MAX_BATCH_USERS) {
      throw reader.refused(
          "limits.batchUsers",
          "is %d, but with \"store.type\": \"raft\" a batch is one entry of the log, and has at most %d"
              .formatted(limits.batchUsers(), RaftConfig.MAX_BATCH_USERS));
    }
    if (isLogOpen() && !cluster.insecure()) {
      throw reader.refused(
          "store.raft.servers",
          "is refused, since what servers tell each other there is neither encrypted nor checked: set \"cluster.tls\" or, on a network of their own, \"cluster.insecure\": true");
    }
    refuseIdle(reader);
    if (port > 0 && management.port() == port && Address.overlap(host, management.host())) {
      throw reader.refused(
          "management.port",
          "and \"port\" are both %d: take another, or 0 for any free one".formatted(port));
    }
    if (!openTo().isEmpty() && !insecure) {
      throw reader.refused(
          "host",
          "is refused, since %s: set \"tls\" and \"auth\", or, on a network that is safe, \"insecure\": true"
              .formatted(openTo()));
    }
    if (!auth.certificates().isEmpty() && !tls.isMutual()) {
      throw reader.refused(
          "auth.certificates", "needs callers that show one: \"tls.clientCaFile\"");
    }
  }

  /** Sections that somebody has begun, and that leave the server as open as without them. */
  private void refuseIdle(ConfigReader reader) {
    if (!tls.isOn()) {
      reader.refuseIdle("tls", "\"certificateFile\" and \"keyFile\", or \"keyStoreFile\"");
    }
    if (!auth.isOn()) {
      reader.refuseIdle("auth", "\"jwt\" or \"certificates\", and \"rights\"");
    }
    if (!management.isOn()) {
      reader.refuseIdle("management", "\"port\"");
    }
    // Zeros are said on purpose.
    ConfigReader rates = reader.object("rateLimit");
    List<String> counted = List.of("callsPerSecond", "methods", "refusedPerSecond");
    if (reader.has("rateLimit") && counted.stream().noneMatch(rates::has)) {
      reader.refuseIdle("rateLimit", "\"callsPerSecond\", \"methods\" or \"refusedPerSecond\"");
    }
  }
}
