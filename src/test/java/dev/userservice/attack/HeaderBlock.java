package dev.userservice.attack;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;

/** A header block in HPACK (RFC 7541), of literals only, and so the same on every connection. */
final class HeaderBlock {

  private static final int WITHOUT_INDEXING = 0x00;
  private static final int WITH_INDEXING = 0x40;
  private static final int INDEXED = 0x80;

  private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();

  /** A gRPC call of a method, whose compressed messages are gzip. */
  static HeaderBlock call(String path) {
    return request("POST", path)
        .add("content-type", "application/grpc")
        .add("te", "trailers")
        .add("grpc-encoding", "gzip");
  }

  static HeaderBlock request(String method, String path) {
    return new HeaderBlock()
        .add(":method", method)
        .add(":scheme", "http")
        .add(":path", path)
        .add(":authority", "test");
  }

  HeaderBlock add(String name, String value) {
    return literal(WITHOUT_INDEXING, name, value);
  }

  /** Adds a header that the receiver also stores in its dynamic table. */
  HeaderBlock addIndexed(String name, String value) {
    return literal(WITH_INDEXING, name, value);
  }

  /** Adds a header of the receiver's table: 62 is the one stored last. */
  HeaderBlock addStored(int index) {
    integer(INDEXED, 7, index);
    return this;
  }

  byte[] bytes() {
    return bytes.toByteArray();
  }

  private HeaderBlock literal(int kind, String name, String value) {
    bytes.write(kind);
    text(name);
    text(value);
    return this;
  }

  private void text(String text) {
    byte[] octets = text.getBytes(StandardCharsets.UTF_8);
    integer(0, 7, octets.length);
    bytes.writeBytes(octets);
  }

  /** An integer with a prefix of some bits (RFC 7541, 5.1). */
  private void integer(int flags, int bits, int value) {
    int max = (1 << bits) - 1;
    if (value < max) {
      bytes.write(flags | value);
      return;
    }
    bytes.write(flags | max);
    int rest = value - max;
    while (rest >= 0x80) {
      bytes.write(rest & 0x7f | 0x80);
      rest >>>= 7;
    }
    bytes.write(rest);
  }
}
