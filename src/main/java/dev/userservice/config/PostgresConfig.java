package dev.userservice.config;

import java.util.List;

/**
 * Users in a PostgreSQL database.
 *
 * @param host the name or address of the server
 * @param port the port of the server, 1 to 65535
 * @param database the database; it has to exist, its tables are made by us
 * @param user who we are to it
 * @param password the password, from the environment; empty where the server asks for none
 * @param passwordFile a file whose first line is the password; wins over {@code password}, is read
 *     for each new connection, and may be empty for none
 * @param tls "disable"; "require": encrypted, whoever the server is; "verify-full": encrypted, and
 *     the server's certificate has to be for {@code host}
 * @param caFile the PEM file of the authority that "verify-full" trusts; empty for those that the
 *     JDK trusts
 * @param connections the most connections, 1 to 1,000
 * @param waiting how many users may wait to be written, and how many other calls for a connection,
 *     before more are refused; 1 to 1,000,000
 * @param connectTimeoutMillis how long connecting may take, 10 to 60,000 milliseconds
 * @param timeoutMillis how long a call may take, its waiting and its statement each, 10 to 600,000
 *     milliseconds
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
    int connections,
    int waiting,
    int connectTimeoutMillis,
    int timeoutMillis) {

  static PostgresConfig read(ConfigReader reader) {
    return new PostgresConfig(
        reader.text("host", "127.0.0.1"),
        reader.number("port", 5432, 1, 65_535),
        reader.text("database", "users"),
        reader.text("user", "users"),
        reader.secret("password"),
        reader.textOrNone("passwordFile"),
        reader.oneOf("tls", "disable", List.of("disable", "require", "verify-full")),
        reader.textOrNone("caFile"),
        reader.number("connections", 8, 1, 1_000),
        reader.number("waiting", 20_000, 1, 1_000_000),
        reader.number("connectTimeoutMillis", 5_000, 10, 60_000),
        reader.number("timeoutMillis", 5_000, 10, 600_000));
  }

  /** All but the password. */
  @Override
  public String toString() {
    return "PostgreSQL at %s:%d, database %s, user %s".formatted(host, port, database, user);
  }
}
