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
import dev.userservice.proto.UserResponse;
import dev.userservice.rpc.ConnectionCounts;
import dev.userservice.rpc.Connections;
import dev.userservice.rpc.MemoryBudget;
import dev.userservice.rpc.SourceAddress;
import dev.userservice.rpc.UnauthenticatedConnections;
import dev.userservice.store.MemberTrust;
import dev.userservice.store.StoreException;
import dev.userservice.store.StoreException.Reason;
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
 * What all instances of one deployment share. The first that joins opens it, the last that leaves
 * closes it.
 */
public final class SharedParts implements Shareable {

  private static final String LOCAL_MAP = "dev.userservice.directories";

  private static final List<UserResponse> SAMPLE_USERS =
      List.of(
          sample("Alice Johnson", "alice@example.com", 28),
          sample("Bob Smith", "bob@example.com", 35),
          sample("Charlie Brown", "charlie@example.com", 42),
          sample("Diana Prince", "diana@example.com", 30),
          sample("Eve Wilson", "eve@example.com", 25));

  private static final Logger LOG = LoggerFactory.getLogger(SharedParts.class);

  private final UserStore store;
  private final StoreWatch watch;
  private final ChatRoom chatRoom;
  private final Future<Void> chatOpen;
  private final Supplier<Future<Void>> closeChat;
  private final StoreOpening opening;
  private final Guard guard;
  private final Future<Void> guarded;
  private final RejectedPeers rejectedPeers = new RejectedPeers(1);
  private final Optional<Monitor> monitor;
  private final Future<Void> monitored;
  private final Connections.Shared connections;
  private final Future<Void> warm;
  private final Promise<Void> closed = Promise.promise();
  private int instances;

  private SharedParts(Vertx vertx, ServerConfig config, Supplier<? extends Deployable> another) {
    warnOfWhatIsOpen(config, vertx.isClustered());
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
    if (vertx.isClustered()) {
      if (!config.store().type().isShared()) {
        LOG.warn(
            "the servers of this cluster share their chat, but each has users of its own: \"store.type\" is \"%s\""
                .formatted(config.store().type()));
      }
      ChatBridge bridge =
          new ChatBridge(
              vertx,
              new Members(vertx),
              chatRoom::hear,
              chatRoom::interrupt,
              tracing == null ? ChatTraces.NONE : new ChatSpans(tracing));
      chatRoom.connect(bridge::pass);
      chatOpen = bridge.open();
      closeChat = bridge::close;
    } else {
      chatOpen = Future.succeededFuture();
      closeChat = Future::succeededFuture;
    }
    monitor.ifPresent(there -> there.watch(chatRoom, connections));
    StoreTrouble trouble = new StoreTrouble();
    store =
        Stores.of(
            config.store(),
            vertx,
            observers(trouble, tracing, config.store().type()),
            ClusterTls.of(vertx).map(tls -> new MemberTrust(tls.keyManager(), tls.trustManager())));
    store
        .replication()
        .ifPresent(replication -> monitor.ifPresent(there -> there.watch(replication)));
    watch = new StoreWatch(store, trouble, Started.of(vertx)::storeLost);
    opening =
        new StoreOpening(
            vertx,
            () ->
                config.sampleUsers()
                    ? store.open().compose(open -> addSampleUsers())
                    : store.open(),
            config.store().startTimeoutMillis());
  }

  /** Who looks on at the store. */
  private List<StoreObserver> observers(StoreTrouble trouble, Tracing tracing, StoreType type) {
    List<StoreObserver> observers = new ArrayList<>();
    observers.add(trouble);
    monitor.ifPresent(there -> observers.add(there.ofStore(type.system())));
    if (tracing != null) {
      observers.add(new StoreSpans(tracing, type));
    }
    return observers;
  }

  private static void warnOfWhatIsOpen(ServerConfig config, boolean clustered) {
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
          "insecure: whoever reaches %s can read and write all users"
              .formatted(Address.list(config.store().raft().servers())));
    }
    if (clustered && config.cluster().isOpen()) {
      LOG.warn(
          "insecure: whoever reaches %s can read and write what servers tell each other"
              .formatted(config.cluster().host()));
    }
  }

  /** Fewer than are configured where the process may not open so many files. */
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
    return directories(vertx)
        .compute(
            deploymentId,
            (id, open) -> {
              SharedParts shared = open != null ? open : new SharedParts(vertx, config, another);
              shared.instances++;
              return shared;
            });
  }

  /** Completes at once, but for the last: that closes the store. */
  public Future<Void> leave(Vertx vertx, String deploymentId) {
    SharedParts stillOpen =
        directories(vertx)
            .computeIfPresent(deploymentId, (id, open) -> --open.instances == 0 ? null : open);
    if (stillOpen != null) {
      return Future.succeededFuture();
    }
    opening.stop();
    return closeChat
        .get()
        .eventually(store::close)
        .eventually(guard::close)
        .eventually(() -> monitor.map(Monitor::close).orElse(Future.succeededFuture()))
        .onComplete(closed);
  }

  /**
   * Completes when all instances have left and the store is closed. Each has to wait for it before
   * it ends: with the one that opened the store, its connections would end under the others.
   */
  public Future<Void> closed() {
    return closed.future();
  }

  /** Whether calls can be answered: by the store, and to callers that can be known. */
  public Future<Boolean> isHealthy() {
    return watch
        .health()
        .transform(answer -> Future.succeededFuture(answer.succeeded() && guard.isReady()));
  }

  /** Completes when everything is heard that is said on other servers. */
  public Future<Void> chatOpen() {
    return chatOpen;
  }

  /** Completes when the classes of a call are loaded. */
  public Future<Void> warm() {
    return warm;
  }

  /** How the store is getting ready. */
  public StoreOpening opening() {
    return opening;
  }

  public UserStore store() {
    return store;
  }

  /** What operators see; empty when nobody wants to. */
  public Optional<Monitor> monitor() {
    return monitor;
  }

  /** Completes when operators can ask; fails when their port cannot be had. */
  public Future<Void> monitored() {
    return monitored;
  }

  /** What keeps strangers out. */
  public Guard guard() {
    return guard;
  }

  /** Completes when its files are read; fails when one cannot be used. */
  public Future<Void> guarded() {
    return guarded;
  }

  public RejectedPeers rejectedPeers() {
    return rejectedPeers;
  }

  /** What the connections of all instances share. */
  public Connections.Shared connections() {
    return connections;
  }

  public ChatRoom chatRoom() {
    return chatRoom;
  }

  private Future<Void> addSampleUsers() {
    return store
        .page(0, 1)
        .compose(
            found ->
                !found.isEmpty()
                    ? Future.succeededFuture()
                    : store.createAll(SAMPLE_USERS, () -> false).recover(this::addedByAnother))
        .mapEmpty();
  }

  /** Two servers that find the same store empty at the same time both add them; one is first. */
  private Future<List<Integer>> addedByAnother(Throwable failure) {
    return failure instanceof StoreException refused && refused.reason() == Reason.EMAIL_TAKEN
        ? Future.succeededFuture()
        : Future.failedFuture(failure);
  }

  private static LocalMap<String, SharedParts> directories(Vertx vertx) {
    return vertx.sharedData().getLocalMap(LOCAL_MAP);
  }

  private static UserResponse sample(String name, String email, int age) {
    return UserResponse.newBuilder()
        .setName(name)
        .setEmail(email)
        .setAge(age)
        .setCreatedAt("2025-10-29T10:00:00Z")
        .build();
  }
}
