package dev.userservice.fuzz;

import static dev.userservice.fuzz.Frame.CONTINUATION;
import static dev.userservice.fuzz.Frame.DATA;
import static dev.userservice.fuzz.Frame.END_HEADERS;
import static dev.userservice.fuzz.Frame.END_STREAM;
import static dev.userservice.fuzz.Frame.HEADERS;
import static dev.userservice.fuzz.Frame.PADDED;
import static dev.userservice.fuzz.Frame.PRIORITIZED;

import dev.userservice.fuzz.Call.Ending;
import dev.userservice.fuzz.Call.Step;
import dev.userservice.fuzz.Frame.Header;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Makes right and odd calls; a call may fail alone only. */
final class Calls {

  private static final String GRPC = "application/grpc";
  private static final String GRPC_WEB = "application/grpc-web+proto";

  private Calls() {}

  /** A call without any fault, however its bytes are cut into frames. */
  static Call right(Dice dice) {
    Rpc rpc = dice.pick(Rpc.values());
    while (rpc.isEndless()) {
      rpc = dice.pick(Rpc.values());
    }
    Rpc.Sample sample = rpc.sample(dice);
    String type = dice.oneIn(4) ? GRPC_WEB : GRPC;
    Messages.Body body = Messages.right(sample.message(), dice);
    List<Header> headers = headers(rpc.path(), type, body.gzip());
    List<Step> steps = new ArrayList<>();
    steps.add(open(headers, dice));
    steps.addAll(data(body.bytes(), true, dice));
    return new Call(rpc, List.of(), steps, Ending.ANSWERED, sample.status());
  }

  /** A call with one to three oddities. */
  static Call odd(Dice dice) {
    Rpc rpc = dice.pick(Rpc.values());
    String type = dice.oneIn(5) ? GRPC_WEB : GRPC;
    Rpc.Sample sample = rpc.sample(dice);
    int oddities = dice.pick(1, 2, 4, 1, 2, 4, 3, 5, 6, 7);
    List<String> labels = new ArrayList<>();
    byte[] message = sample.message();
    if ((oddities & 1) != 0) {
      List<byte[]> fields = sample.fields();
      message = Fields.mutated(fields.isEmpty() ? List.of(new byte[0]) : fields, dice);
      labels.add("odd fields");
    }
    Messages.Body body = body(message, (oddities & 1) != 0, dice);
    labels.add(body.label());
    List<Header> headers = headers(rpc.path(), type, body.gzip());
    if ((oddities & 2) != 0) {
      OddHeaders.Odd odd = OddHeaders.of(headers, dice);
      headers = odd.headers();
      labels.add(odd.label());
    }
    List<Step> steps = new ArrayList<>();
    steps.add(open(headers, dice));
    Ending ending = Ending.ENDED;
    if ((oddities & 4) != 0) {
      List<Step> data = data(body.bytes(), false, dice);
      Endings.Odd odd = Endings.of(data, dice);
      steps.addAll(odd.steps());
      ending = odd.ending();
      labels.add(odd.label());
    } else {
      steps.addAll(data(body.bytes(), true, dice));
    }
    ending = rpc.isEndless() ? Ending.FREE : ending;
    labels.removeIf(String::isEmpty);
    return new Call(rpc, labels, steps, ending, Call.ANY_STATUS);
  }

  private static Messages.Body body(byte[] message, boolean hasOddity, Dice dice) {
    if (dice.oneIn(60)) {
      return Messages.large(dice);
    }
    return hasOddity || dice.oneIn(2) ? Messages.right(message, dice) : Messages.odd(message, dice);
  }

  private static List<Header> headers(String path, String contentType, boolean gzip) {
    List<Header> headers = new ArrayList<>(OddHeaders.right(path, contentType));
    if (gzip) {
      headers.add(new Header("grpc-encoding", "gzip"));
    }
    return headers;
  }

  /** HEADERS, now and then padded, with a priority, or in several frames. */
  private static Step open(List<Header> headers, Dice dice) {
    byte[] block = Frame.block(headers);
    int flags = 0;
    byte[] before = new byte[0];
    byte[] after = new byte[0];
    if (dice.oneIn(8)) {
      int padding = dice.below(256);
      flags |= PADDED;
      before = Bytes.of(padding);
      after = new byte[padding];
    }
    if (dice.oneIn(8)) {
      flags |= PRIORITIZED;
      before = Bytes.join(before, Bytes.number(dice.below(9) * 2L, 4), dice.bytes(1));
    }
    List<byte[]> blocks = Bytes.split(block, dice.oneIn(8) ? dice.between(2, 5) : 1, dice);
    byte[] head = Bytes.join(before, blocks.get(0), after);
    int headFlags = flags | (blocks.size() == 1 ? END_HEADERS : 0);
    return new Step(
        "HEADERS",
        stream -> {
          List<byte[]> frames = new ArrayList<>();
          frames.add(Frame.frame(HEADERS, headFlags, stream, head));
          for (int i = 1; i < blocks.size(); i++) {
            int last = i == blocks.size() - 1 ? END_HEADERS : 0;
            frames.add(Frame.frame(CONTINUATION, last, stream, blocks.get(i)));
          }
          return Bytes.join(frames);
        });
  }

  /** DATA, cut anywhere; now and then padded, or with an empty frame. */
  static List<Step> data(byte[] body, boolean end, Dice dice) {
    List<byte[]> parts = new ArrayList<>();
    for (byte[] part : Bytes.split(body, dice.oneIn(2) ? 1 : dice.between(2, 8), dice)) {
      for (int at = 0; at == 0 || at < part.length; at += 16_000) {
        parts.add(Arrays.copyOfRange(part, at, Math.min(part.length, at + 16_000)));
      }
    }
    if (dice.oneIn(6)) {
      parts.add(new byte[0]);
    }
    List<Step> steps = new ArrayList<>();
    for (int i = 0; i < parts.size(); i++) {
      int flags = end && i == parts.size() - 1 ? END_STREAM : 0;
      byte[] part = parts.get(i);
      int padding = dice.oneIn(8) ? dice.below(200) : -1;
      steps.add(
          new Step(
              "DATA",
              stream ->
                  padding < 0
                      ? Frame.frame(DATA, flags, stream, part)
                      : Frame.frame(
                          DATA,
                          flags | PADDED,
                          stream,
                          Bytes.join(Bytes.of(padding), part, new byte[padding]))));
    }
    return steps;
  }
}
