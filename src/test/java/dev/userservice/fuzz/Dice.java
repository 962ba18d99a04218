package dev.userservice.fuzz;

import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;

/** The choices of one scenario; the same seed makes the same choices. */
public final class Dice {

  private final SplittableRandom random;

  public Dice(long seed) {
    this(new SplittableRandom(seed));
  }

  private Dice(SplittableRandom random) {
    this.random = random;
  }

  /** Independent choices, so that one part of a scenario can change without the others. */
  public Dice split() {
    return new Dice(random.split());
  }

  public boolean oneIn(int count) {
    return random.nextInt(count) == 0;
  }

  /** A number from 0 up to, but not including, {@code bound}. */
  public int below(int bound) {
    return random.nextInt(bound);
  }

  /** A number in the range; both ends are included. */
  public int between(int first, int last) {
    return random.nextInt(first, last + 1);
  }

  public long number() {
    return random.nextLong();
  }

  public byte[] bytes(int length) {
    byte[] bytes = new byte[length];
    for (int i = 0; i < length; i++) {
      bytes[i] = (byte) random.nextInt();
    }
    return bytes;
  }

  @SafeVarargs
  public final <T> T pick(T... choices) {
    return pick(Arrays.asList(choices));
  }

  public <T> T pick(List<T> choices) {
    return choices.get(below(choices.size()));
  }
}
