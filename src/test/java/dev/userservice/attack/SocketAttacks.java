package dev.userservice.attack;

import dev.userservice.rpc.RawSocket;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;

/** Attacks by calls over WebSockets, whose frames are whole before they are handled. */
final class SocketAttacks {

  private static final int FRAME_BYTES = 60_000;
  private static final int PINGS = 100_000;

  static final List<Attack> ALL =
      List.of(
          Attack.open(
              "2,000 WebSockets from 20 addresses, each a frame of 60 KB, the last byte missing",
              attackers -> {
                byte[] frame = RawSocket.encoded(RawSocket.TEXT, new byte[FRAME_BYTES], true);
                open(attackers.from(20), 2_000, "GetUser", Arrays.copyOf(frame, FRAME_BYTES));
              }),
          Attack.open(
                  "2,000 WebSockets from 20 addresses, each a message in parts of 60 KB without end",
                  attackers ->
                      open(
                          attackers.from(20),
                          2_000,
                          "BatchCreateUsers",
                          text("start"),
                          RawSocket.encoded(
                              RawSocket.TEXT, "{".getBytes(StandardCharsets.UTF_8), false),
                          RawSocket.encoded(RawSocket.CONTINUATION, new byte[FRAME_BYTES], false)))
              .onlyByHand(),
          Attack.open(
              "200 WebSockets, each 100,000 pings whose answers are not read",
              attackers -> {
                byte[] ping = RawSocket.encoded(RawSocket.PING, new byte[100], true);
                open(attackers, 200, "StreamUsers", Payloads.series(PINGS, i -> ping));
              }),
          Attack.open(
              "500 WebSockets that list all users, and are not read",
              attackers ->
                  open(attackers, 500, "ListUsers", text("start"), text("{}"), text("end"))));

  private SocketAttacks() {}

  private static byte[] text(String text) {
    return RawSocket.encoded(RawSocket.TEXT, text.getBytes(StandardCharsets.UTF_8), true);
  }

  private static void open(Attackers attackers, int connections, String method, byte[]... frames) {
    byte[] request = RawSocket.request(1, method, "").getBytes(StandardCharsets.ISO_8859_1);
    attackers.tcp(
        connections,
        wire -> {
          OutputStream out = wire.output();
          out.write(request);
          out.flush();
          awaitUpgrade(wire.input());
          for (byte[] frame : frames) {
            out.write(frame);
          }
          out.flush();
        });
  }

  private static void awaitUpgrade(InputStream in) throws IOException {
    int ends = 0;
    while (ends < 4) {
      int octet = in.read();
      if (octet < 0) {
        throw new EOFException();
      }
      ends = octet == '\r' || octet == '\n' ? ends + 1 : 0;
    }
  }
}
