package dev.userservice.config;

import java.net.URI;
import java.net.URISyntaxException;
import java.util.List;

/**
 * Users in a PostgreSQL database.
 *
 * @param host the name or address of the server
 * @param port the port of the server, 1 to 65535
 * @param database the database; it has to exist, its tables are made by us
 * @param user who we are to it
 * @param password the password, which belongs into the environment; empty where none is asked for
 * @param passwordFile a file with the password, read for each new connection; empty for none
 * @param tls "disable"; "require": encrypted, whoever the server is; "verify-full": encrypted, and
 *     the server's certificate has to be for {@code host}
 * @param caFile the PEM file of the authorities that "verify-full" trusts, read for each new
 *     connection; empty otherwise
 * @param insecure whether users and the password may cross a network in plaintext
 * @param connections the most connections, 2 to 1,000; one half reads, the other writes
 * @param queueSize how many users may wait to be written, and how many calls for a connection,
 *     before more are refused; 1 to 1,000,000
 * @param connectTimeoutMillis how long connecting may take, 10 to 60,000 milliseconds
 * @param timeoutMillis how long a call may wait for its turn, and how long its statement may then
 *     take, 10 to 600,000 milliseconds each
 */
public record PostgresConfig(
    String host,
    int port,
    String database,
    String user,
    String password,
    String passwordFile,
    String tls,
    String caFile,
    boolean insecure,
    int connections,
    int queueSize,
    int connectTimeoutMillis,
    int timeoutMillis) {

  private static final List<String> TLS = List.of("disable", "require", "verify-full");

  static PostgresConfig read(ConfigReader reader) {
    PostgresConfig fields =
        new PostgresConfig(
            reader.text("host", "127.0.0.1"),
            reader.number("port", 5432, 1, 65_535),
            reader.text("database", "users"),
            reader.text("user", "users"),
            reader.secret("password"),
            reader.textOrNone("passwordFile"),
            reader.oneOf("tls", "disable", TLS),
            reader.textOrNone("caFile"),
            reader.flag("insecure", false),
            reader.number("connections", 8, 2, 1_000),
            reader.number("queueSize", 20_000, 1, 1_000_000),
            reader.number("connectTimeoutMillis", 5_000, 10, 60_000),
            reader.number("timeoutMillis", 5_000, 10, 600_000));
    PostgresConfig config = fields.orUri(reader);
    if (!config.password.isEmpty() && !config.passwordFile.isEmpty()) {
      throw reader.refused("passwordFile", "and \"password\" say the same; take one of them");
    }
    if (config.tls.equals("verify-full") && config.caFile.isEmpty()) {
      throw reader.refused(
          "caFile", "is needed to verify the server: the PEM file of its authority");
    }
    if (config.isOpen() && !config.insecure) {
      boolean uri = reader.has("uri");
      throw reader.refused(
          uri ? "uri" : "host",
          "is refused, since users and the password go to %s in plaintext: %s, or, on a network that is safe, \"store.postgres.insecure\": true"
              .formatted(
                  config.host,
                  uri
                      ? "add \"?sslmode=verify-full\" to it"
                      : "set \"store.postgres.tls\": \"verify-full\""));
    }
    return config;
  }

  /** Whether users and the password leave this machine in plaintext. */
  public boolean isOpen() {
    // A path is that of a Unix domain socket.
    return tls.equals("disable") && !host.startsWith("/") && !Address.isLoopback(host);
  }

  private PostgresConfig orUri(ConfigReader reader) {
    String uri = reader.secret("uri");
    if (uri.isEmpty()) {
      return this;
    }
    for (String key : List.of("host", "port", "database", "user", "tls")) {
      if (reader.has(key)) {
        throw reader.refused("uri", "and \"" + key + "\" say the same; take one of them");
      }
    }
    PostgresConfig config = with(uri, reader);
    reader.supersede("host", config.host, "uri");
    reader.supersede("port", config.port, "uri");
    reader.supersede("database", config.database, "uri");
    reader.supersede("user", config.user, "uri");
    reader.supersede("tls", config.tls, "uri");
    return config;
  }

  /** These fields, with what a URI says. */
  private PostgresConfig with(String text, ConfigReader reader) {
    URI uri;
    try {
      uri = new URI(text);
    } catch (URISyntaxException e) {
      // Not its words: they have the password in them.
      throw notUri(reader);
    }
    boolean known = "postgresql".equals(uri.getScheme()) || "postgres".equals(uri.getScheme());
    String path = uri.getPath() == null ? "" : uri.getPath();
    if (!known
        || uri.getHost() == null
        || uri.getPort() == 0
        || uri.getPort() > 65_535
        || path.length() < 2
        || uri.getUserInfo() == null) {
      throw notUri(reader);
    }
    String[] who = uri.getUserInfo().split(":", 2);
    String query = uri.getQuery();
    String mode = query == null ? tls : query.replaceFirst("^sslmode=", "");
    if (query != null && !(query.startsWith("sslmode=") && TLS.contains(mode))) {
      throw notUri(reader);
    }
    return new PostgresConfig(
        uri.getHost().replaceAll("[\\[\\]]", ""),
        uri.getPort() < 0 ? port : uri.getPort(),
        path.substring(1),
        who[0],
        who.length > 1 ? who[1] : password,
        passwordFile,
        mode,
        caFile,
        insecure,
        connections,
        queueSize,
        connectTimeoutMillis,
        timeoutMillis);
  }

  private static ConfigException notUri(ConfigReader reader) {
    return reader.refused(
        "uri",
        "must be postgresql://USER@HOST:PORT/DATABASE, with ?sslmode=disable, require or verify-full behind it or not");
  }

  /** All but the password. */
  @Override
  public String toString() {
    return "PostgreSQL at %s, database %s, user %s"
        .formatted(Address.join(host, port), database, user);
  }
}
