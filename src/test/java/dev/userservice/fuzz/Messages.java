package dev.userservice.fuzz;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Arrays;
import java.util.zip.DeflaterOutputStream;
import java.util.zip.GZIPOutputStream;

/** Length-Prefixed-Messages of gRPC over HTTP/2, right and wrong. */
final class Messages {

  private static final int MIB = 1 << 20;

  /** The part of a call's body that a mutation makes, and its name in a report. */
  record Body(String label, byte[] bytes, boolean gzip) {}

  private Messages() {}

  static byte[] frame(int flags, byte[] payload) {
    return frame(flags, payload.length, payload);
  }

  /** A frame whose length prefix may be wrong. */
  static byte[] frame(int flags, long length, byte[] payload) {
    return Bytes.join(Bytes.of(flags), Bytes.number(length, 4), payload);
  }

  static Body right(byte[] message, Dice dice) {
    return dice.oneIn(4)
        ? new Body("gzip", frame(1, gzip(message)), true)
        : new Body("", frame(0, message), false);
  }

  /** A body with one thing wrong in its frames, or one that is rare. */
  static Body odd(byte[] message, Dice dice) {
    byte[] right = frame(0, message);
    byte[] gzip = gzip(message);
    return switch (dice.below(22)) {
      case 0 -> plain("no body", new byte[0]);
      case 1 -> plain("body cut", Bytes.cut(right, dice.below(right.length)));
      case 2 -> plain("reserved flags", frame(dice.between(2, 255), message));
      case 3 -> plain("flag without encoding", frame(1, message));
      case 4 -> plain("length lies", frame(0, message.length + dice.pick(-1, 1, 3, 100), message));
      case 5 ->
          plain(
              "length too large",
              frame(dice.below(2), dice.pick(-1L, 1L << 31, 4L * MIB + 1, 4L * MIB), message));
      case 6 -> plain("two messages", Bytes.repeat(right, 2));
      case 7 -> plain("many messages", Bytes.repeat(right, dice.between(3, 300)));
      case 8 ->
          plain("empty messages", Bytes.repeat(frame(0, new byte[0]), dice.between(1, 1_000)));
      case 9 -> plain("junk behind", Bytes.join(right, dice.bytes(dice.between(1, 30))));
      case 10 -> plain("junk", dice.bytes(dice.between(1, 100)));
      case 11 -> gzip("gzip flipped", frame(1, Bytes.flip(gzip, 1, dice)));
      case 12 -> gzip("gzip cut", frame(1, Bytes.cut(gzip, dice.below(gzip.length))));
      case 13 -> gzip("gzip of two members", frame(1, Bytes.join(gzip, gzip)));
      case 14 -> gzip("gzip, junk behind", frame(1, Bytes.join(gzip, dice.bytes(5))));
      case 15 -> gzip("gzip of nothing", frame(1, dice.pick(new byte[0], gzip(new byte[0]))));
      case 16 -> gzip("zlib", frame(1, zlib(message)));
      case 17 ->
          gzip(
              "gzip of many members",
              frame(1, Bytes.repeat(gzip(new byte[0]), dice.between(2, 1_000))));
      case 18 -> gzip("gzip and plain", Bytes.join(frame(1, gzip), right, frame(1, gzip)));
      case 19 -> gzip("gzip header fields", frame(1, withHeaderFields(gzip, dice)));
      case 20 -> gzip("gzip, length lies", frame(1, withLength(gzip, dice)));
      default -> gzip("gzip bomb", frame(1, bomb(dice.pick(1, 4, 5, 32))));
    };
  }

  /** A message that is small on the wire and large, or slow, behind it. */
  static Body large(Dice dice) {
    byte[] message =
        switch (dice.below(4)) {
          case 0 -> Fields.text(1, "a" + "\u3000".repeat(dice.between(1_000, 60_000)) + "a");
          case 1 -> Bytes.repeat(Fields.nested(5, 90), dice.between(100, 5_000));
          case 2 -> Fields.bytes(9, new byte[dice.between(MIB / 2, 4 * MIB - 100)]);
          default ->
              Bytes.join(
                  Fields.number(1, 1),
                  Fields.text(2, "hi"),
                  Fields.bytes(9, new byte[dice.between(MIB / 2, 4 * MIB - 100)]));
        };
    return new Body("large message", frame(1, gzip(message)), true);
  }

  private static Body plain(String label, byte[] bytes) {
    return new Body(label, bytes, false);
  }

  private static Body gzip(String label, byte[] bytes) {
    return new Body(label, bytes, true);
  }

  static byte[] gzip(byte[] bytes) {
    ByteArrayOutputStream result = new ByteArrayOutputStream();
    try (var gzip = new GZIPOutputStream(result)) {
      gzip.write(bytes);
    } catch (IOException e) {
      throw new UncheckedIOException(e); // A ByteArrayOutputStream throws none.
    }
    return result.toByteArray();
  }

  private static byte[] zlib(byte[] bytes) {
    ByteArrayOutputStream result = new ByteArrayOutputStream();
    try (var zlib = new DeflaterOutputStream(result)) {
      zlib.write(bytes);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return result.toByteArray();
  }

  private static byte[] bomb(int mebibytes) {
    ByteArrayOutputStream result = new ByteArrayOutputStream();
    try (var gzip = new GZIPOutputStream(result)) {
      byte[] zeroes = new byte[MIB];
      for (int i = 0; i < mebibytes; i++) {
        gzip.write(zeroes);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return result.toByteArray();
  }

  /** With a file name or a comment behind the ten fixed bytes (RFC 1952, section 2.3). */
  private static byte[] withHeaderFields(byte[] gzip, Dice dice) {
    byte[] result = gzip.clone();
    result[3] = dice.pick((byte) 0x02, (byte) 0x04, (byte) 0x08, (byte) 0x10, (byte) 0xff);
    byte[] name = Bytes.join(Bytes.latin1("n".repeat(dice.below(3_000))), Bytes.of(0));
    return Bytes.join(Bytes.cut(result, 10), name, Arrays.copyOfRange(result, 10, result.length));
  }

  /** With another ISIZE, the inflated length (RFC 1952, section 2.3.1). */
  private static byte[] withLength(byte[] gzip, Dice dice) {
    return Bytes.join(Bytes.cut(gzip, gzip.length - 4), dice.bytes(4));
  }
}
