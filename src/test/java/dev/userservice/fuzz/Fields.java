package dev.userservice.fuzz;

import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;

/** Protobuf fields, right and wrong. A message is the list of its encoded fields. */
final class Fields {

  private static final int VARINT = 0;
  private static final int FIXED64 = 1;
  private static final int BYTES = 2;
  private static final int GROUP = 3;
  private static final int END_GROUP = 4;
  private static final int FIXED32 = 5;

  private static final int MAX_NUMBER = (1 << 29) - 1;

  private Fields() {}

  static byte[] number(int field, long value) {
    return Bytes.join(tag(field, VARINT), varint(value));
  }

  static byte[] text(int field, String value) {
    return bytes(field, Bytes.utf8(value));
  }

  static byte[] bytes(int field, byte[] value) {
    return Bytes.join(tag(field, BYTES), varint(value.length), value);
  }

  /** Groups within groups; each is one byte to start and one to end. */
  static byte[] nested(int field, int depth) {
    return Bytes.join(
        Bytes.repeat(tag(field, GROUP), depth), Bytes.repeat(tag(field, END_GROUP), depth));
  }

  static byte[] varint(long value) {
    ByteArrayOutputStream result = new ByteArrayOutputStream();
    long rest = value;
    while ((rest & ~0x7fL) != 0) {
      result.write((int) (rest & 0x7f) | 0x80);
      rest >>>= 7;
    }
    result.write((int) rest);
    return result.toByteArray();
  }

  private static byte[] tag(int field, int type) {
    return varint((long) field << 3 | type);
  }

  /** A message with one or two fields changed, added or left out. */
  static byte[] mutated(List<byte[]> fields, Dice dice) {
    List<byte[]> result = new ArrayList<>(fields);
    int count = dice.between(1, 2);
    for (int i = 0; i < count; i++) {
      result.add(dice.below(result.size() + 1), odd(dice));
    }
    switch (dice.below(6)) {
      case 0 -> Collections.shuffle(result, new Random(dice.number()));
      case 1 -> result.remove(dice.below(result.size()));
      case 2 -> result.addAll(Collections.nCopies(dice.between(1, 50), result.get(0)));
      case 3 -> result.set(0, Bytes.flip(result.get(0), 1, dice));
      case 4 -> {
        byte[] whole = Bytes.join(result);
        return Bytes.cut(whole, dice.below(whole.length + 1));
      }
      default -> {}
    }
    return Bytes.join(result);
  }

  /** One field that is difficult for a parser. */
  private static byte[] odd(Dice dice) {
    int known = dice.between(1, 4);
    int unknown = dice.pick(5, 15, 16, 2_047, 100_000, MAX_NUMBER);
    return switch (dice.below(15)) {
      case 0 -> number(known, dice.pick(0L, -1L, (long) Integer.MIN_VALUE, Long.MAX_VALUE));
      case 1 -> text(known, dice.pick("", "a", "\u0000", "\u3000", "\ud83d\ude00", "\u202e"));
      case 2 -> bytes(known, invalidUtf8(dice));
      case 3 -> Bytes.join(tag(known, FIXED64), dice.bytes(8));
      case 4 -> Bytes.join(tag(known, FIXED32), dice.bytes(4));
      case 5 -> number(unknown, dice.number());
      case 6 -> bytes(unknown, dice.bytes(dice.below(2_000)));
      case 7 -> nested(unknown, dice.between(1, 120));
      case 8 -> Bytes.repeat(tag(dice.pick(known, unknown), GROUP), dice.between(1, 120));
      case 9 -> Bytes.repeat(tag(dice.pick(known, unknown), END_GROUP), dice.between(1, 5));
      case 10 -> Bytes.join(tag(0, dice.below(6)), dice.bytes(4));
      case 11 -> Bytes.join(tag(known, dice.between(6, 7)), dice.bytes(4));
      case 12 -> Bytes.join(tag(known, VARINT), Bytes.repeat(Bytes.of(0xff), dice.between(1, 12)));
      case 13 -> Bytes.join(tag(known, BYTES), varint(dice.pick(1L, 1_000L, -1L, 1L << 31)));
      default -> text(known, spread(dice));
    };
  }

  private static byte[] invalidUtf8(Dice dice) {
    return dice.pick(
        Bytes.of(0xc3, 0x28),
        Bytes.of(0xed, 0xa0, 0x80),
        Bytes.of(0xc0, 0x80),
        Bytes.of(0xf8, 0x88, 0x80, 0x80, 0x80),
        Bytes.of(0xff),
        dice.bytes(dice.between(1, 20)));
  }

  /** Text that costs more than its bytes where it is normalized, stripped or matched. */
  static String spread(Dice dice) {
    int count = dice.between(1, 2_000);
    return switch (dice.below(4)) {
      case 0 -> "a" + "\u3000".repeat(count) + "a";
      case 1 -> "a" + "\u0301\u0323".repeat(count);
      case 2 -> "a@" + "b.".repeat(count);
      default -> "\ufdfa".repeat(count);
    };
  }
}
