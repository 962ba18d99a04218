package dev.userservice.attack;

import static dev.userservice.attack.Http2Peer.MAX_WINDOW;

import com.google.protobuf.Message;
import dev.userservice.kit.Requests;
import dev.userservice.proto.CreateUserRequest;
import dev.userservice.rpc.Frames;
import io.vertx.grpc.health.v1.HealthCheckRequest;
import io.vertx.grpc.reflection.v1.ServerReflectionRequest;
import java.io.IOException;
import java.util.Base64;
import java.util.List;

/** Attacks on the memory for requests, which send and leave their calls open. */
final class MessageAttacks {

  private static final int STREAMS = 100;

  /** More than one connection's share of what the server grants to all streams. */
  private static final int WINDOW_PART = 40_000;

  static final List<Attack> ALL =
      List.of(
          Attack.open(
              "100 GetUser, each 4 MiB of unknown field in gzip, never ended",
              attackers ->
                  keepOpen(
                      attackers, 1, Paths.GET, Payloads.padded(Requests.get(1), Payloads.LARGEST))),
          Attack.open(
              "10,000 CreateUser on 100 connections, each a name of 60 KiB in gzip, never ended",
              attackers ->
                  keepOpen(
                      attackers,
                      100,
                      Paths.CREATE,
                      Frames.gzipped(
                          Requests.create("n".repeat(Payloads.MODERATE), "a@example.com", 1)))),
          Attack.guarded(
              "no token: 500 Health/Watch on 5 connections, each a name of 4 MiB in gzip",
              attackers -> watch(attackers, 5, Payloads.LARGEST - 64)),
          Attack.guarded(
              "no token: 5,000 Health/Watch on 50 connections, each a name of 60 KiB in gzip",
              attackers -> watch(attackers, 50, Payloads.MODERATE)),
          Attack.guarded(
              "no token: 1,000 GetUser on 10 connections, each 4 MiB of unknown field in gzip",
              attackers ->
                  keepOpen(
                      attackers,
                      10,
                      Paths.GET,
                      Payloads.padded(Requests.get(1), Payloads.LARGEST))),
          Attack.open(
              "5,000 calls of headers only on 50 connections",
              attackers -> headersOnly(attackers, 50, HeaderBlock.call(Paths.GET))),
          Attack.open(
              "10,000 calls of headers only on 100 connections",
              attackers -> headersOnly(attackers, 100, HeaderBlock.call(Paths.GET))),
          Attack.open(
              "10,000 calls of 7 KB of headers each on 100 connections",
              attackers ->
                  headersOnly(
                      attackers,
                      100,
                      HeaderBlock.call(Paths.CHAT).add("x-held", "h".repeat(7_000)))),
          Attack.open(
              "100 batches of 3,000 valid users each, never ended",
              attackers ->
                  keepOpen(attackers, 1, Paths.BATCH, Payloads.series(3_000, i -> longNamed(i)))),
          Attack.open(
              "a batch of 100 users, each 4 MiB of unknown field in gzip, never ended",
              attackers -> {
                byte[] items = Payloads.series(100, i -> paddedItem(i));
                attackers.http2(
                    1,
                    MAX_WINDOW,
                    (peer, index) -> peer.data(peer.call(Paths.BATCH), items, false));
              }),
          Attack.open(
              "4,000 messages of 64 KiB on 40 connections, the last byte missing",
              attackers -> keepOpen(attackers, 40, Paths.GET, Payloads.partial(65_536, 65_535))),
          Attack.open(
              "10,000 messages of 64 KiB on 100 connections from 20 addresses, the last byte missing",
              attackers ->
                  keepOpen(attackers.from(20), 100, Paths.GET, Payloads.partial(65_536, 65_535))),
          Attack.open(
                  "2,000 messages on 20 connections that announce 4 MiB and trickle byte by byte",
                  MessageAttacks::trickle)
              .onlyByHand(),
          Attack.open(
              "6,000 reflection streams on 60 connections, not read, each 40 KB of requests ahead",
              attackers ->
                  attackers.http2(
                      60, 0, (peer, index) -> keepOpen(peer, Paths.REFLECTION, listRequests()))),
          Attack.open(
              "20,000 reflection streams on 200 connections from 20 addresses, each 40 KB ahead",
              attackers -> {
                byte[] requests = listRequests();
                attackers
                    .from(20)
                    .http2(200, 0, (peer, index) -> keepOpen(peer, Paths.REFLECTION, requests));
              }),
          Attack.open(
              "6,000 requests of another content-type on 60 connections, 40 KB each, never ended",
              attackers -> keepOpen(attackers, "text/plain", new byte[WINDOW_PART])),
          Attack.open(
              "6,000 bodies of Connect on 60 connections, 40 KB each, never ended",
              attackers -> keepOpen(attackers, "application/json", new byte[WINDOW_PART])),
          Attack.open(
              "6,000 bodies in base64 on 60 connections, each a message with its end missing",
              attackers ->
                  keepOpen(
                      attackers,
                      "application/grpc-web-text",
                      Base64.getEncoder().encode(Payloads.partial(65_536, WINDOW_PART / 4 * 3)))));

  private MessageAttacks() {}

  private static void keepOpen(Attackers attackers, int connections, String path, byte[] bytes) {
    attackers.http2(connections, MAX_WINDOW, (peer, index) -> keepOpen(peer, path, bytes));
  }

  /** Sends bodies of a content-type on 60 connections. */
  private static void keepOpen(Attackers attackers, String type, byte[] bytes) {
    attackers.http2(
        60,
        MAX_WINDOW,
        (peer, index) -> {
          HeaderBlock headers = HeaderBlock.request("POST", Paths.GET).add("content-type", type);
          for (int i = 0; i < STREAMS; i++) {
            peer.data(peer.open(headers, false), bytes, false);
          }
        });
  }

  private static void keepOpen(Http2Peer peer, String path, byte[] bytes) throws IOException {
    for (int i = 0; i < STREAMS; i++) {
      peer.data(peer.call(path), bytes, false);
    }
  }

  private static void watch(Attackers attackers, int connections, int nameBytes) {
    Message request = HealthCheckRequest.newBuilder().setService("s".repeat(nameBytes)).build();
    byte[] frame = Frames.gzipped(request);
    attackers.http2(
        connections,
        MAX_WINDOW,
        (peer, index) -> {
          for (int i = 0; i < STREAMS; i++) {
            peer.callOnce(Paths.WATCH, frame);
          }
        });
  }

  private static void headersOnly(Attackers attackers, int connections, HeaderBlock headers) {
    attackers.http2(
        connections,
        MAX_WINDOW,
        (peer, index) -> {
          for (int i = 0; i < STREAMS; i++) {
            peer.open(headers, false);
          }
        });
  }

  private static void trickle(Attackers attackers) {
    byte[] start = Payloads.partial(Payloads.LARGEST, 0);
    attackers.http2(
        20,
        MAX_WINDOW,
        (peer, index) -> {
          for (int i = 0; i < STREAMS; i++) {
            int stream = peer.call(Paths.GET);
            for (byte octet : start) {
              peer.data(stream, new byte[] {octet}, false);
            }
            for (int sent = 0; sent < 20; sent++) {
              peer.data(stream, new byte[1], false);
            }
          }
        });
  }

  /** A valid user whose name is as large as it may be, in a few bytes. */
  private static byte[] longNamed(int number) {
    String name = new String(Character.toChars(0x1F600)).repeat(100);
    return Frames.gzipped(Requests.create(name, "long" + number + "@example.com", 1));
  }

  private static byte[] paddedItem(int number) {
    CreateUserRequest user = Payloads.user("Padded", number);
    return Payloads.padded(user, Payloads.LARGEST);
  }

  private static byte[] listRequests() {
    byte[] request =
        Frames.frame(ServerReflectionRequest.newBuilder().setListServices("*").build());
    return Payloads.series(WINDOW_PART / request.length, i -> request);
  }
}
