package dev.userservice.fuzz;

import dev.userservice.fuzz.Call.Step;
import dev.userservice.fuzz.Scenario.Kind;
import dev.userservice.fuzz.Scenario.Leaving;
import java.util.ArrayList;
import java.util.List;

/** HTTP/2 connections: some that may lose no right call, some that break every rule. */
final class Connections {

  private static final int HEADER_TABLE_SIZE = 1;
  private static final int ENABLE_PUSH = 2;
  private static final int MAX_CONCURRENT_STREAMS = 3;
  private static final int INITIAL_WINDOW_SIZE = 4;
  private static final int MAX_FRAME_SIZE = 5;
  private static final int MAX_HEADER_LIST_SIZE = 6;

  private Connections() {}

  /** Right and odd calls, and frames of the connection that the RFC allows. */
  static Scenario calls(long seed, Dice dice) {
    List<Call> calls = new ArrayList<>();
    boolean isCrowd = dice.oneIn(25);
    int count = isCrowd ? dice.between(101, 160) : dice.between(1, 8);
    int odd = isCrowd ? 20 : 2;
    for (int i = 0; i < count; i++) {
      Dice own = dice.split();
      calls.add(i > 0 && own.oneIn(odd) || i == count - 1 ? Calls.odd(own) : Calls.right(own));
    }
    List<Step> chunks = new ArrayList<>();
    chunks.add(preface(dice));
    int extra = dice.pick(0, 0, 1, 2, 3);
    for (int i = 0; i < extra; i++) {
      chunks.add(allowed(dice));
    }
    return new Scenario(seed, Kind.CALLS, calls, chunks, dice.number(), leaving(dice));
  }

  private static Step preface(Dice dice) {
    int window = dice.pick(0, 1, 10, 65_535, 1 << 20, Integer.MAX_VALUE);
    int table = dice.pick(0, 1, 4_096, 65_536);
    return switch (dice.below(6)) {
      case 0, 1 -> preface("window of " + window, INITIAL_WINDOW_SIZE, window, ENABLE_PUSH, 0);
      case 2 -> preface("header table of " + table, HEADER_TABLE_SIZE, table);
      case 3 -> preface("large frames", MAX_FRAME_SIZE, 16_777_215);
      case 4 -> preface("unknown settings", 99, dice.below(1_000), 0xffff, -1);
      default -> preface("");
    };
  }

  private static Step preface(String label, int... settings) {
    return chunk(label, Bytes.join(Frame.PREFACE, Frame.settings(settings)));
  }

  private static Step allowed(Dice dice) {
    return switch (dice.below(6)) {
      case 0 -> chunk("PING", Frame.ping(dice.number()));
      case 1 -> chunk("WINDOW_UPDATE", Frame.windowUpdate(0, dice.between(1, 1 << 20)));
      case 2 ->
          chunk(
              "unknown frame",
              Frame.frame(
                  dice.between(0x0a, 0xff), dice.below(256), 0, dice.bytes(dice.below(90))));
      case 3 ->
          chunk("SETTINGS", Frame.settings(INITIAL_WINDOW_SIZE, dice.pick(0, 1, 100, 1 << 20)));
      case 4 ->
          chunk(
              "PRIORITY of an idle stream",
              Frame.frame(
                  Frame.PRIORITY, 0, 2 * dice.between(1_000, 2_000) + 1, Bytes.of(0, 0, 0, 0, 1)));
      default ->
          chunk(
              "SETTINGS", Frame.settings(MAX_CONCURRENT_STREAMS, 0, MAX_HEADER_LIST_SIZE, 65_536));
    };
  }

  /** Bytes of right and odd calls, of which some frames are replaced, moved or damaged. */
  static Scenario frames(long seed, Dice dice) {
    Scenario base = calls(seed, dice.split());
    List<Step> chunks = new ArrayList<>();
    base.script().writes().forEach(bytes -> chunks.add(chunk("", bytes)));
    int count = dice.between(1, 3);
    for (int i = 0; i < count; i++) {
      damage(chunks, dice);
    }
    return new Scenario(seed, Kind.FRAMES, List.of(), chunks, dice.number(), leaving(dice));
  }

  private static void damage(List<Step> chunks, Dice dice) {
    int at = dice.below(chunks.size());
    byte[] there = chunks.get(at).bytes().apply(0);
    switch (dice.below(8)) {
      case 0 -> chunks.set(at, chunk("flipped", Bytes.flip(there, dice.between(1, 8), dice)));
      case 1 -> chunks.set(at, chunk("cut", Bytes.cut(there, dice.below(there.length + 1))));
      case 2 -> chunks.add(at, chunks.remove(dice.below(chunks.size())));
      case 3 -> chunks.add(chunks.get(at));
      default -> {
        OddFrames.Odd odd = OddFrames.of(dice);
        chunks.add(
            dice.oneIn(2) ? chunks.size() : dice.below(chunks.size() + 1),
            chunk(odd.label(), odd.bytes()));
      }
    }
  }

  static Step chunk(String label, byte[] bytes) {
    return new Step(label, stream -> bytes);
  }

  static Leaving leaving(Dice dice) {
    return dice.pick(Leaving.HALF_CLOSE, Leaving.CLOSE, Leaving.RESET, Leaving.LATE);
  }
}
