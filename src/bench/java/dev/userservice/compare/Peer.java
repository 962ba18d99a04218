package dev.userservice.compare;

import java.nio.file.Path;
import java.util.List;
import java.util.Set;

/**
 * A server that is compared.
 *
 * @param name what it is called on the command line
 * @param label what it is called in the table
 * @param warmsUp whether it gets faster with time, as a JVM does
 * @param tls whether it can be started with TLS
 * @param only the loads that it is made for; empty for all that its protocol can take
 * @param missing why it cannot be started here; empty when it can
 */
record Peer(
    String name,
    String label,
    Protocol protocol,
    boolean warmsUp,
    boolean tls,
    Set<String> only,
    String missing,
    Commands commands) {

  static final String OURS = "user-service";

  /** What it understands. */
  enum Protocol {
    GRPC,
    REST,
    BYTES
  }

  /**
   * What a server is started with.
   *
   * @param certificate null for plaintext
   */
  record Launch(int port, int heapMegabytes, Path certificate, Path key) {}

  /** The command lines of a server: of one process, or of several that are one server. */
  interface Commands {
    List<List<String>> lines(Launch launch) throws Exception;
  }

  boolean isOurs() {
    return name.equals(OURS);
  }

  boolean takes(Load load) {
    boolean spoken =
        switch (protocol) {
          case GRPC -> true;
          case REST -> load.request(Protocol.REST) != null;
          case BYTES -> load.request(Protocol.BYTES) != null;
        };
    return spoken
        && (tls || !load.group().tls())
        && (only.isEmpty() || only.contains(load.name()));
  }
}
