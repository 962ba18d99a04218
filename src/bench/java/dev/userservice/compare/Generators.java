package dev.userservice.compare;

import dev.userservice.compare.Peer.Protocol;
import io.vertx.core.Vertx;
import java.nio.file.Path;
import java.util.Map;

/** The generator of each load. */
final class Generators {

  private final Generator h2load;
  private final Generator client;
  private final Generator idle;
  private final Generator connections;
  private final Generator packed = new PackedBatches();

  Generators(Vertx vertx, Path scratch, Map<String, String> commands) {
    h2load = new H2load(scratch, commands);
    client = new ClientLoad(scratch, commands);
    connections = new TlsConnections(vertx);
    idle = new IdleStreams(h2load, ServerProcess::residentMegabytes);
  }

  Generator of(Peer peer, Load load) {
    return switch (load.kind()) {
      case GET, CALLED, LIST, CHAT -> h2load;
      case CONNECT -> connections;
      case PACKED -> packed;
      case IDLE -> idle;
      case CLIENT_GET, CLIENT_CREATE, CLIENT_BATCH, CLIENT_CHAT, LATENCY ->
          peer.protocol() == Protocol.REST ? h2load : client;
    };
  }
}
