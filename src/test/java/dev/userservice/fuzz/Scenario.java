package dev.userservice.fuzz;

import dev.userservice.fuzz.Call.Step;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.IntStream;

/**
 * The bytes that one connection sends. The same seed makes the same scenario.
 *
 * @param calls over HTTP/2, interleaved
 * @param chunks the parts that belong to no call, in this order
 * @param shape the order of all parts, and how they are cut
 */
record Scenario(
    long seed, Kind kind, List<Call> calls, List<Step> chunks, long shape, Leaving leaving) {

  /** The kind of the bytes, which decides the required answers. */
  enum Kind {
    /** HTTP/2 whose connection breaks no rule: a call may end only itself. */
    CALLS,
    /** HTTP/2 that breaks the rules of a connection. */
    FRAMES,
    /** HTTP/1.1 without a fault: each request is answered. */
    REQUESTS,
    /** HTTP/1.1 with faults, and other protocols. */
    TEXT
  }

  /** The way the caller disconnects, once it has waited for its answers. */
  enum Leaving {
    HALF_CLOSE,
    CLOSE,
    RESET,
    /** Only with the other connections of the batch. */
    LATE
  }

  /**
   * A scenario as bytes.
   *
   * @param writes each is written at once
   * @param streams the calls by the ids of their streams
   */
  record Script(List<byte[]> writes, Map<Integer, Call> streams) {}

  /** The default max number of open calls of a connection. */
  static final int MAX_STREAMS = 100;

  static Scenario of(long seed) {
    Dice dice = new Dice(seed);
    return switch (dice.below(10)) {
      case 0, 1, 2, 3, 4 -> Connections.calls(seed, dice);
      case 5, 6 -> Connections.frames(seed, dice);
      case 7 -> Texts.requests(seed, dice);
      default -> Texts.text(seed, dice);
    };
  }

  boolean isHttp2() {
    return kind == Kind.CALLS || kind == Kind.FRAMES;
  }

  /** Returns true if the rest of the connection has to survive every oddity of a call. */
  boolean isStrict() {
    return kind == Kind.CALLS || kind == Kind.REQUESTS;
  }

  /** The number of parts that {@link #without} can leave out. */
  int parts() {
    return calls.size() + chunks.size() - fixed();
  }

  /** The preface, without which nothing else is valid. */
  private int fixed() {
    return kind == Kind.CALLS ? 1 : 0;
  }

  /** The same without one call or chunk, to find out whether it matters. */
  Scenario without(int part) {
    List<Call> fewerCalls = new ArrayList<>(calls);
    List<Step> fewerChunks = new ArrayList<>(chunks);
    if (part < calls.size()) {
      fewerCalls.remove(part);
    } else {
      fewerChunks.remove(part - calls.size() + fixed());
    }
    return new Scenario(seed, kind, fewerCalls, fewerChunks, shape, leaving);
  }

  /** The names of everything that is odd. */
  List<String> oddities() {
    List<String> labels = new ArrayList<>();
    calls.forEach(call -> labels.addAll(call.oddities()));
    chunks.stream().map(Step::label).filter(label -> !label.isEmpty()).forEach(labels::add);
    if (calls.size() > MAX_STREAMS) {
      labels.add("more than " + MAX_STREAMS + " calls at a time");
    }
    return labels;
  }

  Script script() {
    Dice dice = new Dice(shape);
    List<byte[]> writes = new ArrayList<>();
    Map<Integer, Call> streams = new TreeMap<>();
    int[] ids = new int[calls.size()];
    int[] nextSteps = new int[calls.size()];
    List<Integer> open = new ArrayList<>(IntStream.range(0, ids.length).boxed().toList());
    boolean interleaved = dice.oneIn(2);
    int chunk = 0;
    while (!open.isEmpty() || chunk < chunks.size()) {
      // The first is the preface, before any call.
      boolean first = chunk == 0 && !chunks.isEmpty();
      if (first || chunk < chunks.size() && (open.isEmpty() || dice.oneIn(3))) {
        writes.add(chunks.get(chunk++).bytes().apply(0));
        continue;
      }
      int index = open.get(interleaved ? dice.below(open.size()) : 0);
      Call call = calls.get(index);
      if (nextSteps[index] == 0) {
        ids[index] = 2 * streams.size() + 1;
        streams.put(ids[index], call);
      }
      writes.add(call.steps().get(nextSteps[index]++).bytes().apply(ids[index]));
      if (nextSteps[index] == call.steps().size()) {
        open.remove((Integer) index);
      }
    }
    return new Script(cut(writes, dice), streams);
  }

  /** Each part by itself, everything at once, or cut anywhere. */
  private static List<byte[]> cut(List<byte[]> parts, Dice dice) {
    return switch (dice.below(4)) {
      case 0 -> parts;
      case 1, 2 -> List.of(Bytes.join(parts));
      default -> Bytes.split(Bytes.join(parts), dice.between(2, 40), dice);
    };
  }

  @Override
  public String toString() {
    return "seed %d, %s, %s, %s: %s"
        .formatted(seed, kind, leaving, calls.stream().map(Call::rpc).toList(), oddities());
  }
}
