package dev.userservice.server;

import dev.userservice.access.Guard;
import dev.userservice.cluster.ChatBridge;
import dev.userservice.cluster.ChatTraces;
import dev.userservice.cluster.Members;
import dev.userservice.config.Address;
import dev.userservice.config.ServerConfig;
import dev.userservice.config.StoreConfig;
import dev.userservice.config.StoreType;
import dev.userservice.operations.OpenFiles;
import dev.userservice.operations.Started;
import dev.userservice.operations.Tracing;
import dev.userservice.rpc.ConnectionCounts;
import dev.userservice.rpc.Connections;
import dev.userservice.rpc.MemoryBudget;
import dev.userservice.rpc.SourceAddress;
import dev.userservice.rpc.UnauthenticatedConnections;
import dev.userservice.store.MemberTrust;
import dev.userservice.store.OnCallersLoop;
import dev.userservice.store.SampleUsers;
import dev.userservice.store.StoreObserver;
import dev.userservice.store.StoreTrouble;
import dev.userservice.store.StoreWatch;
import dev.userservice.store.Stores;
import dev.userservice.store.UserStore;
import dev.userservice.tls.ClusterTls;
import dev.userservice.tls.RejectedPeers;
import dev.userservice.user.ChatRoom;
import io.vertx.core.Deployable;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.internal.logging.Logger;
import io.vertx.core.internal.logging.LoggerFactory;
import io.vertx.core.shareddata.LocalMap;
import io.vertx.core.shareddata.Shareable;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * The parts that all instances of one deployment share. The first instance to join opens them, the
 * last to leave closes them. What they return completes on the event loop of the instance that
 * asks.
 */
public final class SharedParts implements Shareable {

  private static final String LOCAL_MAP = "dev.userservice.shared-parts";

  private static final Logger LOG = LoggerFactory.getLogger(SharedParts.class);

  private final Vertx vertx;
  private final UserStore store;
  private final StoreWatch watch;
  private final ChatRoom chatRoom;
  private final Future<Void> chatOpen;
  private final Optional<ChatBridge> clusterChat;
  private final StoreOpening opening;
  private final Guard guard;
  private final Future<Void> guarded;
  private final RejectedPeers rejectedPeers = new RejectedPeers(1);
  private final Optional<Monitor> monitor;
  private final Future<Void> monitored;
  private final Connections.Shared connections;
  private final Optional<WebPages> pages;
  private final Future<Void> warm;
  private final Promise<Void> closed = Promise.promise();
  private int instances;

  private SharedParts(Vertx vertx, ServerConfig config, Supplier<? extends Deployable> another) {
    this.vertx = vertx;
    warnOfInsecurity(config, vertx.isClustered());
    warm = ServerWarmUp.start(another);
    connections =
        new Connections.Shared(
            new MemoryBudget((long) config.limits().memoryMegabytes() << 20),
            new ConnectionCounts(maxConnections(config.limits().connections())),
            new UnauthenticatedConnections(),
            SourceAddress::of);
    monitor = Monitor.of(vertx, config);
    monitored = monitor.map(Monitor::open).orElse(Future.succeededFuture());
    Tracing tracing = Tracing.of(vertx);
    guard = new Guard(vertx, config);
    guarded =
        guard
            .open()
            .onSuccess(open -> monitor.ifPresent(there -> guard.tls().ifPresent(there::watch)));
    chatRoom = new ChatRoom(config.limits().chatQueue(), Clock.systemUTC());
    clusterChat = vertx.isClustered() ? Optional.of(clusterChat(vertx, tracing)) : Optional.empty();
    chatOpen = clusterChat.map(ChatBridge::open).orElse(Future.succeededFuture());
    if (vertx.isClustered() && !config.store().type().isShared()) {
      LOG.warn(
          "the servers of this cluster share their chat, but each has its own users: \"store.type\" is \"%s\""
              .formatted(config.store().type()));
    }
    monitor.ifPresent(there -> there.watch(chatRoom, connections));
    StoreTrouble trouble = new StoreTrouble();
    store =
        Stores.of(
            config.store(),
            vertx,
            observers(trouble, tracing, config.store().type()),
            ClusterTls.of(vertx)
                .map(tls -> new MemberTrust(tls.keyManager(), tls.trustManager(), tls::failed)));
    store
        .replication()
        .ifPresent(replication -> monitor.ifPresent(there -> there.watch(replication)));
    watch = new StoreWatch(store, trouble, Started.of(vertx)::storeLost);
    pages = WebPages.of(vertx, config, store);
    opening =
        new StoreOpening(
            vertx,
            () ->
                config.sampleUsers()
                    ? store.open().compose(open -> SampleUsers.addTo(store))
                    : store.open(),
            config.store().startTimeoutMillis());
  }

  private ChatBridge clusterChat(Vertx vertx, Tracing tracing) {
    ChatBridge bridge =
        new ChatBridge(
            vertx,
            new Members(vertx),
            chatRoom::deliver,
            chatRoom::interrupt,
            tracing == null ? ChatTraces.NONE : new ChatSpans(tracing));
    chatRoom.connect(bridge::pass);
    return bridge;
  }

  /** The observers of each operation of the store: health, metrics, traces. */
  private List<StoreObserver> observers(StoreTrouble trouble, Tracing tracing, StoreType type) {
    List<StoreObserver> observers = new ArrayList<>();
    observers.add(trouble);
    monitor.ifPresent(there -> observers.add(there.ofStore(type.system())));
    if (tracing != null) {
      observers.add(new StoreSpans(tracing, type));
    }
    return observers;
  }

  private static void warnOfInsecurity(ServerConfig config, boolean clustered) {
    if (!config.openTo().isEmpty()) {
      LOG.warn("insecure: " + config.openTo());
    }
    StoreConfig store = config.store();
    if (store.type() == StoreType.POSTGRES && store.postgres().isOpen()) {
      LOG.warn(
          "insecure: users and the password go to PostgreSQL at %s in plaintext"
              .formatted(store.postgres().host()));
    }
    if (config.isLogOpen()) {
      LOG.warn(
          "insecure: any program that reaches %s can read and write all users"
              .formatted(Address.list(config.store().raft().servers())));
    }
    if (clustered && config.cluster().isOpen()) {
      LOG.warn(
          "insecure: any program that reaches %s can read and write the messages between servers"
              .formatted(config.cluster().host()));
    }
  }

  /** The configured limit, or fewer: the operating system limits the open files of a process. */
  private static int maxConnections(int configured) {
    int files = OpenFiles.forConnections();
    // macOS allows 10,240 files: slightly fewer connections are normal there, and no warning.
    if (files < configured - configured / 10) {
      LOG.warn(
          "\"limits.connections\" is %d, but this process has files for %d: raise its limit (ulimit -n), or lower the key"
              .formatted(configured, files));
    }
    return Math.min(configured, files);
  }

  public static SharedParts join(
      Vertx vertx,
      String deploymentId,
      ServerConfig config,
      Supplier<? extends Deployable> another) {
    return shared(vertx)
        .compute(
            deploymentId,
            (id, open) -> {
              SharedParts shared = open != null ? open : new SharedParts(vertx, config, another);
              shared.instances++;
              return shared;
            });
  }

  /** Leaves; completes at once, except for the last instance, which closes the store. */
  public Future<Void> leave(Vertx vertx, String deploymentId) {
    SharedParts stillOpen =
        shared(vertx)
            .computeIfPresent(deploymentId, (id, open) -> --open.instances == 0 ? null : open);
    if (stillOpen != null) {
      return Future.succeededFuture();
    }
    opening.stop();
    return clusterChat
        .map(ChatBridge::close)
        .orElse(Future.succeededFuture())
        .eventually(store::close)
        .eventually(guard::close)
        .eventually(() -> monitor.map(Monitor::close).orElse(Future.succeededFuture()))
        .onComplete(closed);
  }

  /**
   * Completes when all instances have left and the store is closed. Each instance waits for it: the
   * connections of a store end with the instance that opened it.
   */
  public Future<Void> closed() {
    return OnCallersLoop.of(vertx, closed.future());
  }

  /** Returns true when the store answers, and tokens can be checked. */
  public Future<Boolean> isHealthy() {
    return watch
        .health()
        .transform(answer -> Future.succeededFuture(answer.succeeded() && guard.isReady()));
  }

  /** Completes when this server receives the chat of all other servers. */
  public Future<Void> chatOpen() {
    return OnCallersLoop.of(vertx, chatOpen);
  }

  /** Completes when the classes of a call are loaded. */
  public Future<Void> warm() {
    return OnCallersLoop.of(vertx, warm);
  }

  /**
   * Completes after the first attempt to open the store, also when another follows; fails when a
   * retry is useless.
   */
  public Future<Void> openingTried() {
    return OnCallersLoop.of(vertx, opening.firstTry());
  }

  /** Returns true if the opening of the store has ended, and {@link #open} completes soon. */
  public boolean isOpen() {
    return opening.opened().isComplete();
  }

  /** Completes when the store is open. */
  public Future<Void> open() {
    return OnCallersLoop.of(vertx, opening.opened());
  }

  public UserStore store() {
    return store;
  }

  /** Metrics and the management port; empty without {@code management.port}. */
  public Optional<Monitor> monitor() {
    return monitor;
  }

  /** Completes when the management port is open; fails when it cannot be opened. */
  public Future<Void> monitored() {
    return OnCallersLoop.of(vertx, monitored);
  }

  /** Certificates, token keys and rate limits. */
  public Guard guard() {
    return guard;
  }

  /** Completes when the files of {@link #guard} are read; fails when one cannot be used. */
  public Future<Void> guarded() {
    return OnCallersLoop.of(vertx, guarded);
  }

  public RejectedPeers rejectedPeers() {
    return rejectedPeers;
  }

  /** The memory budget and the counts of connections. */
  public Connections.Shared connections() {
    return connections;
  }

  /** The page; empty without {@code web.page}. */
  public Optional<WebPages> pages() {
    return pages;
  }

  public ChatRoom chatRoom() {
    return chatRoom;
  }

  private static LocalMap<String, SharedParts> shared(Vertx vertx) {
    return vertx.sharedData().getLocalMap(LOCAL_MAP);
  }
}
