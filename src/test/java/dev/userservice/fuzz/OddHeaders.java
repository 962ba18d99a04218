package dev.userservice.fuzz;

import dev.userservice.fuzz.Frame.Header;
import java.util.ArrayList;
import java.util.List;

/**
 * Request headers with one oddity. RFC 9113 lets a server refuse the stream for any of them, and
 * the connection for none of them (sections 8.1.1, 8.2 and 8.3).
 */
final class OddHeaders {

  /** Two of them stay below the headers that the server takes by default. */
  private static final int LONG = 3_000;

  /** Headers, and the name of their oddity in a report. */
  record Odd(String label, List<Header> headers) {}

  /** A header whose value is odd in one of some ways. */
  private record Oddity(String label, String name, List<String> values) {

    Header pick(Dice dice) {
      return new Header(name, dice.pick(values));
    }
  }

  /** Headers to add to those of a right call. */
  private static final List<Oddity> ADDED =
      List.of(
          odd("leading space", "x-a", " a", "  "),
          odd("trailing space", "x-a", "a "),
          odd("tabs", "x-a", "\ta\t", "a\tb"),
          odd("NUL in value", "x-a", "a\0b", "\0"),
          odd("LF in value", "x-a", "a\nb: c", "\n"),
          odd("CR in value", "x-a", "a\r\nb: c", "\r"),
          odd("control in value", "x-a", "a\u0001b", "\u007f"),
          odd("high bytes in value", "x-a", "\u00c3\u0028", "\u00ff"),
          odd("empty value", "x-a", ""),
          odd("long value", "x-a", "v".repeat(LONG)),
          odd(
              "bad base64",
              "x-a-bin",
              "*",
              "a",
              "YQ=",
              "Y",
              ",",
              "YQ,,YQ",
              "====",
              " YQ ",
              "YQ==="),
          odd("good base64", "x-a-bin", "", "YQ", "YQ==", "YQ,YQ", "YQ, YQ=="),
          odd("bad base64 in trace", "grpc-trace-bin", "*", "AA", ""),
          odd("reserved metadata", "grpc-status", "0", "x"),
          odd("reserved metadata", "grpc-message", "%", "\u00ff"),
          odd("upper case in name", "X-A", "a"),
          odd("space in name", "x a", "a"),
          odd("empty name", "", "a"),
          odd("colon in name", "x:a", "a"),
          odd("NUL in name", "x\0a", "a"),
          odd("LF in name", "x\na", "a"),
          odd("high bytes in name", "x-\u00e9", "a"),
          odd("long name", "n".repeat(LONG), "a"),
          odd(
              "odd grpc-timeout",
              "grpc-timeout",
              "1n",
              "0m",
              "99999999H",
              "-1S",
              "1",
              "",
              "1 S",
              "1s",
              "123456789S",
              "S",
              " 1S",
              "\u0661S"),
          odd("odd grpc-encoding", "grpc-encoding", "", "identity", "snappy", "GZIP", "gzip, gzip"),
          odd(
              "odd grpc-accept-encoding",
              "grpc-accept-encoding",
              "",
              ",",
              ",gzip",
              "x,".repeat(900)),
          odd("second te", "te", "trailers", "deflate", "trailers, deflate"),
          odd("connection", "connection", "close", "keep-alive", "x-a", "upgrade"),
          odd("transfer-encoding", "transfer-encoding", "chunked", "identity"),
          odd("keep-alive", "keep-alive", "timeout=5"),
          odd("upgrade", "upgrade", "h2c", "websocket"),
          odd("proxy-connection", "proxy-connection", "keep-alive"),
          odd("host", "host", "other", "", "a b"),
          odd(
              "content-length",
              "content-length",
              "0",
              "1",
              "-1",
              "x",
              "99999999999999999999",
              "+5"),
          odd("expect", "expect", "100-continue", "200-ok"),
          odd("content-encoding", "content-encoding", "gzip", "x"),
          odd("second content-type", "content-type", "application/grpc", "text/plain"),
          odd("traceparent", "traceparent", "00-0-0-00", "x", "0".repeat(LONG)),
          odd("authorization", "authorization", "Bearer ", "Bearer a.b.c", "Basic \u00ff", ""),
          odd("forwarded", "x-forwarded-for", "::1", "a, b", "%00"),
          odd("origin", "origin", "null", "http://x"));

  /** Headers that replace one of a right call. */
  private static final List<Oddity> CHANGED =
      List.of(
          odd("te", "te", "trailers, deflate", "gzip", "", "Trailers"),
          odd(
              "odd content-type",
              "content-type",
              "application/grpc+proto",
              "application/grpc;charset=utf-8",
              "application/grpc+json",
              "application/grpc-web",
              "application/grpc-web-text",
              "APPLICATION/GRPC",
              "application/json",
              ";",
              ""),
          odd(
              "odd path",
              ":path",
              "",
              "?",
              "*",
              "/",
              "//",
              "/?",
              "/a",
              "/users.v1.UserService",
              "/users.v1.UserService/",
              "//GetUser",
              "users.v1.UserService/GetUser",
              "/users.v1.UserService/GetUser/",
              "/users.v1.UserService/GetUser?a=b",
              "/users.v1.UserService/GetUser#a",
              "/users.v1.UserService/%47etUser",
              "/users.v1.UserService/../users.v1.UserService/GetUser",
              "/USERS.V1.USERSERVICE/GETUSER",
              "/users.v1.UserService\\GetUser",
              "http://test/users.v1.UserService/GetUser",
              "/users.v1.UserService/GetUser\0",
              "/users.v1.UserService/Get User",
              "/\u00ff/\u00ff",
              "/%",
              "/%zz/%"),
          odd(
              "long path",
              ":path",
              "/".repeat(LONG),
              "/a".repeat(LONG / 2),
              "/" + ".".repeat(LONG)),
          odd(
              "odd method",
              ":method",
              "GET",
              "PUT",
              "CONNECT",
              "OPTIONS",
              "post",
              "PRI",
              "",
              "a b"),
          odd("odd scheme", ":scheme", "https", "ftp", "", "HTTP", "http://"),
          odd(
              "odd authority",
              ":authority",
              "",
              " ",
              "a:99999",
              "a:x",
              "a:",
              ":",
              "u@h",
              "/run/server.sock",
              "xds:///x",
              "[::1",
              "[::1]:80",
              "\u00c3\u00a9",
              "a b",
              "a,b",
              "a".repeat(LONG)));

  private OddHeaders() {}

  private static Oddity odd(String label, String name, String... values) {
    return new Oddity(label, name, List.of(values));
  }

  /** The headers of a gRPC client. */
  static List<Header> right(String path, String contentType) {
    return List.of(
        new Header(":method", "POST"),
        new Header(":scheme", "http"),
        new Header(":path", path),
        new Header(":authority", "test"),
        new Header("te", "trailers"),
        new Header("content-type", contentType));
  }

  static Odd of(List<Header> right, Dice dice) {
    return switch (dice.below(10)) {
      case 0, 1, 2, 3, 4 -> added(right, dice);
      case 5, 6, 7 -> changed(right, dice);
      case 8 -> without(right, dice.below(right.size()));
      default -> pseudo(right, dice);
    };
  }

  private static Odd added(List<Header> right, Dice dice) {
    Oddity oddity = dice.pick(ADDED);
    List<Header> headers = new ArrayList<>(right);
    int count = dice.oneIn(8) ? dice.between(2, 40) : 1;
    Header added = oddity.pick(dice);
    if (added.value().length() + added.name().length() > 100) {
      count = 1;
    }
    for (int i = 0; i < count; i++) {
      headers.add(added);
    }
    return new Odd(oddity.label() + (count > 1 ? ", many" : ""), headers);
  }

  private static Odd changed(List<Header> right, Dice dice) {
    Oddity oddity = dice.pick(CHANGED);
    Header odd = oddity.pick(dice);
    return new Odd(
        oddity.label(),
        right.stream().map(header -> header.name().equals(odd.name()) ? odd : header).toList());
  }

  private static Odd without(List<Header> right, int index) {
    List<Header> headers = new ArrayList<>(right);
    return new Odd("no " + headers.remove(index).name(), headers);
  }

  private static Odd pseudo(List<Header> right, Dice dice) {
    List<Header> headers = new ArrayList<>(right);
    Header first = right.get(dice.below(4));
    switch (dice.below(4)) {
      case 0 -> {
        headers.add(dice.below(4), first);
        return new Odd("second " + first.name(), headers);
      }
      case 1 -> {
        headers.remove(first);
        headers.add(first);
        return new Odd(first.name() + " behind", headers);
      }
      case 2 -> {
        headers.add(0, new Header(dice.pick(":x", ":", ":Path", ":status", ":protocol"), "200"));
        return new Odd("unknown pseudo-header", headers);
      }
      default -> {
        headers.clear();
        return new Odd("no headers", headers);
      }
    }
  }
}
