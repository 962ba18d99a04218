package dev.userservice.rpc;

import io.vertx.core.MultiMap;
import io.vertx.core.http.HttpServerRequest;
import java.nio.charset.StandardCharsets;
import java.util.Base64;

/**
 * A unary call of Connect as an HTTP GET, whose message is in the query (the Connect protocol,
 * "Unary-Get-Request"). For methods without side effects: browsers send a GET for any link.
 *
 * @param message the text of the parameter; null when it is missing
 * @param base64 true if the text is the bytes of the message in base64 for URLs
 * @param compression the compression of the message; null for none
 * @param version the version of the protocol; null when it is missing
 */
record ConnectGet(String message, boolean base64, String compression, String version) {

  /** The content-type of the parameter {@code encoding}; null when it is not served. */
  static ContentType contentType(HttpServerRequest http) {
    String encoding = http.getParam("encoding");
    ContentType type = encoding == null ? null : ContentType.of("application/" + encoding);
    return type != null && type.protocol() == Protocol.CONNECT ? type : null;
  }

  static ConnectGet of(HttpServerRequest http) {
    MultiMap query = http.params();
    return new ConnectGet(
        query.get("message"),
        "1".equals(query.get("base64")),
        query.get("compression"),
        query.get("connect"));
  }

  /** The bytes of the message; null when it is missing or not in base64. */
  byte[] bytes() {
    if (message == null) {
      return null;
    }
    try {
      return base64
          ? Base64.getUrlDecoder().decode(message)
          : message.getBytes(StandardCharsets.UTF_8);
    } catch (IllegalArgumentException malformed) {
      return null;
    }
  }

  boolean isOfKnownVersion() {
    return version == null || version.equals("v1");
  }
}
