package dev.userservice.web;

import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;

/** The body of a response of the page. */
final class Body {

  private static final int PIECE_BYTES = 16_384;

  private Body() {}

  /**
   * Sends a body piece by piece: a connection copies what its client has not read, so that slow
   * readers of one large piece would cost memory each.
   */
  static void send(HttpServerRequest request, Buffer body) {
    HttpServerResponse response = request.response();
    response.putHeader(HttpHeaders.CONTENT_LENGTH, Integer.toString(body.length()));
    if (request.method() == HttpMethod.HEAD) {
      response.end();
    } else {
      send(response, body, 0);
    }
  }

  private static Future<Void> send(HttpServerResponse response, Buffer body, int from) {
    int to = from + PIECE_BYTES;
    return to >= body.length()
        ? response.end(body.slice(from, body.length()))
        : response.write(body.slice(from, to)).compose(sent -> send(response, body, to));
  }
}
