package dev.userservice.config;

import io.vertx.core.json.JsonObject;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Predicate;

/** The configuration of a server. {@link #read} has the meaning of each key at the top level. */
public record ServerConfig(
    String host,
    int port,
    List<String> allowedHosts,
    boolean insecure,
    TlsConfig tls,
    AuthConfig auth,
    RateLimitConfig rateLimit,
    StoreConfig store,
    boolean sampleUsers,
    ClusterConfig cluster,
    Limits limits,
    Keepalive keepalive,
    String compression,
    boolean reflection,
    WebConfig web,
    ManagementConfig management,
    boolean accessLog,
    String log,
    int drainDelayMillis,
    int drainTimeoutMillis) {

  /**
   * Checks a configuration and adds the defaults.
   *
   * @throws ConfigException with a line for each unknown key, and each value of a wrong type or
   *     outside its range
   */
  public static ServerConfig from(JsonObject json) {
    return ConfigSource.of(json).read(ServerConfig::read);
  }

  static ServerConfig read(ConfigReader reader) {
    ServerConfig config =
        new ServerConfig(
            reader.text(
                "host",
                "127.0.0.1",
                "The address to listen on. If other machines reach it, `tls` and `auth` are"
                    + " required, or `insecure`."),
            reader.number("port", 50051, 0, 65_535, "The port to listen on; 0 takes any free one."),
            reader.list(
                "allowedHosts",
                List.of(),
                64,
                OwnHosts::parse,
                "names without ports, such as \"users.example.com\"",
                "Names of this server for HTTP/1.1 in plaintext without `auth`, and for the"
                    + " management port. `localhost`, `host` and IP addresses are always"
                    + " accepted."),
            reader.flag(
                "insecure",
                false,
                "Allows a `host` that other machines reach without TLS, or without authentication"
                    + " of callers."),
            TlsConfig.read(reader.object("tls")),
            AuthConfig.read(reader.object("auth")),
            RateLimitConfig.read(reader.object("rateLimit")),
            StoreConfig.read(reader.object("store")),
            // An operator of a store that keeps its users has users already.
            reader.flag(
                "sampleUsers",
                StoreConfig.type(reader.object("store")) == StoreType.MEMORY,
                "Adds five sample users, ids 1 to 5, to an empty store. The default is true only for"
                    + " `store.type` `memory`."),
            ClusterConfig.read(reader.object("cluster")),
            Limits.read(reader.object("limits")),
            Keepalive.read(reader.object("keepalive")),
            reader.oneOf(
                "compression",
                "none",
                List.of("none", "gzip"),
                "Compression of responses of 1 KiB and more, for callers that accept it. A stream"
                    + " is compressed if its first response is that large."),
            reader.flag("reflection", true, "Lets tools list the services and their messages."),
            WebConfig.read(reader.object("web")),
            ManagementConfig.read(reader.object("management")),
            reader.flag(
                "accessLog", false, "Logs each call in one line, without messages and metadata."),
            readLog(reader),
            reader.number(
                "drainDelayMillis",
                0,
                0,
                600_000,
                "Time for which a stopping server still accepts calls, while its health is"
                    + " `NOT_SERVING`."),
            reader.number(
                "drainTimeoutMillis",
                5_000,
                0,
                600_000,
                "Max time for the running calls to end, after the delay."));
    reader.check(() -> config.check(reader));
    return config;
  }

  /** Reads the format of the log, which all programs have. */
  static String readLog(ConfigReader reader) {
    return reader.oneOf(
        "log",
        "auto",
        List.of("auto", "text", "json"),
        "Format of log lines; `auto` is text on a terminal, and JSON elsewhere.");
  }

  /**
   * Checks that the methods named in the configuration exist.
   *
   * @param methods all methods, {@code service/method}
   * @throws ConfigException for an unknown method
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
            "configuration: \"%s\" has %s, which is not a method%s"
                .formatted(key, Quoted.of(name), Suggestion.of(name, known, "\"%s\"", "")));
      }
    }
  }

  /**
   * Returns true if this server exchanges messages with other servers.
   *
   * @param clustered true if it was started with {@code --cluster}
   */
  public boolean hasMembers(boolean clustered) {
    return clustered || store.type() == StoreType.RAFT;
  }

  /** Returns true if other machines can reach the traffic of the log, without TLS. */
  public boolean isLogOpen() {
    return store.type() == StoreType.RAFT && store.raft().isOpen() && !cluster.tls().isOn();
  }

  /** The reason why other machines must not reach this server; empty for none. */
  public String openTo() {
    if (Address.isLoopback(host)) {
      return "";
    }
    if (!tls.isOn()) {
      return "calls come to " + host + " in plaintext";
    }
    return auth.isOn() || tls.isMutual()
        ? ""
        : "every caller that reaches " + host + " may call everything";
  }

  /**
   * The Host headers that are answered over plaintext HTTP/1.1: all, where callers authenticate,
   * since a page that was re-bound here has no token.
   */
  public Predicate<String> answeredHosts() {
    return auth.isOn() ? host -> true : ownHosts();
  }

  /** The Host headers that the management port answers, which never requires a token. */
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
   * @throws ConfigException when two have the same
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

  /** Refuses objects that are set, and leave the server as open as without them. */
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
    // A zero is set on purpose.
    ConfigReader rates = reader.object("rateLimit");
    List<String> counted = List.of("callsPerSecond", "methods", "refusedPerSecond");
    if (reader.has("rateLimit") && counted.stream().noneMatch(rates::has)) {
      reader.refuseIdle("rateLimit", "\"callsPerSecond\", \"methods\" or \"refusedPerSecond\"");
    }
  }
}
