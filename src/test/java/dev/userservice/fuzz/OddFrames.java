package dev.userservice.fuzz;

import static dev.userservice.fuzz.Frame.ACK;
import static dev.userservice.fuzz.Frame.CONTINUATION;
import static dev.userservice.fuzz.Frame.DATA;
import static dev.userservice.fuzz.Frame.END_HEADERS;
import static dev.userservice.fuzz.Frame.END_STREAM;
import static dev.userservice.fuzz.Frame.GOAWAY;
import static dev.userservice.fuzz.Frame.HEADERS;
import static dev.userservice.fuzz.Frame.PADDED;
import static dev.userservice.fuzz.Frame.PING;
import static dev.userservice.fuzz.Frame.PRIORITIZED;
import static dev.userservice.fuzz.Frame.PRIORITY;
import static dev.userservice.fuzz.Frame.PUSH_PROMISE;
import static dev.userservice.fuzz.Frame.RST_STREAM;
import static dev.userservice.fuzz.Frame.SETTINGS;
import static dev.userservice.fuzz.Frame.WINDOW_UPDATE;

import java.util.ArrayList;
import java.util.List;

/** Frames that RFC 9113 makes an error of the connection, and some that nearly are one. */
final class OddFrames {

  /** Bytes, and the name of their oddity. */
  record Odd(String label, byte[] bytes) {}

  private OddFrames() {}

  static Odd of(Dice dice) {
    int stream = dice.pick(0, 1, 2, 3, 5, 7, 99, 1_000_001, Integer.MAX_VALUE, -1);
    byte[] block =
        Frame.block(OddHeaders.right(dice.pick(Rpc.values()).path(), "application/grpc"));
    return switch (dice.below(24)) {
      case 0 -> odd("DATA on stream " + stream, Frame.data(stream, dice.bytes(10), dice.oneIn(2)));
      case 1 -> odd("HEADERS on stream " + stream, headers(stream, END_HEADERS, block));
      case 2 -> odd("RST_STREAM on stream " + stream, Frame.reset(stream, dice.below(14)));
      case 3 -> odd("WINDOW_UPDATE on stream " + stream, window(stream, dice));
      case 4 -> odd("CONTINUATION alone", Frame.frame(CONTINUATION, dice.below(8), stream, block));
      case 5 ->
          odd(
              "frame within headers",
              Bytes.join(headers(stream, 0, block), Frame.ping(1), headers(stream, 0, block)));
      case 6 -> odd("CONTINUATION of another stream", headersInTwo(stream, stream + 2, block));
      case 7 -> odd("headers without an end", headers(stream, END_STREAM, block));
      case 8 -> odd("empty CONTINUATION, many", emptyContinuations(stream, dice.between(2, 400)));
      case 9 ->
          odd("SETTINGS of odd length", Frame.frame(SETTINGS, 0, 0, dice.bytes(dice.below(30))));
      case 10 -> odd("SETTINGS ACK with a payload", Frame.frame(SETTINGS, ACK, 0, dice.bytes(6)));
      case 11 -> odd("SETTINGS on a stream", Frame.frame(SETTINGS, 0, stream, new byte[6]));
      case 12 -> odd("SETTINGS out of range", settings(dice));
      case 13 ->
          odd(
              "PING of odd length",
              Frame.frame(PING, dice.below(2), stream, dice.bytes(dice.below(20))));
      case 14 ->
          odd("GOAWAY", Frame.frame(GOAWAY, 0, dice.pick(0, stream), dice.bytes(dice.below(40))));
      case 15 -> odd("PUSH_PROMISE", Frame.frame(PUSH_PROMISE, END_HEADERS, stream, block));
      case 16 ->
          odd(
              "PRIORITY of odd length",
              Frame.frame(PRIORITY, 0, stream, dice.bytes(dice.below(9))));
      case 17 ->
          odd(
              "RST_STREAM of odd length",
              Frame.frame(RST_STREAM, 0, stream, dice.bytes(dice.below(9))));
      case 18 -> odd("padding too long", Frame.frame(DATA, PADDED, stream, Bytes.of(200, 1, 2, 3)));
      case 19 -> odd("odd HPACK", headers(stream, END_HEADERS | END_STREAM, hpack(dice)));
      case 20 ->
          odd(
              "length lies",
              Frame.frame(dice.pick(0, 1, 16_385, 0xffffff), dice.below(12), 0, stream, block));
      case 21 -> odd("huge headers", hugeHeaders(stream, dice.between(9_000, 300_000)));
      case 22 -> odd("flags", Frame.frame(HEADERS, dice.below(256), stream, block));
      default -> odd("many frames", flood(stream, dice));
    };
  }

  private static Odd odd(String label, byte[] bytes) {
    return new Odd(label, bytes);
  }

  private static byte[] headers(int stream, int flags, byte[] block) {
    return Frame.frame(HEADERS, flags, stream, block);
  }

  private static byte[] headersInTwo(int first, int second, byte[] block) {
    return Bytes.join(
        headers(first, 0, Bytes.cut(block, 10)),
        Frame.frame(CONTINUATION, END_HEADERS, second, block));
  }

  private static byte[] emptyContinuations(int stream, int count) {
    return Bytes.join(
        headers(stream, 0, new byte[0]),
        Bytes.repeat(Frame.frame(CONTINUATION, 0, stream, new byte[0]), count));
  }

  private static byte[] window(int stream, Dice dice) {
    byte[] payload = dice.pick(Bytes.number(0, 4), Bytes.number(-1, 4), Bytes.number(1, 3));
    return Bytes.repeat(Frame.frame(WINDOW_UPDATE, 0, stream, payload), dice.between(1, 3));
  }

  private static byte[] settings(Dice dice) {
    return Frame.settings(dice.between(0, 8), dice.pick(-1, 0, 1, 2, 16_383, 1 << 24, 1 << 31));
  }

  /** Field blocks that no encoder makes (RFC 7541, sections 5 and 6). */
  private static byte[] hpack(Dice dice) {
    return dice.pick(
        Bytes.of(0x80),
        Bytes.of(0xff, 0xff, 0xff, 0xff, 0x0f),
        Bytes.of(0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f),
        Bytes.of(0xbe),
        Bytes.of(0x3f, 0xff, 0xff, 0x7f),
        Bytes.of(0x20, 0x20, 0x20, 0x82),
        Bytes.of(0x82, 0x20),
        Bytes.of(0x00, 0x81, 0xff, 0x81, 0xff),
        Bytes.of(0x40, 0x7f, 0xff, 0xff, 0x03),
        Bytes.of(0x82, 0x86, 0x84),
        Bytes.repeat(Bytes.of(0x82), dice.between(1, 3_000)),
        indexedAndRepeated(dice.between(10, 5_000)),
        dice.bytes(dice.between(1, 60)));
  }

  /** One long header into the table, then many references of one byte to it. */
  private static byte[] indexedAndRepeated(int count) {
    byte[] value = new byte[3_900];
    return Bytes.join(
        Bytes.of(0x82, 0x86, 0x84),
        Bytes.of(0x40, 1, 'x', 0x7f),
        Fields.varint(value.length - 0x7f),
        value,
        Bytes.repeat(Bytes.of(0xbe), count));
  }

  private static byte[] hugeHeaders(int stream, int length) {
    byte[] block = Frame.block(List.of(new Frame.Header("x", "v".repeat(length))));
    List<byte[]> frames = new ArrayList<>();
    for (int at = 0; at < block.length; at += 16_000) {
      int end = Math.min(block.length, at + 16_000);
      byte[] part = java.util.Arrays.copyOfRange(block, at, end);
      int flags = end == block.length ? END_HEADERS : 0;
      frames.add(Frame.frame(at == 0 ? HEADERS : CONTINUATION, flags, stream, part));
    }
    return Bytes.join(frames);
  }

  private static byte[] flood(int stream, Dice dice) {
    byte[] one =
        dice.pick(
            Frame.ping(1),
            Frame.settings(),
            Frame.data(stream, new byte[0], false),
            Frame.frame(PRIORITY, 0, 9, Bytes.of(0, 0, 0, 0, 1)),
            Frame.reset(1, 8),
            Frame.windowUpdate(0, 1),
            headers(stream, END_HEADERS | PRIORITIZED, new byte[5]));
    return Bytes.repeat(one, dice.between(100, 1_500));
  }
}
