package dev.userservice.attack;

import static dev.userservice.attack.Http2Peer.MAX_WINDOW;

import dev.userservice.kit.Requests;
import dev.userservice.rpc.Frames;
import io.vertx.grpc.health.v1.HealthCheckRequest;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** Attacks by connections, their handshakes, headers and control frames. */
final class ConnectionAttacks {

  private static final int STREAMS = 100;

  /** An end of a chunk is never sent. */
  private static final String CHUNK = "%x\r\n";

  static final List<Attack> ALL =
      List.of(
          Attack.guarded(
              "no token: 1,100 connections, each an idle Health/Watch",
              attackers -> idleWatches(attackers, 1_100)),
          Attack.guarded(
                  "no token: 110 connections, each an idle Health/Watch; limits.unauthenticatedConnections is 100",
                  attackers -> idleWatches(attackers, 110))
              .on(Victim.Kind.GUARDED_100),
          Attack.guarded(
                  "110 TLS connections that stop after the handshake; limits.unauthenticatedConnections is 100",
                  attackers -> attackers.plain(110, wire -> {}))
              .onlyByHand()
              .on(Victim.Kind.GUARDED_100),
          Attack.guarded(
              "1,100 TLS connections that stop after the handshake",
              attackers -> attackers.plain(1_100, wire -> {})),
          Attack.guarded(
                  "1,100 connections that stop within a TLS record",
                  attackers ->
                      attackers.tcp(
                          1_100, wire -> send(wire, new byte[] {0x16, 3, 1, 0x40, 0, 1, 0, 0x3f})))
              .onlyByHand(),
          Attack.guarded(
                  "10,000 calls on 50 connections with a malformed token of 7 KB",
                  ConnectionAttacks::malformedTokens)
              .onlyByHand()
              .untilAnswered(),
          Attack.open(
                  "2,000 connections that stop within the HTTP/2 preface",
                  attackers ->
                      attackers.tcp(2_000, wire -> send(wire, ascii("PRI * HTTP/2.0\r\n\r\n"))))
              .onlyByHand(),
          Attack.open(
                  "1,000 HTTP/1.1 connections that stop within 8 KB of headers",
                  attackers ->
                      attackers.tcp(
                          1_000,
                          wire ->
                              send(
                                  wire,
                                  ascii(
                                      "POST / HTTP/1.1\r\nhost: localhost\r\nx: "
                                          + "h".repeat(8_000)))))
              .onlyByHand(),
          Attack.open(
              "200 gRPC-Web requests over HTTP/1.1, each a chunk without end",
              ConnectionAttacks::endlessChunk),
          Attack.open(
              "10,000 gRPC-Web ListUsers over HTTP/1.1, pipelined on 100 connections, not read",
              ConnectionAttacks::pipelined),
          Attack.open(
                  "500 upgrades to HTTP/2, each 64 KB of a body that never ends",
                  attackers ->
                      attackers.tcp(
                          500,
                          wire -> {
                            send(wire, ascii(upgrade()));
                            send(wire, new byte[65_000]);
                          }))
              .onlyByHand(),
          Attack.open(
                  "50 connections with 4 MiB of CONTINUATION frames each",
                  ConnectionAttacks::continuations)
              .onlyByHand(),
          Attack.open(
                  "5,000 header blocks on 50 connections, each 8,000 references to a header of 3 KB",
                  ConnectionAttacks::storedHeaders)
              .onlyByHand(),
          Attack.open(
              "20,000 calls on 10 connections, each cancelled at once",
              attackers ->
                  attackers.http2(
                      10,
                      MAX_WINDOW,
                      (peer, index) -> {
                        byte[] message = Payloads.padded(Requests.get(1), Payloads.MODERATE);
                        for (int i = 0; i < 2_000; i++) {
                          int stream = peer.call(Paths.GET);
                          peer.data(stream, message, false);
                          peer.reset(stream);
                        }
                      })));

  private ConnectionAttacks() {}

  private static void idleWatches(Attackers attackers, int connections) {
    byte[] watch = Frames.frame(HealthCheckRequest.getDefaultInstance());
    attackers.http2(connections, MAX_WINDOW, (peer, index) -> peer.callOnce(Paths.WATCH, watch));
  }

  private static void malformedTokens(Attackers attackers) {
    HeaderBlock headers =
        HeaderBlock.call(Paths.GET).add("authorization", "Bearer " + "e.".repeat(3_500));
    attackers.http2(
        50,
        MAX_WINDOW,
        (peer, index) -> {
          for (int i = 0; i < 2; i++) {
            for (int stream = 0; stream < STREAMS; stream++) {
              peer.open(headers, true);
            }
            peer.awaitEnded((i + 1) * STREAMS);
          }
        });
  }

  private static void endlessChunk(Attackers attackers) {
    byte[] head = ascii(web(Paths.GET) + CHUNK.formatted(Payloads.LARGEST));
    byte[] part = Payloads.partial(Payloads.LARGEST, 2 << 20);
    attackers.tcp(
        200,
        wire -> {
          send(wire, head);
          send(wire, part);
        });
  }

  private static void pipelined(Attackers attackers) {
    byte[] frame = Frames.frame(Requests.list(0, 0));
    ByteArrayOutputStream request = new ByteArrayOutputStream();
    request.writeBytes(ascii(web(Paths.LIST) + CHUNK.formatted(frame.length)));
    request.writeBytes(frame);
    request.writeBytes(ascii("\r\n0\r\n\r\n"));
    byte[] requests = Payloads.series(STREAMS, i -> request.toByteArray());
    attackers.tcp(100, wire -> send(wire, requests));
  }

  private static String web(String path) {
    return "POST "
        + path
        + " HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/grpc-web+proto\r\n"
        + "transfer-encoding: chunked\r\n\r\n";
  }

  private static String upgrade() {
    return "POST "
        + Paths.GET
        + " HTTP/1.1\r\nhost: localhost\r\nconnection: Upgrade, HTTP2-Settings\r\nupgrade: h2c\r\n"
        + "http2-settings: AAMAAABkAAQCAAAAAAIAAAAA\r\ncontent-type: application/grpc\r\n"
        + "content-length: 65535\r\n\r\n";
  }

  private static void continuations(Attackers attackers) {
    byte[] start = HeaderBlock.call(Paths.GET).bytes();
    byte[] more = new HeaderBlock().add("x-more", "m".repeat(4_000)).bytes();
    attackers.http2(
        50,
        MAX_WINDOW,
        (peer, index) -> {
          peer.frame(Http2Peer.HEADERS, 0, 1, start);
          for (int i = 0; i < 1_000; i++) {
            peer.frame(Http2Peer.CONTINUATION, 0, 1, more);
          }
        });
  }

  private static void storedHeaders(Attackers attackers) {
    HeaderBlock headers = HeaderBlock.call(Paths.GET).addIndexed("x-stored", "s".repeat(3_000));
    for (int i = 0; i < 8_000; i++) {
      headers.addStored(62);
    }
    attackers.http2(
        50,
        MAX_WINDOW,
        (peer, index) -> {
          for (int i = 0; i < STREAMS; i++) {
            peer.open(headers, false);
          }
        });
  }

  private static void send(Wire wire, byte[] bytes) throws IOException {
    OutputStream out = wire.output();
    out.write(bytes);
    out.flush();
  }

  private static byte[] ascii(String text) {
    return text.getBytes(StandardCharsets.US_ASCII);
  }
}
