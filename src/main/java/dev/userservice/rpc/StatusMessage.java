package dev.userservice.rpc;

import java.nio.charset.StandardCharsets;
import java.util.HexFormat;

/**
 * The text of a status as the header {@code grpc-message}: percent-encoded UTF-8 (gRPC over HTTP/2,
 * "Percent-Encoded"). Space to tilde, except the percent sign, are not encoded, so that logs and
 * browsers show them. grpc-js would not decode reserved characters such as the comma.
 *
 * <p>A space at either end is encoded: HTTP/2 does not allow it there (RFC 9113, section 8.2.1).
 */
final class StatusMessage {

  /** The max size on the wire, in bytes. */
  static final int MAX_BYTES = 1_024;

  /** Marks a message that was cut. */
  private static final String CUT = "...";

  private static final int ESCAPE_BYTES = 3;
  private static final int MORE_FOR_SPACE = ESCAPE_BYTES - 1;
  private static final HexFormat HEX = HexFormat.of().withUpperCase();

  private StatusMessage() {}

  /**
   * Returns the text, cut between code points if its encoded form would exceed {@link #MAX_BYTES}.
   */
  static String bounded(String text) {
    int bytes =
        (text.startsWith(" ") ? MORE_FOR_SPACE : 0) + (text.endsWith(" ") ? MORE_FOR_SPACE : 0);
    int end = 0;
    for (int i = 0; i < text.length(); ) {
      int codePoint = text.codePointAt(i);
      bytes += encodedBytes(codePoint);
      if (bytes > MAX_BYTES) {
        return text.substring(0, end) + CUT;
      }
      i += Character.charCount(codePoint);
      if (bytes <= MAX_BYTES - CUT.length()) {
        end = i;
      }
    }
    return text;
  }

  /** Returns the value of the header. */
  static String encoded(String text) {
    if (text.chars().allMatch(StatusMessage::isPlain)
        && !text.startsWith(" ")
        && !text.endsWith(" ")) {
      return text;
    }
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    StringBuilder encoded = new StringBuilder();
    for (int i = 0; i < bytes.length; i++) {
      boolean end = i == 0 || i == bytes.length - 1;
      if (isPlain(bytes[i]) && !(end && bytes[i] == ' ')) {
        encoded.append((char) bytes[i]);
      } else {
        encoded.append('%').append(HEX.toHexDigits(bytes[i]));
      }
    }
    return encoded.toString();
  }

  private static int encodedBytes(int codePoint) {
    if (isPlain(codePoint)) {
      return 1;
    }
    int utf8 = codePoint < 0x80 ? 1 : codePoint < 0x800 ? 2 : codePoint < 0x10000 ? 3 : 4;
    return utf8 * ESCAPE_BYTES;
  }

  private static boolean isPlain(int c) {
    return c >= ' ' && c <= '~' && c != '%';
  }
}
