package dev.userservice.fuzz;

import dev.userservice.kit.Waits;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;

/** A server with its ordinary callers, for playing scenarios. */
final class Arena implements AutoCloseable {

  private static final int PLAYERS = 4;
  private static final int PULSES = 2;
  private static final int KIND_LENGTH = 160;

  /** Longer than any scenario that is not stuck in a write. */
  private static final int STUCK_SECONDS = 4 * Waits.SECONDS;

  /** Several times the time of a batch, with garbage collection and compilation. */
  private static final long MAX_CPU_MILLIS = 20_000;

  private final FuzzedServer server;
  private final Bystander bystander;
  private final Pulse pulse;
  private Duration cpuSeen = Duration.ofDays(1);
  private final ExecutorService players = Executors.newFixedThreadPool(PLAYERS);

  Arena(Path folder, JsonObject config) throws Exception {
    server = FuzzedServer.start(folder, config);
    bystander = new Bystander(server.port());
    pulse = new Pulse(server.port(), PULSES);
  }

  FuzzedServer server() {
    return server;
  }

  /** Plays all scenarios, some at a time. Returns the faults of each scenario that has any. */
  Map<Scenario, List<Fault>> play(List<Scenario> scenarios) throws Exception {
    return play(scenarios, Waits.MILLIS);
  }

  /**
   * Does as {@link #play(List)}.
   *
   * @param waitMillis the max time for a required answer
   */
  Map<Scenario, List<Fault>> play(List<Scenario> scenarios, int waitMillis) throws Exception {
    List<Conversation> conversations = new ArrayList<>();
    Map<Scenario, Future<List<Fault>>> running = new LinkedHashMap<>();
    Map<Scenario, List<Fault>> faults = new LinkedHashMap<>();
    try {
      for (Scenario scenario : scenarios) {
        running.put(scenario, players.submit(() -> play(scenario, waitMillis, conversations)));
      }
      for (var entry : running.entrySet()) {
        List<Fault> found = entry.getValue().get(STUCK_SECONDS, TimeUnit.SECONDS);
        if (!found.isEmpty()) {
          faults.put(entry.getKey(), found);
        }
      }
    } finally {
      synchronized (conversations) {
        conversations.forEach(Conversation::close);
      }
    }
    return faults;
  }

  private List<Fault> play(Scenario scenario, int waitMillis, List<Conversation> conversations) {
    try {
      Conversation conversation = new Conversation(scenario, server.port(), waitMillis);
      synchronized (conversations) {
        conversations.add(conversation);
      }
      List<Fault> faults = conversation.play();
      conversation.leave();
      return faults;
    } catch (IOException refused) {
      return List.of(new Fault("connection refused", "" + refused));
    }
  }

  /** The faults of the server and its ordinary callers, after all odd ones have disconnected. */
  List<Fault> check() throws Exception {
    List<Fault> faults = new ArrayList<>();
    if (!server.isAlive()) {
      return List.of(new Fault("server ended", String.join("\n", server.newErrors())));
    }
    server.collectGarbage();
    faults.addAll(bystander.check());
    faults.addAll(pulse.faults());
    try {
      faults.addAll(awaitIdle());
    } catch (IOException unreachable) {
      faults.add(new Fault("management port does not answer", "" + unreachable));
    }
    server.newErrors().forEach(line -> faults.add(new Fault(kind(line), line)));
    Duration cpuBefore = cpuSeen;
    cpuSeen = server.cpuTime();
    long millis = cpuSeen.minus(cpuBefore).toMillis();
    if (millis > MAX_CPU_MILLIS) {
      faults.add(new Fault("CPU", millis + " ms"));
    }
    return faults;
  }

  /** A log line without its variable parts. */
  private static String kind(String line) {
    String message = line.replaceFirst(".*?\"severity\":", "").replaceAll("[0-9a-f]{6,}|\\d+", "#");
    return "log: " + message.substring(0, Math.min(KIND_LENGTH, message.length()));
  }

  /** Waits until only the ordinary callers are left. */
  private List<Fault> awaitIdle() throws Exception {
    Map<String, Double> idle =
        Map.of(
            "rpc_server_call_open", 1.0,
            "user_service_chat_members", 1.0,
            "user_service_chat_waiting", 0.0,
            "user_service_connections_open", 1.0 + pulse.connections());
    long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(Waits.MILLIS);
    while (true) {
      Map<String, Double> metrics = server.metrics();
      List<Fault> faults = new ArrayList<>();
      idle.forEach(
          (name, value) -> {
            // The pulse may have an open call.
            double above = metrics.getOrDefault(name, value) - value;
            if (above > (name.equals("rpc_server_call_open") ? 1 : 0)) {
              faults.add(new Fault(name + " stays up", "by " + above));
            }
          });
      if (faults.isEmpty() || System.nanoTime() > end) {
        return faults;
      }
    }
  }

  @Override
  public void close() throws InterruptedException {
    players.shutdownNow();
    pulse.close();
    bystander.close();
    server.close();
  }
}
