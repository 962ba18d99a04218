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
 * @param sampleUsers whether an empty store gets the five sample users
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
            reader.flag("sampleUsers", true),
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
            "configuration: \"%s\" has %s, but there is no such method; did you mean \"%s\"?"
                .formatted(key, Shown.of(name), Nearest.of(name, known)));
      }
    }
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

  private void check(ConfigReader reader) {
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
}
