package dev.userservice.attack;

import static dev.userservice.attack.Http2Peer.MAX_WINDOW;

import dev.userservice.kit.Requests;
import dev.userservice.rpc.Frames;
import java.util.List;

/** Attacks on the event loops: few bytes that may take long. */
final class CpuAttacks {

  /** A space that is not in ASCII, three bytes in UTF-8. */
  private static final String IDEOGRAPHIC_SPACE = "\u3000";

  private static final int SPACES = 1_300_000;

  static final List<Attack> ALL =
      List.of(
          calls(
              "CreateUser, the name 1.3 million U+3000 between two letters, in gzip",
              4,
              Paths.CREATE,
              named("a" + IDEOGRAPHIC_SPACE.repeat(SPACES) + "a")),
          calls(
              "CreateUser, the name 20,000 U+3000 between two letters, in gzip",
              100,
              Paths.CREATE,
              named("a" + IDEOGRAPHIC_SPACE.repeat(20_000) + "a")),
          calls(
              "10 GetUser, unknown groups nested 90 deep, 4 MiB in gzip",
              10,
              Paths.GET,
              Payloads.groups(90, Payloads.LARGEST)),
          calls(
              "100 GetUser, unknown groups nested 90 deep, 60 KiB in gzip",
              100,
              Paths.GET,
              Payloads.groups(90, Payloads.MODERATE)),
          calls(
                  "100 CreateUser, the name 800 chars of combining marks out of order",
                  100,
                  Paths.CREATE,
                  named("a" + "\u0315\u0300\u05ae\u0316".repeat(199)))
              .onlyByHand(),
          calls(
                  "100 CreateUser, the e-mail address 60 KiB of dots, in gzip",
                  100,
                  Paths.CREATE,
                  Frames.gzipped(Requests.create("a", "a@" + "a.".repeat(30_000), 1)))
              .onlyByHand(),
          headers("90 calls of a path of 3,900 slashes", HeaderBlock.call("/".repeat(3_900))),
          headers("90 calls of a path of 1,950 segments", HeaderBlock.call("/a".repeat(1_950)))
              .onlyByHand(),
          headers("90 calls of the path ?", HeaderBlock.call("?")),
          headers("90 calls of the path /?", HeaderBlock.call("/?")).onlyByHand(),
          headers(
                  "90 calls with 7 KB of commas in a binary header",
                  HeaderBlock.call(Paths.GET).add("x-bin", ",".repeat(7_000)))
              .onlyByHand(),
          headers(
                  "90 calls with 7 KB of spaces and semicolons in content-type",
                  HeaderBlock.request("POST", Paths.GET)
                      .add("content-type", "application/grpc" + " ;".repeat(3_500)))
              .onlyByHand(),
          headers(
                  "90 calls with 7 KB of digits in grpc-timeout",
                  HeaderBlock.call(Paths.GET).add("grpc-timeout", "1".repeat(7_000) + "m"))
              .onlyByHand(),
          headers(
                  "90 calls with 7 KB of encodings in grpc-accept-encoding",
                  HeaderBlock.call(Paths.GET).add("grpc-accept-encoding", "a,".repeat(3_500)))
              .onlyByHand(),
          Attack.open(
              "20,000 WINDOW_UPDATE of one byte on 10 connections, for 100 ListUsers each",
              CpuAttacks::byteByByte));

  private CpuAttacks() {}

  private static byte[] named(String name) {
    return Frames.gzipped(Requests.create(name, "cpu@example.com", 1));
  }

  private static Attack calls(String name, int calls, String path, byte[] frame) {
    return Attack.open(
            name,
            attackers ->
                attackers.http2(
                    2,
                    MAX_WINDOW,
                    (peer, index) -> {
                      for (int i = 0; i < calls / 2; i++) {
                        peer.callOnce(path, frame);
                      }
                      peer.awaitEnded(calls / 2);
                    }))
        .untilAnswered();
  }

  private static Attack headers(String name, HeaderBlock headers) {
    return Attack.open(
            name,
            attackers ->
                attackers.http2(
                    2,
                    MAX_WINDOW,
                    (peer, index) -> {
                      for (int i = 0; i < 45; i++) {
                        peer.open(headers, true);
                      }
                      peer.awaitEnded(45);
                    }))
        .untilAnswered();
  }

  private static void byteByByte(Attackers attackers) {
    attackers.http2(
        10,
        0,
        (peer, index) -> {
          for (int i = 0; i < 100; i++) {
            peer.callOnce(Paths.LIST, Frames.frame(Requests.list(0, 0)));
          }
          for (int i = 0; i < 2_000; i++) {
            peer.windowUpdate(1 + 2 * (i % 100), 1);
          }
        });
  }
}
