package dev.userservice.server;

import dev.userservice.config.ManagementConfig;
import dev.userservice.config.ServerConfig;
import dev.userservice.operations.CallMeters;
import dev.userservice.operations.Management;
import dev.userservice.operations.ManagementAddressException;
import dev.userservice.operations.Metrics;
import dev.userservice.operations.Probes;
import dev.userservice.operations.Started;
import dev.userservice.operations.StoreMeters;
import dev.userservice.operations.Version;
import dev.userservice.rpc.ConnectionCounts;
import dev.userservice.rpc.Connections;
import dev.userservice.rpc.MemoryBudget;
import dev.userservice.store.Replication;
import dev.userservice.store.StoreException;
import dev.userservice.store.StoreObserver;
import dev.userservice.tls.ServerTls;
import dev.userservice.user.ChatRoom;
import io.micrometer.core.instrument.Tags;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.Optional;
import java.util.function.LongSupplier;
import java.util.function.Supplier;

/** A server as operators see it: its measurements, and the port that shows them. */
public final class Monitor {

  private final Vertx vertx;
  private final ManagementConfig config;
  private final Metrics metrics;
  private final Probes probes = new Probes();
  private final Management management;
  private final CallMeters calls;

  private Monitor(Vertx vertx, ServerConfig server) {
    this.vertx = vertx;
    this.config = server.management();
    metrics = Started.of(vertx).takeMetrics().orElseGet(() -> new Metrics(Version.ofProgram()));
    calls = metrics.calls(OperationsRpcs.allMethods());
    management = new Management(vertx, metrics, probes, server.ownHosts());
    gauge("user_service.ready", "1 when calls are answered", () -> probes.ready() ? 1 : 0);
  }

  /** The monitor that a configuration asks for, which is none without a management port. */
  static Optional<Monitor> of(Vertx vertx, ServerConfig config) {
    return config.management().isOn() ? Optional.of(new Monitor(vertx, config)) : Optional.empty();
  }

  /** Fails with a {@link ManagementAddressException}. */
  Future<Void> open() {
    return management
        .listen(config.host(), config.port())
        .recover(failure -> Future.failedFuture(new ManagementAddressException(config, failure)))
        .onSuccess(Started.of(vertx)::isManagedOn)
        .mapEmpty();
  }

  Future<Void> close() {
    return management.close().onComplete(closed -> metrics.close());
  }

  /** Takes an instance in; to be called on its event loop. */
  public Probes.Probe probe(Vertx instance) {
    return probes.add(instance, metrics.eventLoopLag());
  }

  /** The meters of all calls: the same for all instances. */
  public CallMeters calls() {
    return calls;
  }

  /**
   * Measures what a store is asked for.
   *
   * @param system as OpenTelemetry calls the store
   */
  StoreObserver ofStore(String system) {
    StoreMeters meters = metrics.store(system);
    return operation -> {
      long start = System.nanoTime();
      return failure -> meters.end(operation, reason(failure), System.nanoTime() - start);
    };
  }

  /** Shows how many there are. */
  void watch(ChatRoom chat, Connections.Shared connections) {
    ConnectionCounts counts = connections.counts();
    MemoryBudget memory = connections.memory();
    gauge("user_service.chat.members", "Members of the chat, on this server", chat::members);
    gauge("user_service.chat.waiting", "Chat messages that wait for readers here", chat::waiting);
    gauge("user_service.connections.open", "Open connections", counts::open);
    refused("connections", counts::refused);
    refused("silentMillis", counts::silent);
    refused("memoryMegabytes", counts::refusedMemory);
    refused("unauthenticated", counts::closedUnauthenticated);
    refused("controlFramesPerSecond", counts::flooding);
    metrics.counter(
        "user_service.connections.aged",
        "Connections that reached their maximum age",
        Tags.empty(),
        counts::aged);
    gauge("user_service.memory.held", "Bytes that are held for callers", memory::held);
    gauge("user_service.memory.limit", "Bytes that may be held for callers", memory::bytes);
    metrics.counter(
        "user_service.memory.refused",
        "Requests for memory that were refused",
        Tags.empty(),
        memory::refused);
  }

  /** Shows how the servers of a store keep it together, and lets one be removed. */
  void watch(Replication replication) {
    Supplier<Replication.State> state = replication::state;
    gauge("user_service.raft.servers", "Servers of the log", () -> state.get().servers().size());
    gauge("user_service.raft.leads", "1 on the leader", () -> state.get().leads() ? 1 : 0);
    gauge(
        "user_service.raft.leader.known",
        "1 where a leader is known",
        () -> state.get().leader().isEmpty() ? 0 : 1);
    gauge(
        "user_service.raft.leader.age.seconds",
        "Seconds since the leader changed",
        () -> state.get().leaderSeconds());
    gauge("user_service.raft.term", "The number of the last election", () -> state.get().term());
    gauge(
        "user_service.raft.committed",
        "The last entry of the log on a majority of disks",
        () -> state.get().committed());
    gauge(
        "user_service.raft.applied",
        "The last entry that this server's users have",
        () -> state.get().applied());
    gauge(
        "user_service.raft.snapshot.bytes",
        "Size of the last snapshot",
        () -> state.get().snapshotBytes());
    gauge("user_service.raft.disk.bytes", "Size of the folder", replication::diskBytes);
    management.replication(() -> json(state.get()), replication::remove);
  }

  private static JsonObject json(Replication.State state) {
    return new JsonObject()
        .put("servers", new JsonArray(state.servers()))
        .put("leader", state.leader())
        .put("term", state.term())
        .put("committed", state.committed())
        .put("applied", state.applied());
  }

  /** Shows when the certificate ends; to be called once that is known. */
  void watch(ServerTls tls) {
    gauge(
        "user_service.certificate.expiry.timestamp.seconds",
        "When the certificate of the server ends, in seconds since 1970",
        () -> tls.expiry().getEpochSecond());
  }

  private void gauge(String name, String description, LongSupplier value) {
    metrics.gauge(name, description, Tags.empty(), value);
  }

  private void refused(String limit, LongSupplier count) {
    metrics.counter(
        "user_service.connections.refused",
        "Connections that were closed because of a limit",
        Tags.of("limit", limit),
        count);
  }

  private static String reason(Throwable failure) {
    if (failure == null) {
      return "";
    }
    return failure instanceof StoreException known ? known.reason().name() : Metrics.OTHER;
  }
}
