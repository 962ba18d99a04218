package dev.userservice.rpc;

import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.core.net.HostAndPort;
import java.util.Collection;
import java.util.Set;

/**
 * The origins whose pages may call (CORS, the Fetch standard, section 3.2). A page of the server's
 * own origin always may. Pages of other origins get no header that would let them read a response,
 * and begin no call.
 *
 * <p>Browsers ask by a preflight first, because no content-type of a call is one of a form.
 */
final class Origins {

  private static final String MAX_AGE_SECONDS = "7200";

  private final Set<String> allowed;

  /**
   * @param allowed origins as browsers send them
   */
  Origins(Collection<String> allowed) {
    this.allowed = Set.copyOf(allowed);
  }

  /**
   * Adds the headers that let an allowed page read the response.
   *
   * @param origin the origin of the request's page
   * @return the refusal of another page, or null
   */
  Refusal admit(HttpServerRequest http, String origin) {
    if (allowed.contains(origin)) {
      // Credentials stay off: a token is a header that the page has to know.
      http.response()
          .putHeader(HttpHeaders.ACCESS_CONTROL_ALLOW_ORIGIN, origin)
          .putHeader(HttpHeaders.ACCESS_CONTROL_EXPOSE_HEADERS, "*")
          .putHeader(HttpHeaders.VARY, HttpHeaders.ORIGIN);
      return null;
    }
    return isOwn(http, origin) ? null : Refusal.otherOrigin();
  }

  /** Returns the refusal of pages of all other origins, or null. */
  static Refusal onlyOwn(HttpServerRequest http) {
    String origin = http.getHeader(HttpHeaders.ORIGIN);
    return origin == null || isOwn(http, origin) ? null : Refusal.ofForeignPage();
  }

  /** Returns true for an origin with the host and port that the request was sent to. */
  private static boolean isOwn(HttpServerRequest http, String origin) {
    HostAndPort authority = http.authority();
    int host = origin.indexOf("://");
    return authority != null
        && host > 0
        && origin.substring(host + "://".length()).equalsIgnoreCase(authority.toString());
  }

  /** Returns true for the question of a browser whether an allowed page may call. */
  boolean isPreflight(HttpServerRequest http, String origin) {
    return http.method() == HttpMethod.OPTIONS
        && allowed.contains(origin)
        && http.getHeader(HttpHeaders.ACCESS_CONTROL_REQUEST_METHOD) != null;
  }

  /** Says what the page may send: POST, with any headers, because metadata has any name. */
  void answerPreflight(HttpServerRequest http) {
    HttpServerResponse response = http.response();
    String headers = http.getHeader(HttpHeaders.ACCESS_CONTROL_REQUEST_HEADERS);
    response.putHeader(HttpHeaders.ACCESS_CONTROL_ALLOW_METHODS, "POST");
    if (headers != null) {
      response.putHeader(HttpHeaders.ACCESS_CONTROL_ALLOW_HEADERS, headers);
    }
    response.putHeader(HttpHeaders.ACCESS_CONTROL_MAX_AGE, MAX_AGE_SECONDS);
    response.setStatusCode(204).end();
  }
}
