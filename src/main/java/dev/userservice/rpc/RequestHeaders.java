package dev.userservice.rpc;

import io.netty.handler.codec.http.HttpHeaderValidationUtil;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.handler.codec.http2.Http2Headers.PseudoHeaderName;
import io.netty.util.AsciiString;
import io.vertx.core.net.HostAndPort;
import java.util.Map;

/**
 * Checks the headers of an HTTP/2 request where a malformed one can be refused alone.
 *
 * <p>Netty checks while it decodes, before a stream exists that could be reset, so that the next
 * frame of the call ends the connection. Here the stream exists: RFC 9113 section 8.1.1 makes a
 * malformed request a stream error. Oddities that other servers accept are accepted: white space
 * around a value is removed, {@code te} may have any value, and an authority that is not host and
 * port counts as absent, because nothing depends on it.
 */
final class RequestHeaders {

  private static final AsciiString HOST = AsciiString.cached("host");

  /** The characters of a lower-case token (RFC 9110, section 5.6.2). */
  private static final boolean[] IN_NAME = new boolean[128];

  static {
    "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyz".chars().forEach(c -> IN_NAME[c] = true);
  }

  static final long MALFORMED = -1;

  private static final int UNKNOWN = 0;

  /** The memory of an entry besides its characters. */
  private static final int ENTRY_BYTES = 64;

  /** The authority that was parsed last: a connection repeats the same instance. */
  private CharSequence lastAuthority;

  /**
   * Checks headers, and corrects acceptable oddities.
   *
   * @return their approximate size in memory, or {@link #MALFORMED}
   */
  long check(Http2Headers headers) {
    long bytes = 0;
    int pseudoHeaders = 0;
    for (Map.Entry<CharSequence, CharSequence> header : headers) {
      CharSequence name = header.getKey();
      CharSequence value = header.getValue();
      bytes += ENTRY_BYTES + name.length() + value.length();
      if (PseudoHeaderName.hasPseudoHeaderFormat(name)) {
        int bit = pseudoHeader(name);
        if (bit == UNKNOWN || (pseudoHeaders & bit) != 0) {
          return MALFORMED;
        }
        pseudoHeaders |= bit;
      } else if (!isName(name) || HttpHeaderValidationUtil.isConnectionHeader(name, true)) {
        return MALFORMED;
      }
      if (breaksLine(value)) {
        return MALFORMED;
      }
      if (hasOuterSpace(value)) {
        header.setValue(trimmed(value));
      }
    }
    if (!isToken(headers.method()) || isEmpty(headers.path()) || isEmpty(headers.scheme())) {
      return MALFORMED;
    }
    authority(headers);
    return bytes;
  }

  /** The bit of a pseudo-header that a request may have, once; {@link #UNKNOWN} for any other. */
  private static int pseudoHeader(CharSequence name) {
    PseudoHeaderName known = PseudoHeaderName.getPseudoHeader(name);
    return known == null || !known.isRequestOnly() || known == PseudoHeaderName.PROTOCOL
        ? UNKNOWN
        : 1 << known.ordinal();
  }

  private static boolean isName(CharSequence text) {
    // Reads bytes without a method call for each, because this runs for every header.
    AsciiString name = AsciiString.of(text);
    byte[] bytes = name.array();
    int end = name.arrayOffset() + name.length();
    for (int i = name.arrayOffset(); i < end; i++) {
      if (bytes[i] < 0 || !IN_NAME[bytes[i]]) {
        return false;
      }
    }
    return name.length() > 0;
  }

  private static boolean isToken(CharSequence method) {
    if (isEmpty(method)) {
      return false;
    }
    for (int i = 0; i < method.length(); i++) {
      char c = method.charAt(i);
      if (c >= IN_NAME.length || !IN_NAME[c] && !AsciiString.isUpperCase(c)) {
        return false;
      }
    }
    return true;
  }

  private static boolean isEmpty(CharSequence value) {
    return value == null || value.length() == 0;
  }

  private static boolean breaksLine(CharSequence text) {
    AsciiString value = AsciiString.of(text);
    byte[] bytes = value.array();
    int end = value.arrayOffset() + value.length();
    for (int i = value.arrayOffset(); i < end; i++) {
      byte b = bytes[i];
      if (b <= '\r' && (b == 0 || b == '\n' || b == '\r')) {
        return true;
      }
    }
    return false;
  }

  private static boolean hasOuterSpace(CharSequence value) {
    int length = value.length();
    return length > 0 && (isSpace(value.charAt(0)) || isSpace(value.charAt(length - 1)));
  }

  private static CharSequence trimmed(CharSequence value) {
    int from = 0;
    int to = value.length();
    while (from < to && isSpace(value.charAt(from))) {
      from++;
    }
    while (to > from && isSpace(value.charAt(to - 1))) {
      to--;
    }
    return value.subSequence(from, to);
  }

  private static boolean isSpace(char c) {
    return c == ' ' || c == '\t';
  }

  /**
   * Removes an authority that Vert.x cannot parse, and a differing host: it resets such streams.
   */
  private void authority(Http2Headers headers) {
    CharSequence authority = headers.authority();
    if (authority != null) {
      headers.remove(HOST);
      if (authority == lastAuthority || isHostAndPort(authority)) {
        lastAuthority = authority;
      } else {
        headers.remove(PseudoHeaderName.AUTHORITY.value());
      }
    } else {
      CharSequence host = headers.get(HOST);
      if (host != null && !isHostAndPort(host)) {
        headers.remove(HOST);
      }
    }
  }

  private static boolean isHostAndPort(CharSequence authority) {
    try {
      return HostAndPort.parseAuthority(authority.toString(), -1) != null;
    } catch (IndexOutOfBoundsException empty) {
      return false;
    }
  }
}
