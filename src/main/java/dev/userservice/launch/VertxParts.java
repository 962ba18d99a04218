package dev.userservice.launch;

import dev.userservice.cluster.Cluster;
import dev.userservice.cluster.MemberSockets;
import dev.userservice.cluster.SerialFilter;
import dev.userservice.config.ClusterConfig;
import dev.userservice.config.ClusterTlsConfig;
import dev.userservice.config.ServerConfig;
import dev.userservice.console.StatusLine;
import dev.userservice.operations.Metrics;
import dev.userservice.operations.OpenFiles;
import dev.userservice.operations.Tracing;
import dev.userservice.operations.Version;
import dev.userservice.tls.ClusterTls;
import dev.userservice.tls.RejectedPeers;
import io.vertx.core.Vertx;
import io.vertx.core.VertxBuilder;
import io.vertx.core.VertxOptions;
import io.vertx.core.eventbus.EventBusOptions;
import java.util.Optional;

/** The parts that Vert.x is built with: metrics, traces, and the cluster with its TLS. */
final class VertxParts {

  /** The time between two log lines about rejected servers, which retry forever. */
  private static final int REJECTED_PEER_SECONDS = 60;

  /** Null for other programs. */
  private final ServerConfig server;

  private final boolean clustered;

  /** Null when tracing is off. */
  private final Tracing tracing;

  private final StatusLine status;
  private Optional<Metrics> metrics = Optional.empty();

  /** Empty without other servers, or with plaintext between them. */
  private Optional<ClusterTls> clusterTls = Optional.empty();

  private Cluster cluster;

  /**
   * @param server null for other programs
   * @param tracing null when it is off
   */
  VertxParts(ServerConfig server, boolean clustered, Tracing tracing, StatusLine status) {
    this.server = server;
    this.clustered = clustered;
    this.tracing = tracing;
    this.status = status;
  }

  /** Joins the cluster, if there is one. */
  VertxBuilder builder(VertxOptions options) {
    VertxBuilder builder = Vertx.builder().with(OpenFiles.withoutCache(options));
    if (server != null) {
      if (server.management().isOn()) {
        Metrics vertxMetrics = new Metrics(Version.ofProgram());
        metrics = Optional.of(vertxMetrics);
        builder = vertxMetrics.of(builder, options);
      }
      if (server.hasMembers(clustered)) {
        SerialFilter.install();
        clusterTls = clusterTls(server.cluster().tls());
      }
    }
    if (tracing != null) {
      builder.withTracer(tracing.factory());
    }
    return clustered ? joinCluster(builder, options.getEventBusOptions()) : builder;
  }

  private static Optional<ClusterTls> clusterTls(ClusterTlsConfig config) {
    return config.isOn()
        ? Optional.of(new ClusterTls(config, new RejectedPeers(REJECTED_PEER_SECONDS)))
        : Optional.empty();
  }

  private VertxBuilder joinCluster(VertxBuilder builder, EventBusOptions bus) {
    ClusterConfig config = server.cluster();
    if (bus.getHost() == null) {
      bus.setHost(config.host());
    }
    clusterTls.ifPresent(tls -> tls.configure(bus));
    status.redraw("Looking for other servers at " + config.others());
    cluster =
        Cluster.join(
            config,
            clusterTls.map(
                tls -> new MemberSockets(tls::over, tls.handshakeMillis(), tls::failed)));
    return builder.withClusterManager(cluster.manager());
  }

  /** The metrics of a server with a management port. */
  Optional<Metrics> metrics() {
    return metrics;
  }

  /** Called once Vert.x has started. */
  void start(Vertx vertx) {
    clusterTls.ifPresent(tls -> tls.start(vertx));
    if (tracing != null) {
      tracing.addTo(vertx);
    }
  }

  /** Called once Vert.x has stopped. */
  void close() {
    if (cluster != null) {
      cluster.leave();
    }
    if (tracing != null) {
      tracing.close();
    }
  }
}
