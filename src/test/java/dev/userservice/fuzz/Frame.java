package dev.userservice.fuzz;

import java.util.List;

/** HTTP/2 frames and header blocks, made by hand so that every byte of them can be wrong. */
public final class Frame {

  public static final int DATA = 0x0;
  public static final int HEADERS = 0x1;
  public static final int PRIORITY = 0x2;
  public static final int RST_STREAM = 0x3;
  public static final int SETTINGS = 0x4;
  public static final int PUSH_PROMISE = 0x5;
  public static final int PING = 0x6;
  public static final int GOAWAY = 0x7;
  public static final int WINDOW_UPDATE = 0x8;
  public static final int CONTINUATION = 0x9;

  public static final int ACK = 0x1;
  public static final int END_STREAM = 0x1;
  public static final int END_HEADERS = 0x4;
  public static final int PADDED = 0x8;
  public static final int PRIORITIZED = 0x20;

  public static final int HEAD_BYTES = 9;
  public static final int PRIORITY_BYTES = 5;
  public static final byte[] PREFACE = Bytes.latin1("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");

  /** One header; a char is a byte. */
  public record Header(String name, String value) {}

  private Frame() {}

  public static byte[] frame(int type, int flags, int stream, byte[] payload) {
    return frame(payload.length, type, flags, stream, payload);
  }

  /** A frame whose length may be wrong. */
  public static byte[] frame(int length, int type, int flags, int stream, byte[] payload) {
    return Bytes.join(
        Bytes.number(length, 3), Bytes.of(type, flags), Bytes.number(stream, 4), payload);
  }

  public static byte[] settings(int... idsAndValues) {
    byte[] payload = new byte[0];
    for (int i = 0; i < idsAndValues.length; i += 2) {
      payload =
          Bytes.join(
              payload, Bytes.number(idsAndValues[i], 2), Bytes.number(idsAndValues[i + 1], 4));
    }
    return frame(SETTINGS, 0, 0, payload);
  }

  public static byte[] data(int stream, byte[] bytes, boolean end) {
    return frame(DATA, end ? END_STREAM : 0, stream, bytes);
  }

  public static byte[] reset(int stream, int code) {
    return frame(RST_STREAM, 0, stream, Bytes.number(code, 4));
  }

  public static byte[] windowUpdate(int stream, int bytes) {
    return frame(WINDOW_UPDATE, 0, stream, Bytes.number(bytes, 4));
  }

  public static byte[] ping(long data) {
    return frame(PING, 0, 0, Bytes.number(data, 8));
  }

  /** HPACK, each header as a literal that is not indexed (RFC 7541, section 6.2.2). */
  public static byte[] block(List<Header> headers) {
    return Bytes.join(
        headers.stream()
            .map(h -> Bytes.join(Bytes.of(0), string(h.name()), string(h.value())))
            .toList());
  }

  private static byte[] string(String text) {
    byte[] bytes = Bytes.latin1(text);
    return Bytes.join(prefixed(bytes.length), bytes);
  }

  /** An integer with a prefix of seven bits (RFC 7541, section 5.1). */
  private static byte[] prefixed(int value) {
    return value < 0x7f ? Bytes.of(value) : Bytes.join(Bytes.of(0x7f), Fields.varint(value - 0x7f));
  }
}
