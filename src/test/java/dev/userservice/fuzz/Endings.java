package dev.userservice.fuzz;

import static dev.userservice.fuzz.Frame.END_HEADERS;
import static dev.userservice.fuzz.Frame.END_STREAM;
import static dev.userservice.fuzz.Frame.HEADERS;
import static dev.userservice.fuzz.Frame.PRIORITY;

import dev.userservice.fuzz.Call.Ending;
import dev.userservice.fuzz.Call.Step;
import dev.userservice.fuzz.Frame.Header;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntFunction;

/** Odd ways to end a call, or not to; RFC 9113 makes none of them an error of the connection. */
final class Endings {

  private static final int MAX_WINDOW = Integer.MAX_VALUE;

  /** The frames after the headers of a call. */
  record Odd(String label, List<Step> steps, Ending ending) {}

  private Endings() {}

  static Odd of(List<Step> data, Dice dice) {
    List<Step> steps = new ArrayList<>(data);
    Step end = step("END_STREAM", stream -> Frame.data(stream, new byte[0], true));
    int code = dice.pick(8, 8, 8, 0, 1, 5, 11, 13, 99, -1);
    Step reset = step("RST_STREAM", stream -> Frame.reset(stream, code));
    switch (dice.below(14)) {
      case 0 -> steps.add(reset);
      case 1 -> {
        steps.add(
            step(
                "END_STREAM and RST_STREAM",
                stream ->
                    Bytes.join(Frame.data(stream, new byte[0], true), Frame.reset(stream, code))));
        return new Odd("half-close and reset at once", steps, Ending.FREE);
      }
      case 2 -> {
        steps.add(end);
        steps.add(reset);
        return new Odd("half-close, then reset", steps, Ending.FREE);
      }
      case 3 -> {
        return new Odd("reset twice", List.of(reset, reset), Ending.FREE);
      }
      case 4 -> {
        return new Odd("reset before DATA", List.of(reset), Ending.FREE);
      }
      case 5 -> {
        steps.add(trailers(END_STREAM | END_HEADERS, "x-trailer", "1"));
        return new Odd("trailers", steps, Ending.ENDED);
      }
      case 6 -> {
        steps.add(trailers(END_HEADERS, "x-trailer", "1"));
        return new Odd("trailers without an end", steps, Ending.FREE);
      }
      case 7 -> {
        steps.add(
            trailers(
                END_STREAM | END_HEADERS,
                dice.pick(":path", "X-Trailer", "te", "grpc-timeout", "x\0", "content-length"),
                dice.pick("1", " ", "\0", "")));
        return new Odd("odd trailers", steps, Ending.ENDED);
      }
      case 8 -> {
        steps.add(windowUpdate(0));
        steps.add(end);
        return new Odd("window update of 0", steps, Ending.FREE);
      }
      case 9 -> {
        steps.add(windowUpdate(MAX_WINDOW));
        steps.add(windowUpdate(MAX_WINDOW));
        steps.add(end);
        return new Odd("window too large", steps, Ending.FREE);
      }
      case 10 -> {
        steps.add(
            step("PRIORITY", stream -> Frame.frame(PRIORITY, 0, stream, Bytes.of(0, 0, 0, 0, 9))));
        steps.add(step("PRIORITY on itself", Endings::onItself));
        steps.add(end);
        return new Odd("PRIORITY", steps, Ending.FREE);
      }
      case 11 -> {
        byte[] payload = dice.bytes(dice.below(50));
        int type = dice.pick(0x0a, 0x0b, 0x10, 0x20, 0xff);
        steps.add(
            dice.below(steps.size() + 1),
            step("unknown frame", stream -> Frame.frame(type, dice.below(256), stream, payload)));
        steps.add(end);
        return new Odd("unknown frame", steps, Ending.ENDED);
      }
      case 12 -> {
        return new Odd("left open", steps, Ending.FREE);
      }
      default -> {
        return new Odd("headers alone", List.of(), Ending.FREE);
      }
    }
    return new Odd("reset", steps, Ending.FREE);
  }

  private static Step step(String label, IntFunction<byte[]> bytes) {
    return new Step(label, bytes);
  }

  private static Step windowUpdate(int bytes) {
    return step("WINDOW_UPDATE " + bytes, stream -> Frame.windowUpdate(stream, bytes));
  }

  private static byte[] onItself(int stream) {
    return Frame.frame(PRIORITY, 0, stream, Bytes.join(Bytes.number(stream, 4), Bytes.of(9)));
  }

  private static Step trailers(int flags, String name, String value) {
    byte[] block = Frame.block(List.of(new Header(name, value)));
    return step("trailers", stream -> Frame.frame(HEADERS, flags, stream, block));
  }
}
