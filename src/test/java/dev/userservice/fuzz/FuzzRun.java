package dev.userservice.fuzz;

import dev.userservice.fuzz.FuzzedServer.Census;
import dev.userservice.kit.Waits;
import io.vertx.core.json.JsonObject;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;

/** Plays scenarios in batches, and finds the smallest cause of each fault. */
final class FuzzRun implements AutoCloseable {

  private static final int BATCH = 40;
  private static final int MAX_TRIES = 60;

  /**
   * The wait for an answer during the search for the cause of a fault, which takes dozens of tries.
   * On a busy machine this may find another cause, but not another fault.
   */
  private static final int ALONE_MILLIS = 2_000;

  /** Files that the JVM itself opens now and then. */
  private static final long MAX_FILE_GROWTH = 4;

  /** Netty's timeout for a connection that ends with GOAWAY; its timer holds the connection. */
  private static final long MAX_CLOSING_NANOS = TimeUnit.SECONDS.toNanos(35);

  /** Connections that such a timer may hold at any time. */
  private static final long MAX_OBJECT_GROWTH = 50;

  private static final long MAX_HEAP_GROWTH = 16L << 20;

  /** Batches after which class loading, pools and caches no longer grow. */
  private static final int WARM_UP_BATCHES = 3;

  private final Path folder;
  private final JsonObject config;
  private final Map<String, Finding> findings = new LinkedHashMap<>();
  private Arena arena;
  private Census before;
  private int played;

  FuzzRun(Path folder, JsonObject config) throws Exception {
    this.folder = folder;
    this.config = config;
    arena = new Arena(folder, config);
  }

  /** A fault with its smallest cause, and how often it was seen. */
  static final class Finding {

    private final Fault fault;
    private final Scenario cause;
    private int count = 1;

    private Finding(Fault fault, Scenario cause) {
      this.fault = fault;
      this.cause = cause;
    }

    private boolean explains(Fault other, Scenario scenario) {
      return fault.kind().equals(other.kind())
          && cause != null
          && !cause.oddities().isEmpty()
          && scenario.oddities().containsAll(cause.oddities());
    }

    private boolean isExplainedBy(Finding smaller) {
      return cause != null && smaller.explains(fault, cause);
    }

    @Override
    public String toString() {
      String bytes =
          cause == null
              ? "no scenario alone"
              : cause
                  + "\n  "
                  + cause.script().writes().stream()
                      .map(Bytes::hex)
                      .limit(20)
                      .collect(Collectors.joining("\n  "));
      return "%s (%d times): %s\n  %s".formatted(fault.kind(), count, fault.detail(), bytes);
    }
  }

  List<Finding> findings() {
    return List.copyOf(findings.values());
  }

  int played() {
    return played;
  }

  /** Plays a number of batches; the scenarios follow from the seed. */
  void play(long seed, int batches) throws Exception {
    SplittableRandom seeds = new SplittableRandom(seed);
    for (int batch = 0; batch < batches; batch++) {
      playBatch(seeds.longs(BATCH).mapToObj(Scenario::of).toList());
    }
  }

  private void playBatch(List<Scenario> batch) throws Exception {
    Map<Scenario, List<Fault>> faults = arena.play(batch);
    played += batch.size();
    List<Fault> common = arena.check();
    if (played >= WARM_UP_BATCHES * BATCH && before == null) {
      before = arena.server().census();
    }
    for (var entry : faults.entrySet()) {
      for (Fault fault : entry.getValue()) {
        explain(fault, entry.getKey());
      }
    }
    if (!common.isEmpty()) {
      blame(common, batch);
    }
  }

  /**
   * Plays one scenario alone, on a server that is as warm as when the scenario had its fault: a
   * cold one answers too late for the short wait after odd text.
   */
  void replay(long seed) throws Exception {
    SplittableRandom seeds = new SplittableRandom(1);
    for (int batch = 0; batch < WARM_UP_BATCHES; batch++) {
      arena.play(seeds.longs(BATCH).mapToObj(Scenario::of).toList());
    }
    // Their faults are ignored.
    arena.check();
    play(seed);
  }

  /** Plays one scenario alone. */
  void play(long seed) throws Exception {
    Scenario scenario = Scenario.of(seed);
    int patienceMillis = (int) TimeUnit.SECONDS.toMillis(Waits.SECONDS);
    for (Fault fault : playAlone(scenario, patienceMillis)) {
      add(fault, scenario);
    }
  }

  private List<Fault> playAlone(Scenario scenario, int waitMillis) throws Exception {
    List<Fault> faults = new ArrayList<>();
    arena.play(List.of(scenario), waitMillis).values().forEach(faults::addAll);
    List<Fault> common = arena.check();
    faults.addAll(common);
    if (!common.isEmpty() && !arena.check().isEmpty()) {
      restart();
    }
    return faults;
  }

  private void restart() throws Exception {
    arena.close();
    arena = new Arena(folder, config);
    before = null;
  }

  /** Finds the scenarios of a batch that have the fault alone. */
  private void blame(List<Fault> common, List<Scenario> batch) throws Exception {
    if (!arena.check().isEmpty()) {
      restart();
    }
    Map<String, Fault> open = new LinkedHashMap<>();
    for (Fault fault : common) {
      if (!isKnown(fault)) {
        open.put(fault.kind(), fault);
      }
    }
    for (Iterator<Scenario> next = batch.iterator(); next.hasNext() && !open.isEmpty(); ) {
      Scenario scenario = next.next();
      Set<String> found = new HashSet<>();
      playAlone(scenario, ALONE_MILLIS).forEach(fault -> found.add(fault.kind()));
      for (Fault fault : List.copyOf(open.values())) {
        if (found.contains(fault.kind())) {
          open.remove(fault.kind());
          explain(fault, scenario);
        }
      }
    }
    open.values().forEach(fault -> add(fault, null));
  }

  /** Returns true if a cause of such a fault is known; a second one is not worth a search. */
  private boolean isKnown(Fault fault) {
    for (Finding finding : findings.values()) {
      if (finding.fault.kind().equals(fault.kind())) {
        finding.count++;
        return true;
      }
    }
    return false;
  }

  private boolean hasFault(Scenario scenario, Fault fault) throws Exception {
    return playAlone(scenario, ALONE_MILLIS).stream()
        .anyMatch(found -> found.kind().equals(fault.kind()));
  }

  /** Reduces a scenario to the parts that its fault needs. */
  private void explain(Fault fault, Scenario scenario) throws Exception {
    for (Finding known : findings.values()) {
      if (known.explains(fault, scenario)) {
        known.count++;
        return;
      }
    }
    Scenario smallest = scenario;
    int tries = 0;
    for (int part = scenario.parts() - 1; part >= 0 && tries < MAX_TRIES; part--, tries++) {
      Scenario smaller = smallest.without(part);
      if (hasFault(smaller, fault)) {
        smallest = smaller;
      }
    }
    add(fault, smallest);
  }

  private void add(Fault fault, Scenario cause) {
    String key = fault.kind() + (cause == null ? "" : cause.kind() + "" + cause.oddities());
    Finding known = findings.get(key.replaceAll("\\d+", "#"));
    if (known != null) {
      known.count++;
      return;
    }
    Finding finding = new Finding(fault, cause);
    if (cause != null) {
      findings.values().removeIf(larger -> larger.isExplainedBy(finding));
    }
    findings.put(key.replaceAll("\\d+", "#"), finding);
    System.out.println("FAULT " + finding);
  }

  /** Compares the live objects with those after the first batches. */
  void checkLeaks() throws Exception {
    if (before == null) {
      return;
    }
    Census after = arena.server().census();
    long end = System.nanoTime() + MAX_CLOSING_NANOS;
    while (!growth(after).isEmpty() && System.nanoTime() < end) {
      after = arena.server().census();
    }
    arena.check().forEach(fault -> add(fault, null));
    if (after.heapBytes() - before.heapBytes() > MAX_HEAP_GROWTH) {
      add(new Fault("heap grows", before.heapBytes() + " to " + after.heapBytes()), null);
    }
    if (after.openFiles() > before.openFiles() + MAX_FILE_GROWTH) {
      add(new Fault("files stay open", before.openFiles() + " to " + after.openFiles()), null);
    }
    if (!growth(after).isEmpty()) {
      add(new Fault("objects stay", "" + growth(after)), null);
    }
  }

  /** Returns the classes with more objects than before, and their numbers. */
  private Map<String, Long> growth(Census after) {
    Map<String, Long> growth = new TreeMap<>();
    after
        .objects()
        .forEach(
            (type, count) -> {
              long more = count - before.objects().getOrDefault(type, 0L);
              if (more > MAX_OBJECT_GROWTH) {
                growth.put(type, more);
              }
            });
    return growth;
  }

  Arena arena() {
    return arena;
  }

  @Override
  public void close() throws InterruptedException {
    arena.close();
  }
}
