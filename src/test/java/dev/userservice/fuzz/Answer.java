package dev.userservice.fuzz;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Base64;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;

/** The frames that a server has sent for one call so far. */
final class Answer {

  static final int NONE = -1;

  private static final int TRAILERS = 0x80;
  private static final int MAX_KEPT = 1 << 20;

  /** Headers and trailers; a later one replaces an earlier one. */
  private final Map<String, String> headers = new HashMap<>();

  private final ByteArrayOutputStream body = new ByteArrayOutputStream();
  private boolean ended;
  private int reset = NONE;

  void header(String name, String value) {
    headers.put(name.toLowerCase(Locale.ROOT), value);
  }

  void body(byte[] bytes) {
    if (body.size() < MAX_KEPT) {
      body.writeBytes(bytes);
    }
  }

  void end() {
    ended = true;
    readTrailersOfWeb();
  }

  void reset(int code) {
    ended = true;
    reset = code;
  }

  boolean isEnded() {
    return ended;
  }

  /** The code of RST_STREAM, or {@link #NONE}. */
  int resetCode() {
    return reset;
  }

  String header(String name) {
    return headers.getOrDefault(name, "");
  }

  /** The HTTP status, or {@link #NONE}. */
  int httpStatus() {
    return number(":status");
  }

  /** The gRPC status, or {@link #NONE}. */
  int status() {
    return number("grpc-status");
  }

  private int number(String name) {
    String value = header(name);
    return value.matches("\\d{1,9}") ? Integer.parseInt(value) : NONE;
  }

  /** gRPC-Web has its trailers in a last frame of the body. */
  private void readTrailersOfWeb() {
    String type = header("content-type");
    if (!type.startsWith("application/grpc-web")) {
      return;
    }
    byte[] frames = body.toByteArray();
    ByteBuffer rest =
        ByteBuffer.wrap(type.startsWith("application/grpc-web-text") ? decoded(frames) : frames);
    while (rest.remaining() >= 5) {
      int flags = rest.get();
      int length = rest.getInt();
      if (length < 0 || length > rest.remaining()) {
        return;
      }
      byte[] payload = new byte[length];
      rest.get(payload);
      if ((flags & TRAILERS) != 0) {
        new String(payload, StandardCharsets.ISO_8859_1)
            .lines()
            .map(line -> line.split(":", 2))
            .filter(parts -> parts.length == 2)
            .forEach(parts -> header(parts[0], parts[1].strip()));
      }
    }
  }

  /** Decodes base64, of which each piece of a body has its own padding. */
  private static byte[] decoded(byte[] text) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    for (int at = 0; at + 4 <= text.length; at += 4) {
      bytes.writeBytes(Base64.getDecoder().decode(Arrays.copyOfRange(text, at, at + 4)));
    }
    return bytes.toByteArray();
  }

  @Override
  public String toString() {
    if (reset != NONE) {
      return "reset with " + reset;
    }
    String status = header(":status") + "/" + header("grpc-status") + " " + header("grpc-message");
    return ended ? status : "open, " + status;
  }
}
