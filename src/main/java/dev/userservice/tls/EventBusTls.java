package dev.userservice.tls;

import io.vertx.core.Vertx;
import io.vertx.core.eventbus.impl.clustered.ClusteredEventBus;
import io.vertx.core.internal.VertxInternal;
import io.vertx.core.internal.logging.Logger;
import io.vertx.core.internal.logging.LoggerFactory;
import io.vertx.core.net.ClientSSLOptions;
import io.vertx.core.net.NetClient;
import io.vertx.core.net.NetServer;
import io.vertx.core.net.ServerSSLOptions;
import java.lang.reflect.Field;

/**
 * Replaces the TLS options of a clustered event bus of Vert.x 5.0.12, whose server and client are
 * private and keep the certificates of the start.
 */
final class EventBusTls {

  private static final Logger LOG = LoggerFactory.getLogger(EventBusTls.class);

  private final NetServer server;
  private final NetClient client;

  /**
   * @throws IllegalStateException when the version of Vert.x has other fields
   */
  EventBusTls(Vertx vertx) {
    ClusteredEventBus bus = (ClusteredEventBus) ((VertxInternal) vertx).eventBus();
    try {
      server = (NetServer) field("server").get(bus);
      client = (NetClient) field("client").get(bus);
    } catch (ReflectiveOperationException | ClassCastException e) {
      throw new IllegalStateException(
          "the event bus of this version of Vert.x has other fields", e);
    }
  }

  private static Field field(String name) throws NoSuchFieldException {
    Field field = ClusteredEventBus.class.getDeclaredField(name);
    field.setAccessible(true);
    return field;
  }

  /** Sets the options of new incoming connections. */
  void setServer(ServerSSLOptions options) {
    server
        .updateSSLOptions(options, true)
        .onFailure(failure -> LOG.error("the event bus cannot take new certificates", failure));
  }

  /** Sets the options of new outgoing connections. */
  void setClient(ClientSSLOptions options) {
    client
        .updateSSLOptions(options, true)
        .onFailure(failure -> LOG.error("the event bus cannot take new certificates", failure));
  }
}
