package dev.userservice.attack;

import static dev.userservice.attack.Http2Peer.MAX_WINDOW;

import dev.userservice.kit.Requests;
import dev.userservice.proto.UserMessage;
import dev.userservice.rpc.Frames;
import io.vertx.grpc.reflection.v1.ServerReflectionRequest;
import java.io.IOException;
import java.util.List;

/** Attacks on the memory for responses, which send requests and do not read. */
final class ReaderAttacks {

  private static final int STREAMS = 100;

  static final List<Attack> ALL =
      List.of(
          Attack.open(
              "60 chat messages of 2 bytes and 4 MiB of unknown field in gzip, a reader with window 0",
              attackers -> {
                Http2Peer reader = attackers.peer(0);
                join(reader, 1);
                byte[] message = Payloads.padded(Requests.says(1, "hi"), Payloads.LARGEST);
                speak(attackers, Payloads.series(60, i -> message));
              }),
          Attack.open(
              "3,000 chat messages of 4,096 bytes, 100 readers with window 0",
              attackers -> {
                join(attackers.peer(0), STREAMS);
                speak(attackers, talk());
              }),
          Attack.open(
              "3,000 chat messages of 4,096 bytes, 100 readers on 10 connections that stop reading",
              attackers -> {
                for (int i = 0; i < 10; i++) {
                  Http2Peer reader = attackers.peer(MAX_WINDOW);
                  join(reader, 10);
                  reader.stopReading();
                }
                speak(attackers, talk());
              }),
          Attack.open(
              "50 reflection streams with window 0, 2,000 requests of a file each",
              attackers ->
                  reflect(
                      attackers,
                      2_000,
                      Frames.frame(
                          ServerReflectionRequest.newBuilder()
                              .setFileContainingSymbol("users.v1.UserService")
                              .build()))),
          Attack.open(
              "50 reflection streams with window 0, 20 requests each of a host of 4 MiB in gzip",
              attackers -> reflect(attackers, 20, hostOf(Payloads.LARGEST - 64))),
          Attack.open(
              "50 reflection streams with window 0, 100 requests each of a host of 60 KiB in gzip",
              attackers -> reflect(attackers, 100, hostOf(Payloads.MODERATE))),
          Attack.open(
              "100 ListUsers of 10,000 users with window 0",
              attackers -> list(attackers, 1, 0, false)),
          Attack.open(
              "2,000 ListUsers of 10,000 users on 20 connections with window 0",
              attackers -> list(attackers, 20, 0, false)),
          Attack.open(
              "10,000 ListUsers of 10,000 users on 100 connections from 20 addresses with window 0",
              attackers -> list(attackers.from(20), 100, 0, false)),
          Attack.open(
              "2,000 ListUsers of 10,000 users on 20 connections that stop reading",
              attackers -> list(attackers, 20, MAX_WINDOW, true)),
          Attack.open(
                  "5 batches of 10,000 users, answers with window 0",
                  attackers ->
                      attackers.http2(
                          5,
                          0,
                          (peer, index) ->
                              peer.callOnce(
                                  Paths.BATCH,
                                  Payloads.series(
                                      10_000,
                                      i -> Frames.frame(Payloads.user("Unread" + index, i))))))
              .onlyByHand()
              .onFreshServer(),
          Attack.open(
              "10,000 GetUser on 100 connections with window 0",
              attackers ->
                  attackers.http2(
                      100,
                      0,
                      (peer, index) -> {
                        for (int i = 0; i < STREAMS; i++) {
                          peer.callOnce(Paths.GET, Frames.frame(Requests.get(1)));
                        }
                      })),
          Attack.open(
              "250,000 GetUser on 50 connections that stop reading",
              attackers ->
                  attackers.http2(
                      50,
                      MAX_WINDOW,
                      (peer, index) -> {
                        peer.stopReading();
                        for (int i = 0; i < 5_000; i++) {
                          peer.callOnce(Paths.GET, Frames.frame(Requests.get(1)));
                        }
                      })),
          Attack.open(
                  "200,000 PING on 50 connections that stop reading",
                  attackers ->
                      attackers.http2(
                          50,
                          MAX_WINDOW,
                          (peer, index) -> {
                            peer.stopReading();
                            for (int i = 0; i < 4_000; i++) {
                              peer.frame(Http2Peer.PING, 0, 0, new byte[8]);
                            }
                          }))
              .onlyByHand());

  private ReaderAttacks() {}

  /** Lets a connection take part in the chat as several readers. */
  private static void join(Http2Peer reader, int streams) throws IOException {
    for (int i = 0; i < streams; i++) {
      reader.call(Paths.CHAT);
    }
    reader.roundTrip();
  }

  private static void speak(Attackers attackers, byte[] frames) {
    attackers.http2(
        1, MAX_WINDOW, (peer, index) -> peer.data(peer.call(Paths.CHAT), frames, false));
  }

  private static byte[] talk() {
    UserMessage message = Requests.says(1, "m".repeat(4_096));
    byte[] frame = Frames.frame(message);
    return Payloads.series(3_000, i -> frame);
  }

  private static void reflect(Attackers attackers, int requests, byte[] request) {
    byte[] frames = Payloads.series(requests, i -> request);
    attackers.http2(
        1,
        0,
        (peer, index) -> {
          for (int i = 0; i < 50; i++) {
            peer.data(peer.call(Paths.REFLECTION), frames, false);
          }
        });
  }

  private static byte[] hostOf(int bytes) {
    return Frames.gzipped(
        ServerReflectionRequest.newBuilder()
            .setHost("h".repeat(bytes))
            .setListServices("*")
            .build());
  }

  private static void list(Attackers attackers, int connections, int window, boolean stop) {
    attackers.http2(
        connections,
        window,
        (peer, index) -> {
          if (stop) {
            peer.stopReading();
          }
          for (int i = 0; i < STREAMS; i++) {
            peer.callOnce(Paths.LIST, Frames.frame(Requests.list(0, 0)));
          }
        });
  }
}
