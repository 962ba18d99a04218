package dev.userservice.client;

import static dev.userservice.client.WrongServer.headers;
import static dev.userservice.client.WrongServer.list;
import static dev.userservice.client.WrongServer.once;
import static dev.userservice.rpc.Frames.frame;
import static dev.userservice.rpc.Frames.gzip;

import dev.userservice.client.WrongServer.After;
import dev.userservice.fuzz.Bytes;
import dev.userservice.fuzz.Dice;
import dev.userservice.fuzz.Frame;
import dev.userservice.proto.BatchCreateResponse;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.IntFunction;

/**
 * One wrong or odd answer.
 *
 * @param name describes it for people
 * @param says a part of the failure that the client has to find before its deadline; {@link
 *     #PASSES} for no failure; {@link #ANYTHING} for any end in one line, also at the deadline
 * @param after the fate of the connection
 */
record WrongAnswer(String name, String says, Writes writes, After after) {

  static final String PASSES = "passes";
  static final String ANYTHING = "anything";

  /** Makes the bytes of an answer, one array for each write, from the correct body. */
  interface Writes {
    List<byte[]> of(int stream, byte[] body);
  }

  private static final List<Frame.Header> HEAD =
      list(":status", "200", "content-type", "application/grpc");
  private static final List<Frame.Header> OK = list("grpc-status", "0");
  private static final int LARGE = (256 << 10) + 1;

  /** The correct body of a scenario. */
  static byte[] body(String scenario) {
    return switch (scenario) {
      case "get" -> frame(ForeignServer.alice(1));
      case "list" ->
          Bytes.join(
              frame(ForeignServer.alice(1)),
              frame(ForeignServer.alice(2)),
              frame(ForeignServer.alice(3)));
      case "batch" ->
          frame(
              BatchCreateResponse.newBuilder()
                  .setUsersCreated(3)
                  .addAllUserIds(List.of(7, 8, 9))
                  .build());
      default -> frame(ForeignServer.said(0, "Server received: Hello, server!"));
    };
  }

  static List<WrongAnswer> all() {
    List<WrongAnswer> all = new ArrayList<>();
    heads(all);
    statuses(all);
    messages(all);
    endings(all);
    frames(all);
    flips(all);
    return all;
  }

  private static void heads(List<WrongAnswer> all) {
    all.add(answer("no :status", "INTERNAL", list("content-type", "application/grpc"), OK));
    for (String status : List.of("", "abc", "-1", "2 0", "99999999999", "0")) {
      all.add(answer(":status " + status, "INTERNAL", withStatus(status), OK));
    }
    for (String status : List.of("101", "102", "199")) {
      all.add(answer(":status " + status, "INTERNAL", list(":status", status), OK));
    }
    for (String status : List.of("100", "103")) {
      all.add(answer(":status " + status + " alone", ANYTHING, list(":status", status), OK));
      all.add(
          new WrongAnswer(
              ":status " + status + " before",
              PASSES,
              (stream, body) ->
                  once(
                      headers(stream, false, list(":status", status)),
                      headers(stream, false, HEAD),
                      Frame.data(stream, body, false),
                      headers(stream, true, OK)),
              After.STAYS));
    }
    String[] mapped = {
      "204 UNKNOWN", "301 UNKNOWN", "400 INTERNAL", "401 UNAUTHENTICATED", "403 PERMISSION_DENIED",
      "404 UNIMPLEMENTED", "418 UNKNOWN", "429 UNAVAILABLE", "431 INTERNAL", "500 UNKNOWN",
      "502 UNAVAILABLE", "503 UNAVAILABLE", "504 UNAVAILABLE", "999 UNKNOWN"
    };
    for (String one : mapped) {
      String status = one.substring(0, 3);
      String grpc = one.substring(4);
      all.add(
          answer(
              "HTTP " + status,
              grpc + ": the peer is not a gRPC server",
              list(":status", status),
              OK));
      all.add(
          answer(
              "HTTP " + status + " of gRPC without a status",
              grpc + ": HTTP " + status,
              withStatus(status),
              list("x", "y")));
    }
    all.add(answer("HTTP 500 of gRPC with a status", "NOT_FOUND", withStatus("500"), ending("5")));
    String[] others = {
      "", "text/html", "application/grpcx", "application/grpc-web", "application/json", "grpc"
    };
    for (String type : others) {
      all.add(
          answer(
              "content-type " + type,
              "UNKNOWN: the peer is not a gRPC server",
              withType(type),
              OK));
    }
    all.add(
        answer(
            "no content-type",
            "UNKNOWN: the peer is not a gRPC server",
            list(":status", "200"),
            OK));
    String[] same = {
      "APPLICATION/GRPC", "application/grpc; charset=utf-8", "Application/gRPC+Proto",
      "application/grpc;", "application/grpc+proto;v=1", "application/grpc ;q=1"
    };
    for (String type : same) {
      all.add(answer("content-type " + type, PASSES, withType(type), OK));
    }
  }

  private static void statuses(List<WrongAnswer> all) {
    all.add(answer("0 in headers, 13 in trailers", "INTERNAL", headWith("0"), ending("13")));
    all.add(answer("13 in headers, 0 in trailers", PASSES, headWith("13"), OK));
    all.add(answer("0 in headers and trailers", PASSES, headWith("0"), OK));
    all.add(answer("a word in headers, 5 in trailers", "NOT_FOUND", headWith("x"), ending("5")));
    all.add(answer("0 in headers, none in trailers", "UNKNOWN", headWith("0"), list("x", "y")));
    all.add(
        new WrongAnswer(
            "0 in headers, no trailers",
            "INTERNAL: the answer was cut off",
            (stream, body) ->
                once(headers(stream, false, headWith("0")), Frame.data(stream, body, true)),
            After.STAYS));
    all.add(
        new WrongAnswer(
            "0 in headers, an empty end",
            "INTERNAL: the answer was cut off",
            (stream, body) ->
                once(headers(stream, false, headWith("0")), Frame.data(stream, new byte[0], true)),
            After.STAYS));
    for (String status : List.of("five", "-1", "99", "17", "2147483648", "0x0", "+0", "1e0")) {
      all.add(answer("grpc-status " + status, "UNKNOWN", HEAD, ending(status)));
      all.add(trailersOnly("only grpc-status " + status, "UNKNOWN", ending(status)));
    }
    all.add(answer("grpc-status empty", "UNKNOWN", HEAD, ending("")));
    all.add(answer("grpc-status with a space", ANYTHING, HEAD, ending(" 0")));
    all.add(answer("grpc-status in another script", "UNKNOWN", HEAD, ending("\u00b2")));
    all.add(answer("no grpc-status", "UNKNOWN", HEAD, list("x", "y")));
    all.add(trailersOnly("only no grpc-status", "UNKNOWN", list("x", "y")));
    all.add(answer("0 and 13", "UNKNOWN", HEAD, list("grpc-status", "0", "grpc-status", "13")));
    all.add(answer("13 and 0", "UNKNOWN", HEAD, list("grpc-status", "13", "grpc-status", "0")));
    all.add(answer("5 and 5", "NOT_FOUND", HEAD, list("grpc-status", "5", "grpc-status", "5")));
    all.add(trailersOnly("only OK", ANYTHING, OK));
    for (String message : List.of("%", "%zz", "\u00ff\u0080", "%00%1b[2J", "x".repeat(5_000))) {
      all.add(
          answer(
              "a message of " + message.length() + " chars",
              "NOT_FOUND",
              HEAD,
              list("grpc-status", "5", "grpc-message", message)));
    }
    for (String details : List.of("!", "AAAA", "CAUSBAoBeBI", "A".repeat(4_000), "CAUaAggB")) {
      all.add(
          answer(
              "details of " + details.length() + " chars",
              "NOT_FOUND",
              HEAD,
              list("grpc-status", "5", "grpc-status-details-bin", details)));
    }
    all.add(answer(":status in trailers", ANYTHING, HEAD, list(":status", "200")));
  }

  private static void messages(List<WrongAnswer> all) {
    for (int flags : new int[] {2, 3, 4, 128, 255}) {
      all.add(body("flags " + flags, "INTERNAL: a message has the flags", frame(flags, of(1))));
    }
    all.add(body("compressed, no encoding", "INTERNAL: a message is", frame(1, gzip(of(9)))));
    for (String encoding : List.of("identity", "br", "GZIP", "gzip,gzip", "")) {
      all.add(encoded(encoding, "INTERNAL: a message is compressed", frame(1, gzip(of(9)))));
    }
    all.add(encoded("gzip", "INTERNAL: a compressed", frame(1, of(9))));
    all.add(encoded("gzip", "INTERNAL: a compressed", frame(1, new byte[0])));
    all.add(encoded("gzip", "INTERNAL: a compressed", frame(1, Bytes.cut(gzip(of(99)), 15))));
    all.add(encoded("gzip", "RESOURCE_EXHAUSTED", frame(1, gzip(new byte[64 << 20]))));
    all.add(encoded("gzip", "RESOURCE_EXHAUSTED", frame(1, gzip(new byte[LARGE]))));
    all.add(
        new WrongAnswer(
            "gzip",
            PASSES,
            (stream, body) ->
                once(
                    headers(stream, false, headWith("grpc-encoding", "gzip")),
                    Frame.data(stream, zipped(body), false),
                    headers(stream, true, OK)),
            After.STAYS));
    all.add(
        answer("gzip for a message that is not", PASSES, headWith("grpc-encoding", "gzip"), OK));
    all.add(
        answer(
            "an encoding for a message that is not", PASSES, headWith("grpc-encoding", "br"), OK));
    for (int length : new int[] {LARGE, Integer.MAX_VALUE, Integer.MIN_VALUE, -1}) {
      all.add(body("length " + length, "RESOURCE_EXHAUSTED", frame(0, length, of(9))));
    }
    all.add(body("length too long", "INTERNAL: the answer was cut off", frame(0, 10, of(9))));
    all.add(body("a prefix cut", "INTERNAL: the answer was cut off", of(4)));
    all.add(body("length too short", ANYTHING, frame(0, 3, of(9))));
    all.add(
        body(
            "not a message of the contract",
            "INTERNAL: a message does not match",
            frame(0, of(9))));
    all.add(
        body(
            "invalid UTF-8",
            "INTERNAL: a message does not match",
            frame(0, Bytes.of(0x12, 1, 0xff))));
    all.add(body("no body", "expected", new byte[0]));
    all.add(body("an empty message", "expected", frame(0, new byte[0])));
    all.add(
        new WrongAnswer(
            "a thousand messages",
            "expected",
            (stream, body) ->
                once(
                    headers(stream, false, HEAD),
                    Frame.data(stream, Bytes.repeat(frame(0, new byte[0]), 1_000), false),
                    headers(stream, true, OK)),
            After.STAYS));
    all.add(
        new WrongAnswer(
            "a frame for each byte",
            PASSES,
            (stream, body) -> {
              List<byte[]> writes = new ArrayList<>(once(headers(stream, false, HEAD)));
              for (byte one : body) {
                writes.add(Frame.data(stream, Bytes.of(one), false));
              }
              writes.add(headers(stream, true, OK));
              return writes;
            },
            After.STAYS));
  }

  private static void endings(List<WrongAnswer> all) {
    all.add(new WrongAnswer("nothing", ANYTHING, (stream, body) -> once(), After.STAYS));
    all.add(
        new WrongAnswer(
            "headers alone",
            ANYTHING,
            (stream, body) -> once(headers(stream, false, HEAD)),
            After.STAYS));
    all.add(
        new WrongAnswer(
            "no trailers",
            ANYTHING,
            (stream, body) -> once(headers(stream, false, HEAD), Frame.data(stream, body, false)),
            After.STAYS));
    all.add(
        new WrongAnswer(
            "the end with the last message",
            "INTERNAL: the answer was cut off",
            (stream, body) -> once(headers(stream, false, HEAD), Frame.data(stream, body, true)),
            After.STAYS));
    for (int code : new int[] {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 255, -1}) {
      byte[] none = new byte[0];
      all.add(reset(code, (stream, body) -> none));
      all.add(reset(code, (stream, body) -> headers(stream, false, HEAD)));
      all.add(
          reset(
              code,
              (stream, body) ->
                  Bytes.join(headers(stream, false, HEAD), Frame.data(stream, body, false))));
    }
    for (int last : new int[] {0, 1, Integer.MAX_VALUE}) {
      for (int code : new int[] {0, 1, 11, -1}) {
        byte[] goAway =
            Frame.frame(
                Frame.GOAWAY, 0, 0, Bytes.join(Bytes.number(last, 4), Bytes.number(code, 4)));
        for (After after : After.values()) {
          String name = "GOAWAY " + last + ", " + code + ", then the connection " + after;
          String says = after == After.STAYS ? ANYTHING : "UNAVAILABLE";
          all.add(new WrongAnswer(name, says, (stream, body) -> once(goAway), after));
        }
      }
    }
    for (After after : List.of(After.CLOSES, After.RESETS)) {
      for (int cut : new int[] {0, 1, 9, 12, 35, 50, 60, 70}) {
        all.add(
            new WrongAnswer(
                cut + " bytes, then the connection " + after,
                ANYTHING,
                (stream, body) -> List.of(Bytes.cut(right(stream, body), cut)),
                after));
      }
    }
  }

  private static void frames(List<WrongAnswer> all) {
    byte[] none = new byte[0];
    all.add(odd("DATA before HEADERS", s -> Frame.data(s, frame(0, none), false)));
    all.add(odd("DATA and an end before HEADERS", s -> Frame.data(s, frame(0, none), true)));
    all.add(odd("1xx that ends", s -> headers(s, true, list(":status", "100"))));
    all.add(odd("HEADERS twice", s -> headers(s, false, HEAD)));
    all.add(odd("an end first", s -> headers(s, true, HEAD)));
    all.add(odd("CONTINUATION alone", s -> Frame.frame(Frame.CONTINUATION, 4, s, none)));
    all.add(odd("HEADERS without an end", s -> Frame.frame(Frame.HEADERS, 0, s, none)));
    all.add(
        odd("HPACK of an unknown index", s -> Frame.frame(Frame.HEADERS, 4, s, Bytes.of(0xff, 9))));
    all.add(odd("HPACK that is cut", s -> Frame.frame(Frame.HEADERS, 4, s, Bytes.of(0, 9))));
    all.add(odd("a large header", s -> headers(s, false, list("x", "y".repeat(16_000)))));
    all.add(odd("a name in capitals", s -> headers(s, false, list(":status", "200", "X-Y", "z"))));
    all.add(odd("a name with a space", s -> headers(s, false, list(":status", "200", "x y", "z"))));
    all.add(
        odd(
            "a header of connections",
            s -> headers(s, false, list(":status", "200", "connection", "close"))));
    all.add(
        odd(
            "a pseudo header of requests",
            s -> headers(s, false, list(":status", "200", ":path", "/"))));
    all.add(
        odd(
            "content-length",
            s ->
                headers(
                    s,
                    false,
                    list(
                        ":status",
                        "200",
                        "content-type",
                        "application/grpc",
                        "content-length",
                        "1"))));
    byte[] promise =
        Bytes.join(
            Bytes.number(2, 4),
            Frame.block(
                list(":method", "GET", ":path", "/", ":scheme", "http", ":authority", "x")));
    all.add(
        odd(
            "PUSH_PROMISE",
            s ->
                Bytes.join(
                    Frame.frame(Frame.PUSH_PROMISE, 4, s, promise), headers(2, true, HEAD))));
    all.add(odd("a stream that was not promised", s -> headers(2, true, HEAD)));
    all.add(odd("a stream that was not opened", s -> headers(99, true, HEAD)));
    all.add(odd("DATA of no stream", s -> Frame.data(0, none, false)));
    all.add(odd("DATA of a stream that was not opened", s -> Frame.data(99, none, false)));
    all.add(odd("RST_STREAM of a stream that was not opened", s -> Frame.reset(99, 0)));
    all.add(odd("RST_STREAM of three bytes", s -> Frame.frame(Frame.RST_STREAM, 0, s, of(3))));
    all.add(odd("SETTINGS of five bytes", s -> Frame.frame(Frame.SETTINGS, 0, 0, of(5))));
    all.add(odd("SETTINGS of a stream", s -> Frame.frame(Frame.SETTINGS, 0, s, none)));
    all.add(odd("SETTINGS that pushes", s -> Frame.settings(2, 1)));
    all.add(odd("SETTINGS of a large window", s -> Frame.settings(4, -1)));
    all.add(odd("SETTINGS of no streams", s -> Frame.settings(3, 0)));
    all.add(odd("SETTINGS of small frames", s -> Frame.settings(5, 1)));
    all.add(odd("an ACK for nothing", s -> Frame.frame(Frame.SETTINGS, 1, 0, none)));
    all.add(odd("WINDOW_UPDATE of 0", s -> Frame.windowUpdate(s, 0)));
    all.add(odd("WINDOW_UPDATE of 0 for all", s -> Frame.windowUpdate(0, 0)));
    all.add(
        odd(
            "WINDOW_UPDATE of too much",
            s -> Bytes.repeat(Frame.windowUpdate(s, Integer.MAX_VALUE), 2)));
    all.add(odd("PING of a stream", s -> Frame.frame(Frame.PING, 0, s, of(8))));
    all.add(odd("PING of seven bytes", s -> Frame.frame(Frame.PING, 0, 0, of(7))));
    all.add(odd("a PONG for nothing", s -> Frame.frame(Frame.PING, 1, 0, of(8))));
    all.add(odd("GOAWAY of seven bytes", s -> Frame.frame(Frame.GOAWAY, 0, 0, of(7))));
    all.add(odd("PRIORITY of itself", s -> Frame.frame(Frame.PRIORITY, 0, s, Bytes.number(s, 5))));
    all.add(odd("a frame of an unknown type", s -> Frame.frame(77, 255, s, of(20))));
    all.add(odd("a frame that is too large", s -> Frame.frame(Frame.DATA, 0, s, of(20_000))));
    all.add(
        odd(
            "a frame of 16 MB that never comes",
            s -> Frame.frame(0xffffff, Frame.DATA, 0, s, none)));
    all.add(odd("HTTP/1.1", s -> Bytes.latin1("HTTP/1.1 400 Bad Request\r\n\r\n")));
    all.add(odd("zeroes", s -> new byte[100]));
    all.add(
        new WrongAnswer(
            "more after the end",
            PASSES,
            (stream, body) ->
                List.of(
                    right(stream, body),
                    Bytes.join(
                        Frame.data(stream, body, true),
                        headers(stream, true, ending("13")),
                        Frame.reset(stream, 2))),
            After.STAYS));
  }

  /** Correct answers with flipped bits. */
  private static void flips(List<WrongAnswer> all) {
    for (int seed = 1; seed <= 100; seed++) {
      long number = seed;
      all.add(
          new WrongAnswer(
              "bits flipped with seed " + seed,
              ANYTHING,
              (stream, body) -> {
                Dice dice = new Dice(number);
                byte[] bytes = Bytes.flip(right(stream, body), dice.between(1, 8), dice);
                return Bytes.split(bytes, dice.between(1, 5), dice);
              },
              After.STAYS));
    }
  }

  private static byte[] right(int stream, byte[] body) {
    return Bytes.join(
        headers(stream, false, HEAD), Frame.data(stream, body, false), headers(stream, true, OK));
  }

  private static WrongAnswer answer(
      String name, String says, List<Frame.Header> head, List<Frame.Header> trailers) {
    return new WrongAnswer(
        name,
        says,
        (stream, body) ->
            once(
                headers(stream, false, head),
                Frame.data(stream, body, false),
                headers(stream, true, trailers)),
        After.STAYS);
  }

  private static WrongAnswer trailersOnly(String name, String says, List<Frame.Header> trailers) {
    List<Frame.Header> head = new ArrayList<>(HEAD);
    head.addAll(trailers);
    return new WrongAnswer(
        name, says, (stream, body) -> once(headers(stream, true, head)), After.STAYS);
  }

  private static WrongAnswer body(String name, String says, byte[] wrong) {
    return body(name, says, HEAD, wrong);
  }

  private static WrongAnswer encoded(String encoding, String says, byte[] wrong) {
    String name = "grpc-encoding " + encoding + " of " + wrong.length + " bytes";
    return body(name, says, headWith("grpc-encoding", encoding), wrong);
  }

  private static WrongAnswer body(String name, String says, List<Frame.Header> head, byte[] wrong) {
    return new WrongAnswer(
        name,
        says,
        (stream, body) -> {
          List<byte[]> writes = new ArrayList<>(once(headers(stream, false, head)));
          for (int from = 0; from < wrong.length; from += 16_000) {
            int to = Math.min(wrong.length, from + 16_000);
            writes.add(Frame.data(stream, Arrays.copyOfRange(wrong, from, to), false));
          }
          writes.add(headers(stream, true, OK));
          return writes;
        },
        After.STAYS);
  }

  private static WrongAnswer reset(int code, Before before) {
    return new WrongAnswer(
        "RST_STREAM with " + code,
        code == 8 ? "" : "the server reset the call",
        (stream, body) -> once(before.of(stream, body), Frame.reset(stream, code)),
        After.STAYS);
  }

  /** A frame before a correct answer. */
  private static WrongAnswer odd(String name, IntFunction<byte[]> first) {
    return new WrongAnswer(
        name,
        ANYTHING,
        (stream, body) -> once(first.apply(stream), right(stream, body)),
        After.STAYS);
  }

  private interface Before {
    byte[] of(int stream, byte[] body);
  }

  private static List<Frame.Header> withStatus(String status) {
    return list(":status", status, "content-type", "application/grpc");
  }

  private static List<Frame.Header> withType(String type) {
    return list(":status", "200", "content-type", type);
  }

  private static List<Frame.Header> headWith(String status) {
    return headWith("grpc-status", status);
  }

  private static List<Frame.Header> headWith(String name, String value) {
    return list(":status", "200", "content-type", "application/grpc", name, value);
  }

  private static List<Frame.Header> ending(String status) {
    return list("grpc-status", status);
  }

  /** A number of bytes that do not match the contract. */
  private static byte[] of(int length) {
    byte[] bytes = new byte[length];
    Arrays.fill(bytes, (byte) 0x07);
    return bytes;
  }

  /** The messages of a body, each compressed. */
  private static byte[] zipped(byte[] body) {
    List<byte[]> messages = new ArrayList<>();
    for (int at = 0; at < body.length; ) {
      int end = at + 5 + body[at + 4];
      messages.add(frame(1, gzip(Arrays.copyOfRange(body, at + 5, end))));
      at = end;
    }
    return Bytes.join(messages);
  }
}
