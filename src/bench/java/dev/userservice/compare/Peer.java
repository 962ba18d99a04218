package dev.userservice.compare;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * A server that is compared.
 *
 * @param name its name on the command line
 * @param label its name in the table
 * @param warmsUp true if it gets faster with time, as a JVM does
 * @param tls true if it can be started with TLS
 * @param only the loads that it is made for; empty for all that its protocol can take
 * @param missing why it cannot be started here; empty when it can
 * @param http1 true if h2load calls it over HTTP/1.1 with keep-alive, one call at a time on each
 *     connection
 * @param headers the headers of each request beside those of its load
 */
record Peer(
    String name,
    String label,
    Protocol protocol,
    boolean warmsUp,
    boolean tls,
    Set<String> only,
    String missing,
    boolean http1,
    Map<String, String> headers,
    Commands commands) {

  static final String OURS = "user-service";

  /** The protocol of its calls. */
  enum Protocol {
    GRPC,
    /** Connect: unary calls with messages in JSON. */
    JSON,
    REST,
    BYTES
  }

  /**
   * The parameters of a start.
   *
   * @param certificate null for plaintext
   */
  record Launch(int port, int heapMegabytes, Path certificate, Path key) {}

  /** The command lines of a server: of one process, or of several that are one server. */
  interface Commands {
    List<List<String>> lines(Launch launch) throws Exception;
  }

  /** The same server, called in another way. */
  Peer called(String name, String label, Protocol protocol, boolean http1) {
    return new Peer(
        name, label, protocol, warmsUp, tls, only, missing, http1, headers, commands);
  }

  /** The same server, for these loads, with headers in each request. */
  Peer with(Map<String, String> headers, Set<String> only) {
    return new Peer(
        name, label, protocol, warmsUp, tls, only, missing, http1, headers, commands);
  }

  boolean isOurs() {
    return name.equals(OURS);
  }

  boolean takes(Load load) {
    boolean spoken = protocol == Protocol.GRPC || load.request(protocol) != null;
    return spoken
        && (tls || !load.group().tls())
        && (only.isEmpty() || only.contains(load.name()));
  }
}
