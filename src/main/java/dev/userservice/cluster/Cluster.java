package dev.userservice.cluster;

import dev.userservice.config.Address;
import dev.userservice.config.ClusterConfig;
import io.vertx.core.spi.cluster.ClusterManager;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.util.Optional;
import java.util.Properties;
import java.util.stream.Collectors;
import org.infinispan.commons.dataconversion.MediaType;
import org.infinispan.configuration.global.ShutdownHookBehavior;
import org.infinispan.configuration.parsing.ConfigurationBuilderHolder;
import org.infinispan.configuration.parsing.ParserRegistry;
import org.infinispan.manager.DefaultCacheManager;
import org.infinispan.remoting.transport.jgroups.JGroupsTransport;

/** This process's place in a cluster of servers. */
public final class Cluster {

  private static final String ENGINE = "cluster/infinispan.xml";

  private final DefaultCacheManager engine;

  private Cluster(DefaultCacheManager engine) {
    this.engine = engine;
  }

  /**
   * Joins the cluster, or starts a new one when no other server answers. Blocks for one to three
   * seconds.
   *
   * @param sockets the mutual TLS between the servers; empty for plaintext
   * @throws ClusterException when the address cannot be bound, or the cluster cannot be joined
   */
  public static Cluster join(ClusterConfig config, Optional<MemberSockets> sockets) {
    checkAddress(config);
    Properties values = new Properties();
    values.setProperty("cluster.host", config.host());
    values.setProperty("cluster.port", Integer.toString(config.port()));
    values.setProperty("cluster.portRange", Integer.toString(ClusterConfig.PORT_RANGE));
    values.setProperty("cluster.monitorPort", Integer.toString(config.monitorPort()));
    values.setProperty(
        "cluster.stack",
        (config.dns().isEmpty() ? "members" : "dns") + (sockets.isPresent() ? ".tls" : ""));
    values.setProperty("cluster.dns", config.dns());
    values.setProperty(
        "cluster.members",
        config.members().stream().map(Cluster::member).collect(Collectors.joining(",")));
    ClassLoader classes = Cluster.class.getClassLoader();
    try (InputStream file = classes.getResourceAsStream(ENGINE)) {
      ConfigurationBuilderHolder parsed =
          new ParserRegistry(classes, false, values).parse(file, MediaType.APPLICATION_XML);
      sockets.ifPresent(
          tls ->
              parsed
                  .getGlobalConfigurationBuilder()
                  .transport()
                  .addProperty(JGroupsTransport.SOCKET_FACTORY, tls));
      parsed
          .getGlobalConfigurationBuilder()
          .classLoader(classes)
          .shutdown()
          // The hook would stop the engine at a signal, before the open calls are answered.
          .hookBehavior(ShutdownHookBehavior.DONT_REGISTER);
      return new Cluster(new DefaultCacheManager(parsed, true));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (RuntimeException failure) {
      throw ClusterException.of(failure);
    }
  }

  /** The cluster manager for Vert.x. */
  public ClusterManager manager() {
    return new ClusterEngine(engine);
  }

  /** Leaves the cluster. Call after Vert.x is closed. */
  public void leave() {
    engine.stop();
  }

  /** Reports a bad address in one line; the engine would need a stack trace for it. */
  private static void checkAddress(ClusterConfig config) {
    IOException failure = null;
    for (int port = config.port(); port <= lastPort(config); port++) {
      try (ServerSocket free = new ServerSocket(port, 1, InetAddress.getByName(config.host()))) {
        return;
      } catch (IOException e) {
        failure = e;
      }
    }
    throw ClusterException.address(config.host(), config.port(), lastPort(config), failure);
  }

  private static int lastPort(ClusterConfig config) {
    return Math.min(config.port() + ClusterConfig.PORT_RANGE, 65_535);
  }

  /** An address in the syntax of JGroups. */
  private static String member(Address address) {
    return address.host() + "[" + address.port() + "]";
  }
}
