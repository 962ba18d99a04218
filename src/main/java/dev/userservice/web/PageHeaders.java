package dev.userservice.web;

import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerResponse;

/** The headers of every response of the page: a browser runs and shows nothing but its files. */
final class PageHeaders {

  /** Content Security Policy, level 3; {@code 'self'} includes WebSockets to the same host. */
  private static final CharSequence POLICY =
      HttpHeaders.createOptimized(
          "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self';"
              + " img-src 'self' data:; base-uri 'none'; form-action 'none';"
              + " frame-ancestors 'none'");

  private PageHeaders() {}

  static void put(HttpServerResponse response, CharSequence type, CharSequence caching) {
    response
        .putHeader(HttpHeaders.CONTENT_TYPE, type)
        .putHeader(HttpHeaders.CACHE_CONTROL, caching)
        .putHeader("content-security-policy", POLICY)
        .putHeader("x-content-type-options", "nosniff")
        .putHeader("referrer-policy", "no-referrer")
        .putHeader("cross-origin-resource-policy", "same-origin");
  }
}
