package dev.userservice.launch;

import dev.userservice.config.Address;
import dev.userservice.config.AuthConfig;
import dev.userservice.config.ServerConfig;
import dev.userservice.config.StoreConfig;
import dev.userservice.operations.Version;
import java.util.ArrayList;
import java.util.List;

/** The lines that a server prints once it has started: five at most. */
public final class StartLines {

  private StartLines() {}

  /**
   * @param instances the number of verticles
   * @param port the actual port
   * @param managementPort the actual management port, or null
   * @param cluster the description of the cluster; empty without one
   * @param ready true when the store is open
   */
  public static List<String> of(
      ServerConfig config,
      int instances,
      Object port,
      Object managementPort,
      String cluster,
      boolean ready) {
    List<String> lines = new ArrayList<>();
    lines.add(
        "%s, %d %s".formatted(Version.all(), instances, instances == 1 ? "instance" : "instances"));
    lines.add("gRPC Server started on port " + port);
    if (!cluster.isEmpty()) {
      lines.add(cluster);
    }
    String management =
        managementPort == null
            ? ""
            : "; management: " + Address.join(config.management().host(), managementPort);
    lines.add(
        "Store: %s; calls: %s%s".formatted(store(config.store()), security(config), management));
    lines.add(
        ready
            ? "Server is ready to accept requests..."
            : "Server waits for its store; health is NOT_SERVING until then...");
    // A file name may contain a line break.
    return lines.stream().map(line -> line.replaceAll("\\p{Cntrl}", "?")).toList();
  }

  private static String store(StoreConfig store) {
    return switch (store.type()) {
      case SQLITE -> "SQLite in " + store.sqlite().file();
      case POSTGRES -> store.postgres().toString();
      case RAFT -> "replicated log, servers " + Address.list(store.raft().servers());
      case MEMORY -> "memory";
    };
  }

  private static String security(ServerConfig config) {
    String wire =
        config.tls().isMutual() ? "mutual TLS" : config.tls().isOn() ? "TLS" : "plaintext";
    return wire + ", from " + callers(config);
  }

  private static String callers(ServerConfig config) {
    AuthConfig auth = config.auth();
    if (auth.isOn()) {
      List<String> proofs = new ArrayList<>();
      if (auth.jwt().isOn()) {
        proofs.add("a token");
      }
      if (!auth.certificates().isEmpty()) {
        proofs.add("a known certificate");
      }
      return "callers with " + String.join(" or ", proofs);
    }
    return "any client that reaches %s%s"
        .formatted(config.host(), config.tls().isMutual() ? " with a certificate" : "");
  }
}
