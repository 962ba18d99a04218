package dev.userservice.web;

import io.vertx.core.Handler;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerRequest;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Base64;
import java.util.Map;

/**
 * One file of the page, in memory. Answers GET and HEAD; a browser that has the same bytes gets 304
 * (RFC 9110, section 13.1.2). May be used from any thread.
 */
final class PageFile implements Handler<HttpServerRequest> {

  private static final Map<String, String> TYPES =
      Map.of(
          "html", "text/html; charset=utf-8",
          "css", "text/css; charset=utf-8",
          "js", "text/javascript; charset=utf-8",
          "svg", "image/svg+xml");

  /** Browsers keep the file, and ask each time whether it has changed. */
  private static final String CACHING = "no-cache";

  private final Buffer bytes;
  private final String type;
  private final String tag;

  /**
   * @throws IllegalArgumentException for a name with an unknown extension
   */
  PageFile(String name, byte[] bytes) {
    this.bytes = Buffer.buffer(bytes);
    type = TYPES.get(name.substring(name.lastIndexOf('.') + 1));
    if (type == null) {
      throw new IllegalArgumentException(name + " has an extension without a content-type");
    }
    tag = tag(bytes);
  }

  @Override
  public void handle(HttpServerRequest request) {
    PageHeaders.put(request.response(), type, CACHING);
    request.response().putHeader(HttpHeaders.ETAG, tag);
    if (isKnown(request.getHeader(HttpHeaders.IF_NONE_MATCH))) {
      request.response().setStatusCode(304).end();
    } else {
      Body.send(request, bytes);
    }
  }

  /** Returns true for a list that has this tag; proxies may have made it a weak one. */
  private boolean isKnown(String tags) {
    return tags != null && (tags.contains(tag) || tags.strip().equals("*"));
  }

  private static String tag(byte[] bytes) {
    try {
      byte[] hash = MessageDigest.getInstance("SHA-256").digest(bytes);
      return '"' + Base64.getUrlEncoder().withoutPadding().encodeToString(hash) + '"';
    } catch (NoSuchAlgorithmException e) {
      // Every Java platform has it.
      throw new AssertionError(e);
    }
  }
}
