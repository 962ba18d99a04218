package dev.userservice.cluster;

import dev.userservice.config.Address;
import dev.userservice.config.ClusterConfig;
import io.vertx.core.spi.cluster.ClusterManager;
import io.vertx.core.spi.cluster.RegistrationListener;
import io.vertx.ext.cluster.infinispan.InfinispanClusterManager;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Properties;
import java.util.stream.Collectors;
import org.infinispan.commons.dataconversion.MediaType;
import org.infinispan.configuration.parsing.ConfigurationBuilderHolder;
import org.infinispan.configuration.parsing.ParserRegistry;
import org.infinispan.manager.DefaultCacheManager;
import org.infinispan.notifications.Listener;
import org.infinispan.notifications.cachemanagerlistener.annotation.Merged;
import org.infinispan.notifications.cachemanagerlistener.event.MergeEvent;

/** This process's place in a cluster of servers. */
public final class Cluster {

  private static final String ENGINE = "cluster/infinispan.xml";

  private final DefaultCacheManager engine;

  private Cluster(DefaultCacheManager engine) {
    this.engine = engine;
  }

  /**
   * Joins the cluster, or begins it when nobody is there. Takes one to three seconds, during which
   * it blocks.
   *
   * @throws ClusterException when the address cannot be listened on, or the cluster not be joined
   */
  public static Cluster join(ClusterConfig config) {
    Properties values = new Properties();
    values.setProperty("cluster.host", config.host());
    values.setProperty("cluster.port", Integer.toString(config.port()));
    values.setProperty("cluster.portRange", Integer.toString(ClusterConfig.PORT_RANGE));
    values.setProperty("cluster.stack", config.dns().isEmpty() ? "members" : "dns");
    values.setProperty("cluster.dns", config.dns());
    values.setProperty(
        "cluster.members",
        config.members().stream().map(Cluster::member).collect(Collectors.joining(",")));
    ClassLoader classes = Cluster.class.getClassLoader();
    try (InputStream file = classes.getResourceAsStream(ENGINE)) {
      ConfigurationBuilderHolder parsed =
          new ParserRegistry(classes, false, values).parse(file, MediaType.APPLICATION_XML);
      parsed.getGlobalConfigurationBuilder().classLoader(classes);
      return new Cluster(new DefaultCacheManager(parsed, true));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (RuntimeException failure) {
      throw ClusterException.of(failure, config);
    }
  }

  /** What Vert.x needs to be clustered by it. */
  public ClusterManager manager() {
    return new Manager(engine);
  }

  /** Leaves it; to be called when Vert.x is closed. */
  public void leave() {
    engine.stop();
  }

  /** vertx-infinispan over an Infinispan newer than its own, and over partitions. */
  @Listener
  public static final class Manager extends InfinispanClusterManager {

    private final DefaultCacheManager engine;
    private volatile RegistrationListener eventBus;

    private Manager(DefaultCacheManager engine) {
      super(engine);
      this.engine = engine;
      engine.addListener(this);
    }

    /** The stock one calls what Infinispan 15 keeps to itself. */
    @Override
    public List<String> getNodes() {
      return engine.getMembers().stream().map(Object::toString).toList();
    }

    @Override
    public synchronized void registrationListener(RegistrationListener listener) {
      eventBus = listener;
      super.registrationListener(listener);
    }

    /** Those who counted as gone were taken out of the list of who listens to what. */
    @Merged
    public void merged(MergeEvent event) {
      RegistrationListener listener = eventBus;
      if (listener != null) {
        listener.registrationsLost();
      }
    }
  }

  /** As JGroups writes it. */
  private static String member(Address address) {
    return address.host() + "[" + address.port() + "]";
  }
}
