package dev.userservice.fuzz;

import dev.userservice.fuzz.Call.Step;
import dev.userservice.fuzz.Scenario.Kind;
import java.util.ArrayList;
import java.util.List;

/** HTTP/1.1, as gRPC-Web uses it, right and wrong; and other input for an open port. */
final class Texts {

  private static final String GRPC_WEB = "application/grpc-web+proto";

  private Texts() {}

  /** Right requests, pipelined. The label of each is the required status of its answer. */
  static Scenario requests(long seed, Dice dice) {
    List<Step> chunks = new ArrayList<>();
    int count = dice.between(1, 6);
    for (int i = 0; i < count; i++) {
      Rpc rpc = dice.pick(Rpc.GET_USER, Rpc.CREATE_USER, Rpc.LIST_USERS, Rpc.HEALTH_CHECK);
      Rpc.Sample sample = rpc.sample(dice);
      Messages.Body body = Messages.right(sample.message(), dice);
      String head =
          head("POST", rpc.path(), "HTTP/1.1", "host: localhost", "content-type: " + GRPC_WEB);
      head += body.gzip() ? "grpc-encoding: gzip\r\n" : "";
      head += dice.pick("", "x-a:b\r\n", "X-A:  b \r\n", "x-a:\r\n", "x-grpc-web: 1\r\n");
      chunks.add(Connections.chunk("" + sample.status(), withBody(head, body.bytes(), dice)));
    }
    return new Scenario(
        seed, Kind.REQUESTS, List.of(), chunks, dice.number(), Connections.leaving(dice));
  }

  /** One to three odd parts in a row. */
  static Scenario text(long seed, Dice dice) {
    List<Step> chunks = new ArrayList<>();
    int count = dice.between(1, 3);
    for (int i = 0; i < count; i++) {
      chunks.add(dice.oneIn(6) ? noise(dice) : odd(dice));
    }
    return new Scenario(
        seed, Kind.TEXT, List.of(), chunks, dice.number(), Connections.leaving(dice));
  }

  private static String head(String method, String target, String version, String... headers) {
    return method + " " + target + " " + version + "\r\n" + String.join("\r\n", headers) + "\r\n";
  }

  private static byte[] withBody(String head, byte[] body, Dice dice) {
    if (dice.oneIn(2)) {
      return Bytes.join(Bytes.latin1(head + "content-length: " + body.length + "\r\n\r\n"), body);
    }
    List<byte[]> parts = new ArrayList<>();
    parts.add(Bytes.latin1(head + "Transfer-Encoding: chunked\r\n\r\n"));
    for (byte[] part : Bytes.split(body, dice.between(1, 4), dice)) {
      String size = Integer.toHexString(part.length);
      parts.add(Bytes.latin1(dice.pick(size, "00" + size, size + ";a=b") + "\r\n"));
      parts.add(part);
      parts.add(Bytes.latin1("\r\n"));
    }
    parts.add(Bytes.latin1(dice.pick("0\r\n\r\n", "000\r\n\r\n", "0\r\nx-trailer: 1\r\n\r\n")));
    return Bytes.join(parts);
  }

  private static Step odd(Dice dice) {
    Rpc rpc = dice.pick(Rpc.values());
    Rpc.Sample sample = rpc.sample(dice);
    byte[] message =
        dice.oneIn(3) && !sample.fields().isEmpty()
            ? Fields.mutated(sample.fields(), dice)
            : sample.message();
    Messages.Body body =
        dice.oneIn(3) ? Messages.odd(message, dice) : Messages.right(message, dice);
    String encoding = body.gzip() ? "grpc-encoding: gzip" : "x-a: b";
    String type = "content-type: " + dice.pick(GRPC_WEB, GRPC_WEB, "application/grpc", "text/html");
    String header = header(body.bytes().length, dice);
    byte[] request =
        switch (dice.below(7)) {
          case 0 ->
              withBody(
                  head(
                      dice.pick("GET", "PUT", "post", "OPTIONS", "CONNECT", "A B", "", "\0"),
                      rpc.path(),
                      "HTTP/1.1",
                      "host: localhost",
                      type),
                  body.bytes(),
                  dice);
          case 1 ->
              withBody(
                  head(
                      "POST",
                      rpc.path(),
                      dice.pick("HTTP/1.0", "HTTP/2.0", "HTTP/9", "", "http/1.1", "HTTP/1.1 x"),
                      "host: localhost",
                      type,
                      encoding),
                  body.bytes(),
                  dice);
          case 2 ->
              withBody(
                  head("POST", target(rpc, dice), "HTTP/1.1", "host: localhost", type),
                  body.bytes(),
                  dice);
          case 3 ->
              chunked(
                  head("POST", rpc.path(), "HTTP/1.1", "host: localhost", type),
                  body.bytes(),
                  dice);
          case 4 ->
              Bytes.join(
                  Bytes.latin1(
                      head("POST", rpc.path(), "HTTP/1.1", type, encoding, header) + "\r\n"),
                  body.bytes());
          default ->
              withBody(
                  head("POST", rpc.path(), "HTTP/1.1", "host: localhost", type, encoding, header),
                  body.bytes(),
                  dice);
        };
    String label =
        rpc + ", " + body.label() + ", " + header.substring(0, Math.min(40, header.length()));
    return switch (dice.below(8)) {
      case 0 -> Connections.chunk(label + ", cut", Bytes.cut(request, dice.below(request.length)));
      case 1 -> Connections.chunk(label + ", flipped", Bytes.flip(request, 4, dice));
      case 2 -> Connections.chunk(label + ", many", Bytes.repeat(request, dice.between(2, 50)));
      default -> Connections.chunk(label, request);
    };
  }

  private static String header(int length, Dice dice) {
    return dice.pick(
        "content-length: "
            + dice.pick("-1", "+5", "0x5", "", "5,5", "5, 6", "99999999999999999999"),
        "content-length: " + length + "\r\ncontent-length: " + dice.pick(length, length + 1),
        "transfer-encoding: "
            + dice.pick(
                "gzip",
                "chunked, gzip",
                "xchunked",
                "identity",
                "",
                "chunked\r\ntransfer-encoding: chunked"),
        "expect: " + dice.pick("100-continue", "200-ok", ""),
        "connection: Upgrade, HTTP2-Settings\r\nupgrade: h2c\r\nHTTP2-Settings: "
            + dice.pick("AAMAAABkAAQAAP__", "", "*", "AAMAAABkAAQ"),
        "connection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\nsec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==",
        "connection: " + dice.pick("close", "keep-alive", "close, keep-alive", ""),
        "host: " + dice.pick("other", "", "a b", "a:99999", "\u00ff"),
        "no colon",
        ": no name",
        "x a: b",
        "x-a : b",
        "x-a: b\r\n folded",
        "x-a: a\nb: c",
        "x-a: \0",
        "x-a: " + "v".repeat(dice.between(7_000, 70_000)),
        "x: y\r\n".repeat(dice.between(50, 2_000)) + "x: y",
        "grpc-timeout: " + dice.pick("1n", "1S", "x"),
        "x-a-bin: *",
        "te: trailers");
  }

  private static String target(Rpc rpc, Dice dice) {
    return dice.pick(
        "*",
        "",
        "?",
        "/",
        "//",
        rpc.fullName,
        "http://test" + rpc.path(),
        "http://",
        rpc.path() + "?a=b",
        rpc.path() + "#a",
        rpc.path() + "/",
        rpc.path() + " x",
        "/%zz",
        "/\u00ff",
        "/".repeat(dice.between(100, 3_900)));
  }

  private static byte[] chunked(String head, byte[] body, Dice dice) {
    String size = Integer.toHexString(body.length);
    return Bytes.join(
        Bytes.latin1(head + "transfer-encoding: chunked\r\n\r\n"),
        Bytes.latin1(
            dice.pick(
                "-1",
                "+" + size,
                "0x" + size,
                "ffffffff",
                "fffffffffffffffff",
                "g",
                "",
                size + " x",
                size)),
        Bytes.latin1(dice.pick("\r\n", "\n", "")),
        body,
        Bytes.latin1(
            dice.pick(
                "\r\n0\r\n\r\n",
                "\n0\n\n",
                "0\r\n\r\n",
                "\r\n0\r\n",
                "\r\n0\r\nno colon\r\n\r\n")));
  }

  private static Step noise(Dice dice) {
    return switch (dice.below(7)) {
      case 0 -> Connections.chunk("random bytes", dice.bytes(dice.between(1, 500)));
      case 1 ->
          Connections.chunk("TLS", Bytes.join(Bytes.of(22, 3, 1, 1, 0, 1, 0), dice.bytes(250)));
      case 2 -> Connections.chunk("HTTP/2 preface cut", Bytes.cut(Frame.PREFACE, dice.below(24)));
      case 3 -> Connections.chunk("HTTP/2 preface flipped", Bytes.flip(Frame.PREFACE, 1, dice));
      case 4 -> Connections.chunk("PROXY", Bytes.latin1("PROXY TCP4 10.0.0.1 10.0.0.2 1 2\r\n"));
      case 5 ->
          Connections.chunk(
              "line breaks", Bytes.repeat(Bytes.latin1("\r\n"), dice.between(1, 5_000)));
      default ->
          Connections.chunk(
              "long line", Bytes.repeat(Bytes.latin1("A"), dice.between(100, 90_000)));
    };
  }
}
