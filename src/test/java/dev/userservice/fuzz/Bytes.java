package dev.userservice.fuzz;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;

/** Byte strings for wire formats. */
public final class Bytes {

  private static final int MAX_SHOWN = 400;

  private Bytes() {}

  public static byte[] of(int... values) {
    byte[] bytes = new byte[values.length];
    for (int i = 0; i < values.length; i++) {
      bytes[i] = (byte) values[i];
    }
    return bytes;
  }

  /** One byte for each char, so that a String can hold any bytes. */
  public static byte[] latin1(String text) {
    return text.getBytes(StandardCharsets.ISO_8859_1);
  }

  public static byte[] utf8(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  /** An unsigned number, the most significant byte first. */
  public static byte[] number(long value, int length) {
    byte[] bytes = new byte[length];
    for (int i = 0; i < length; i++) {
      bytes[length - 1 - i] = (byte) (value >>> (8 * i));
    }
    return bytes;
  }

  public static byte[] join(byte[]... parts) {
    return join(Arrays.asList(parts));
  }

  public static byte[] join(List<byte[]> parts) {
    ByteArrayOutputStream result = new ByteArrayOutputStream();
    parts.forEach(result::writeBytes);
    return result.toByteArray();
  }

  public static byte[] repeat(byte[] part, int count) {
    byte[] result = new byte[part.length * count];
    for (int i = 0; i < count; i++) {
      System.arraycopy(part, 0, result, i * part.length, part.length);
    }
    return result;
  }

  public static byte[] cut(byte[] bytes, int length) {
    return Arrays.copyOf(bytes, Math.min(length, bytes.length));
  }

  /** Changes some bits. */
  public static byte[] flip(byte[] bytes, int bits, Dice dice) {
    byte[] result = bytes.clone();
    for (int i = 0; i < bits && bytes.length > 0; i++) {
      result[dice.below(bytes.length)] ^= (byte) (1 << dice.below(8));
    }
    return result;
  }

  /** Cuts at random places into a limited number of parts, none of them empty. */
  public static List<byte[]> split(byte[] bytes, int parts, Dice dice) {
    int[] cuts = new int[Math.max(0, Math.min(parts, bytes.length) - 1)];
    for (int i = 0; i < cuts.length; i++) {
      cuts[i] = dice.between(1, bytes.length - 1);
    }
    Arrays.sort(cuts);
    List<byte[]> result = new ArrayList<>();
    int from = 0;
    for (int cut : cuts) {
      if (cut > from) {
        result.add(Arrays.copyOfRange(bytes, from, cut));
        from = cut;
      }
    }
    result.add(Arrays.copyOfRange(bytes, from, bytes.length));
    return result;
  }

  /** Hexadecimal digits, of the first bytes only for a long array. */
  public static String hex(byte[] bytes) {
    String digits = HexFormat.of().formatHex(cut(bytes, MAX_SHOWN));
    return bytes.length <= MAX_SHOWN ? digits : digits + "... (" + bytes.length + " bytes)";
  }
}
