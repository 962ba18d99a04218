package dev.userservice.compare;

import dev.userservice.kit.Certificate;
import dev.userservice.compare.Peer.Protocol;
import dev.userservice.proto.BatchCreateResponse;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;

/** A peer that runs, in one process or in several. Its starter has to close it. */
final class ServerProcess implements AutoCloseable {

  private static final long START_SECONDS = 120;
  private static final long STOP_SECONDS = 15;
  private static final int SEED_USERS = 5_000;

  private final Peer peer;
  private final Load.Group group;
  private final int port;
  private final List<Process> processes = new ArrayList<>();
  private final List<String> commands = new ArrayList<>();
  private final Set<Load.Kind> had = EnumSet.noneOf(Load.Kind.class);
  private final Exchange exchange;
  private final Thread stop = new Thread(this::kill);
  private double idleMegabytes;

  private ServerProcess(Vertx vertx, Peer peer, Load.Group group) throws IOException {
    this.peer = peer;
    this.group = group;
    port = freePort();
    exchange = new Exchange(vertx, port, group.tls());
  }

  /**
   * Starts a peer and waits until it answers a call well.
   *
   * @param scratch for what it writes
   * @param identity the certificate for loads with TLS
   */
  static ServerProcess start(
      Vertx vertx, Peer peer, Load.Group group, Path scratch, Certificate identity)
      throws Exception {
    ServerProcess server = startEmpty(vertx, peer, group, scratch, identity);
    try {
      server.fill(group.users());
      server.idleMegabytes = server.residentMegabytes();
      return server;
    } catch (Exception e) {
      server.close();
      throw e;
    }
  }

  /** The same, with no more than the sample users. */
  static ServerProcess startEmpty(
      Vertx vertx, Peer peer, Load.Group group, Path scratch, Certificate identity)
      throws Exception {
    ServerProcess server = new ServerProcess(vertx, peer, group);
    Runtime.getRuntime().addShutdownHook(server.stop);
    try {
      server.launch(scratch, identity);
      server.awaitReady(scratch);
      return server;
    } catch (Exception e) {
      server.close();
      throw e;
    }
  }

  static int freePort() throws IOException {
    try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getByName("127.0.0.1"))) {
      return free.getLocalPort();
    }
  }

  private void launch(Path scratch, Certificate identity) throws Exception {
    Peer.Launch launch =
        group.tls()
            ? new Peer.Launch(
                port, group.heapMegabytes(), identity.certificate(), identity.key())
            : new Peer.Launch(port, group.heapMegabytes(), null, null);
    for (List<String> line : peer.commands().lines(launch)) {
      commands.add(String.join(" ", line));
      processes.add(
          new ProcessBuilder(line)
              .redirectErrorStream(true)
              .redirectOutput(ProcessBuilder.Redirect.appendTo(log(scratch).toFile()))
              .start());
    }
  }

  private Path log(Path scratch) {
    return scratch.resolve(peer.name() + ".log");
  }

  private void awaitReady(Path scratch) throws Exception {
    long giveUp = System.nanoTime() + TimeUnit.SECONDS.toNanos(START_SECONDS);
    Request request = peer.protocol() == Protocol.REST ? Request.rest("/users/1") : Request.getUser();
    while (true) {
      try {
        Buffer body = ask(request).body();
        if (!body.toString().contains("alice@example.com")) {
          throw new IllegalStateException(peer.name() + " does not know Alice");
        }
        return;
      } catch (Exception e) {
        if (processes.stream().anyMatch(process -> !process.isAlive())
            || System.nanoTime() > giveUp) {
          throw new IOException("does not start: " + e.getMessage() + lastWords(scratch), e);
        }
        Thread.sleep(50);
      }
    }
  }

  private String lastWords(Path scratch) throws IOException {
    List<String> lines = Files.readAllLines(log(scratch));
    return lines.isEmpty() ? "" : "; " + lines.get(lines.size() - 1);
  }

  /** Adds users until there are as many as the loads need; a peer of plain bytes has none. */
  void fill(int users) throws Exception {
    if (peer.protocol() == Protocol.REST) {
      List<Future<?>> made = new ArrayList<>();
      for (int i = 0; i < users; i++) {
        made.add(send(Request.restUser(i)).map(answer -> answer.orFail(Protocol.REST)));
      }
      Future.all(made).await(60, TimeUnit.SECONDS);
    } else if (peer.protocol() != Protocol.BYTES) {
      for (int first = 0; first < users; first += SEED_USERS) {
        int count = Math.min(SEED_USERS, users - first);
        createAll(first, count).await(60, TimeUnit.SECONDS);
      }
    }
  }

  /** Adds users in one batch, packed; fails unless all of them were created. */
  Future<Void> createAll(int firstNumber, int count) {
    return send(Request.rpc("BatchCreateUsers", Frames.users(firstNumber, count)))
        .map(
            answer -> {
              check(answer.orFail(Protocol.GRPC), count);
              return null;
            });
  }

  private static void check(Exchange.Answer answer, int count) {
    try {
      int created =
          BatchCreateResponse.parseFrom(Frames.only(answer.body())).getUserIdsCount();
      if (created != count) {
        throw new IllegalStateException("created " + created + " of " + count + " users");
      }
    } catch (com.google.protobuf.InvalidProtocolBufferException e) {
      throw new IllegalStateException("answered with something other than a BatchCreateResponse", e);
    }
  }

  /** Makes one request; fails unless it succeeds. */
  Exchange.Answer ask(Request request) throws Exception {
    return send(request).await(120, TimeUnit.SECONDS).orFail(peer.protocol());
  }

  private Future<Exchange.Answer> send(Request request) {
    return exchange.ask(request.with(peer.headers()));
  }

  Peer peer() {
    return peer;
  }

  /** Returns true if it has had a load of this kind. */
  boolean knows(Load.Kind kind) {
    return had.contains(kind);
  }

  /** It has had a load. */
  void had(Load load) {
    had.add(load.kind());
  }

  int port() {
    return port;
  }

  String address() {
    return (group.tls() ? "https" : "http") + "://127.0.0.1:" + port;
  }

  List<String> commands() {
    return commands;
  }

  /** The CPU time of all of its processes so far. */
  double cpuSeconds() throws IOException {
    double sum = 0;
    for (Process process : processes) {
      sum += ProcessCost.cpuSeconds(process.pid());
    }
    return sum;
  }

  /** The memory of all of its processes before the first load. */
  double idleMegabytes() {
    return idleMegabytes;
  }

  /** The memory that all of its processes have in use. */
  double residentMegabytes() throws IOException {
    double sum = 0;
    for (Process process : processes) {
      sum += ProcessCost.residentMegabytes(process.pid());
    }
    return sum;
  }

  long pid() {
    return processes.get(0).pid();
  }

  @Override
  public void close() {
    exchange.close();
    kill();
    Runtime.getRuntime().removeShutdownHook(stop);
  }

  private void kill() {
    processes.forEach(Process::destroy);
    for (Process process : processes) {
      try {
        if (!process.waitFor(STOP_SECONDS, TimeUnit.SECONDS)) {
          process.destroyForcibly();
        }
      } catch (InterruptedException e) {
        process.destroyForcibly();
        Thread.currentThread().interrupt();
      }
    }
  }
}
