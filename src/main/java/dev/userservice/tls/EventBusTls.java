package dev.userservice.tls;

import io.vertx.core.Vertx;
import io.vertx.core.eventbus.impl.clustered.ClusteredEventBus;
import io.vertx.core.internal.VertxInternal;
import io.vertx.core.internal.logging.Logger;
import io.vertx.core.internal.logging.LoggerFactory;
import io.vertx.core.internal.tls.SslContextManager;
import io.vertx.core.net.ClientSSLOptions;
import io.vertx.core.net.NetClient;
import io.vertx.core.net.NetServer;
import io.vertx.core.net.SSLEngineOptions;
import io.vertx.core.net.ServerSSLOptions;
import io.vertx.core.net.impl.NetServerImpl;
import java.lang.reflect.Field;

/**
 * Replaces the TLS options of a clustered event bus of Vert.x 5.0.12. Its server and client are
 * private and keep the certificates of the start, and its options cannot carry an own TLS engine.
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
      server = (NetServer) field(ClusteredEventBus.class, "server").get(bus);
      client = (NetClient) field(ClusteredEventBus.class, "client").get(bus);
    } catch (ReflectiveOperationException | ClassCastException e) {
      throw otherFields(e);
    }
  }

  private static Field field(Class<?> owner, String name) throws NoSuchFieldException {
    Field field = owner.getDeclaredField(name);
    field.setAccessible(true);
    return field;
  }

  private static IllegalStateException otherFields(Exception failure) {
    return new IllegalStateException(
        "the event bus of this version of Vert.x has other fields", failure);
  }

  /** Sets the TLS engine of the server; takes effect with the next {@link #setServer}. */
  void watch(SSLEngineOptions engine) {
    try {
      field(NetServerImpl.class, "sslContextManager").set(server, new SslContextManager(engine));
    } catch (ReflectiveOperationException e) {
      throw otherFields(e);
    }
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
