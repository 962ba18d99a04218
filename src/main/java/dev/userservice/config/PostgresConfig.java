package dev.userservice.config;

import java.net.URI;
import java.net.URISyntaxException;
import java.util.List;

/** Users in a PostgreSQL database. Optional texts are empty for none. */
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
            reader.text(
                "host",
                "127.0.0.1",
                "The host of PostgreSQL, or the folder of its Unix domain socket."),
            reader.number("port", 5432, 1, 65_535, "The port of PostgreSQL."),
            reader.text(
                "database",
                "users",
                "The database, which must exist. Its tables are created by the server."),
            reader.text("user", "users", "The PostgreSQL user of this server."),
            reader.secret(
                "password",
                "The password of the PostgreSQL user; belongs in the environment or"
                    + " `passwordFile`."),
            reader.textOrNone(
                "passwordFile", "The file with the password, read for each new connection."),
            reader.oneOf(
                "tls",
                "disable",
                TLS,
                "The protection of connections. `require` encrypts; `verify-full` also requires a"
                    + " certificate for `host` from an authority in `caFile`."),
            reader.textOrNone(
                "caFile",
                "The PEM file of the authorities that `verify-full` trusts, read for each new"
                    + " connection. It is allowed only with `verify-full`."),
            reader.flag(
                "insecure",
                false,
                "Allows plaintext to a `host` that is not loopback. Users and the password then"
                    + " cross the network unencrypted."),
            reader.number(
                "connections",
                8,
                2,
                1_000,
                "Max number of connections; one half reads, the other writes."),
            reader.number(
                "queueSize",
                20_000,
                1,
                1_000_000,
                "Max number of users that wait to be written, and of calls that wait for a"
                    + " connection. Further ones are refused."),
            reader.number("connectTimeoutMillis", 5_000, 10, 60_000, "Max time to connect."),
            reader.number(
                "timeoutMillis",
                5_000,
                10,
                600_000,
                "Max time that a call waits for its turn, and then max time of its statement."));
    PostgresConfig config = fields.orUri(reader);
    reader.check(() -> config.check(reader));
    return config;
  }

  private void check(ConfigReader reader) {
    if (!password.isEmpty() && !passwordFile.isEmpty()) {
      throw reader.refused("passwordFile", "and \"password\" say the same; take one of them");
    }
    if (tls.equals("verify-full") && caFile.isEmpty()) {
      throw reader.refused(
          "caFile", "is needed to verify the server: the PEM file of its authority");
    }
    if (isOpen() && !insecure) {
      boolean uri = reader.has("uri");
      throw reader.refused(
          uri ? "uri" : "host",
          "is refused, since users and the password go to %s in plaintext: %s, or, on a network that is safe, \"store.postgres.insecure\": true"
              .formatted(
                  host,
                  uri
                      ? "add \"?sslmode=verify-full\" to it"
                      : "set \"store.postgres.tls\": \"verify-full\""));
    }
  }

  /** Returns true if users and the password leave this machine in plaintext. */
  public boolean isOpen() {
    // A path is that of a Unix domain socket.
    return tls.equals("disable") && !host.startsWith("/") && !Address.isLoopback(host);
  }

  private PostgresConfig orUri(ConfigReader reader) {
    String uri =
        reader.secret(
            "uri",
            "The database as `postgresql://USER@HOST:PORT/DATABASE?sslmode=MODE`, in place of"
                + " `host`, `port`, `database`, `user` and `tls`.");
    if (uri.isEmpty()) {
      return this;
    }
    for (String key : List.of("host", "port", "database", "user", "tls")) {
      if (reader.has(key)) {
        reader.refuse("uri", "and \"" + key + "\" say the same; take one of them");
        return this;
      }
    }
    PostgresConfig config = with(uri);
    if (config == null) {
      reader.refuse(
          "uri",
          "must be postgresql://USER@HOST:PORT/DATABASE, with ?sslmode=disable, require or verify-full behind it or not");
      return this;
    }
    reader.supersede("host", config.host, "uri");
    reader.supersede("port", config.port, "uri");
    reader.supersede("database", config.database, "uri");
    reader.supersede("user", config.user, "uri");
    reader.supersede("tls", config.tls, "uri");
    return config;
  }

  /** Returns these fields with those of a URI, or null for an invalid one. */
  private PostgresConfig with(String text) {
    URI uri;
    try {
      uri = new URI(text);
    } catch (URISyntaxException e) {
      // Its message has the password in it.
      return null;
    }
    boolean known = "postgresql".equals(uri.getScheme()) || "postgres".equals(uri.getScheme());
    String path = uri.getPath() == null ? "" : uri.getPath();
    if (!known
        || uri.getHost() == null
        || uri.getPort() == 0
        || uri.getPort() > 65_535
        || path.length() < 2
        || uri.getUserInfo() == null) {
      return null;
    }
    String[] who = uri.getUserInfo().split(":", 2);
    String query = uri.getQuery();
    String mode = query == null ? tls : query.replaceFirst("^sslmode=", "");
    if (query != null && !(query.startsWith("sslmode=") && TLS.contains(mode))) {
      return null;
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

  /** Without the password. */
  @Override
  public String toString() {
    return "PostgreSQL at %s, database %s, user %s"
        .formatted(Address.join(host, port), database, user);
  }
}
