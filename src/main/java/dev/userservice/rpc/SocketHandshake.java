package dev.userservice.rpc;

import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpVersion;
import java.util.Base64;
import java.util.Locale;
import java.util.Map;

/** The request for a WebSocket (RFC 6455, section 4.2.1). Vert.x answers it, if it is valid. */
final class SocketHandshake {

  private static final CharSequence VERSION = HttpHeaders.createOptimized("sec-websocket-version");
  private static final String SUPPORTED_VERSION = "13";
  private static final CharSequence KEY = HttpHeaders.createOptimized("sec-websocket-key");
  private static final int KEY_BYTES = 16;
  private static final String PROTOCOL = "websocket";
  private static final String UPGRADE = "upgrade";

  private SocketHandshake() {}

  /** Returns true for an HTTP/1.1 request that asks for a WebSocket. */
  static boolean isAskedBy(HttpServerRequest http) {
    return http.version() == HttpVersion.HTTP_1_1
        && http.method() == HttpMethod.GET
        && PROTOCOL.equalsIgnoreCase(http.getHeader(HttpHeaders.UPGRADE));
  }

  /** Returns the refusal of a malformed request for a WebSocket, or null. */
  static Refusal refusal(HttpServerRequest http) {
    if (!SUPPORTED_VERSION.equals(http.getHeader(VERSION))) {
      return new Refusal(
          426,
          "the version of a WebSocket must be " + SUPPORTED_VERSION,
          Map.of(
              VERSION,
              SUPPORTED_VERSION,
              HttpHeaders.UPGRADE,
              PROTOCOL,
              HttpHeaders.CONNECTION,
              UPGRADE));
    }
    String connection = http.getHeader(HttpHeaders.CONNECTION);
    boolean upgrades = connection != null && connection.toLowerCase(Locale.ROOT).contains(UPGRADE);
    return upgrades && isKey(http.getHeader(KEY)) && !Refusal.hasBody(http)
        ? null
        : new Refusal(
            400,
            "a request for a WebSocket needs connection: upgrade, a sec-websocket-key of 16 bytes in"
                + " base64, and no body");
  }

  private static boolean isKey(String key) {
    try {
      return key != null && Base64.getDecoder().decode(key.strip()).length == KEY_BYTES;
    } catch (IllegalArgumentException malformed) {
      return false;
    }
  }
}
