package dev.userservice.rpc;

import io.netty.handler.codec.http.TooLongHttpHeaderException;
import io.netty.handler.codec.http.TooLongHttpLineException;
import io.netty.handler.codec.http2.Http2Error;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.core.http.HttpVersion;
import io.vertx.grpc.common.GrpcStatus;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;

/**
 * The HTTP status of a request that is not a gRPC call.
 *
 * @param status an HTTP status, from 400 on
 * @param message the reason, for people
 * @param headers further headers of the status
 */
record Refusal(int status, String message, Map<CharSequence, String> headers) {

  /** The sentence behind each reason, for users of a browser or curl. */
  private static final String HELP =
      "This server speaks gRPC (https://grpc.io), gRPC-Web and Connect (https://connectrpc.com)."
          + " Without a client of these: POST a JSON object to /package.Service/Method, with"
          + " content-type: application/json.\n";

  /** The time for the sender of a refused request to finish sending after the response. */
  private static final long REFUSED_MILLIS = 500;

  private static final CharSequence ACCEPT_POST = HttpHeaders.createOptimized("accept-post");
  private static final String UNARY_TYPES = "application/json, application/proto";
  private static final String STREAM_TYPES = "application/connect+json, application/connect+proto";

  static final CharSequence EXPECT = HttpHeaders.createOptimized("expect");

  Refusal(int status, String message) {
    this(status, message, Map.of());
  }

  /**
   * Checks everything but the Host and the content-type.
   *
   * @param expect the value of {@link #EXPECT}, or null
   * @param path the path of the request, or null
   * @param allowed the HTTP methods for this path
   * @return null for a valid request
   */
  static Refusal of(HttpServerRequest http, String expect, String path, String allowed) {
    if (isUnmet(http, expect)) {
      return expectation();
    }
    return path != null && http.method() == HttpMethod.POST
        ? null
        : new Refusal(
            405,
            "a gRPC call is a POST to /package.Service/Method",
            Map.of(HttpHeaders.ALLOW, allowed));
  }

  /** As {@link #of}, at the path of a page. */
  static Refusal ofPage(HttpServerRequest http, String expect) {
    if (isUnmet(http, expect)) {
      return expectation();
    }
    return http.method() == HttpMethod.GET || http.method() == HttpMethod.HEAD
        ? null
        : new Refusal(
            405, "the page of the server is read by GET", Map.of(HttpHeaders.ALLOW, "GET, HEAD"));
  }

  private static Refusal expectation() {
    return new Refusal(417, "the only supported expectation is 100-continue");
  }

  /**
   * Checks the Host of HTTP/1.1.
   *
   * @param ownHost true for a Host that names this server, over plaintext HTTP/1.1: a browser can
   *     be led here under another name, and without TLS it speaks HTTP/1.1 only
   * @return null for a valid request
   */
  static Refusal ofHost(HttpServerRequest http, Predicate<String> ownHost) {
    if (http.version() == HttpVersion.HTTP_2) {
      return null;
    }
    List<String> hosts = http.headers().getAll(HttpHeaders.HOST);
    // RFC 9112, section 3.2; HTTP/1.0 does not require a Host.
    boolean needed = http.version() == HttpVersion.HTTP_1_1;
    if (hosts.size() > 1 || needed && (hosts.isEmpty() || hosts.get(0).isEmpty())) {
      return new Refusal(400, "an HTTP/1.1 request needs exactly one Host header");
    }
    return http.isSSL() || hosts.isEmpty() || ownHost.test(hosts.get(0))
        ? null
        : new Refusal(
            421,
            "the Host header names another server; if it is a name of this one, add it to its"
                + " configuration, \"allowedHosts\"");
  }

  /** The refusal of a page of an origin that may not call. */
  static Refusal otherOrigin() {
    return new Refusal(
        403,
        "the page is of an origin that may not call; if it may, add it to the configuration of the"
            + " server, \"web.origins\"");
  }

  /** The refusal of a page of another origin that asks for what the server's own page has. */
  static Refusal ofForeignPage() {
    return new Refusal(403, "only the server's own page may ask for this");
  }

  /** The refusal of a content-type that is not served. */
  static Refusal contentType() {
    return new Refusal(
        415,
        "content-type must be application/grpc, application/grpc-web or application/json",
        Map.of(ACCEPT_POST, UNARY_TYPES + ", " + STREAM_TYPES));
  }

  /** The refusal of a GET that does not say how its message is encoded. */
  static Refusal encodingOfGet() {
    return new Refusal(
        415, "a call by GET needs the parameters encoding, which is json or proto, and message");
  }

  /** The refusal of a content-type of unary calls for a stream of Connect. */
  static Refusal contentTypeOfStream() {
    return new Refusal(
        415,
        "this method is a stream: content-type must be application/connect+json or"
            + " application/connect+proto, and each message needs a prefix of five bytes",
        Map.of(ACCEPT_POST, STREAM_TYPES));
  }

  /** The refusal of a content-type of streams for a unary call of Connect. */
  static Refusal contentTypeOfUnary() {
    return new Refusal(
        415,
        "this method is unary: content-type must be application/json or application/proto",
        Map.of(ACCEPT_POST, UNARY_TYPES));
  }

  /** The refusal of a bidirectional stream of Connect over HTTP/1.1. */
  static Refusal bidirectionalOverHttp1() {
    return new Refusal(505, "a bidirectional stream needs HTTP/2");
  }

  /** The refusal of gRPC over HTTP/1.1, which lacks the trailers that statuses need. */
  static Refusal needsHttp2(boolean tls) {
    return new Refusal(
        426,
        "content-type application/grpc needs HTTP/2",
        // In plaintext a client can upgrade this connection; TLS chooses by ALPN.
        Map.of("upgrade", tls ? "HTTP/2.0" : "h2c", HttpHeaders.CONNECTION, "upgrade"));
  }

  /** The refusal of a request that cannot be read as HTTP/1.1. */
  static Refusal malformed(HttpServerRequest http) {
    Throwable cause = http.decoderResult().cause();
    if (cause instanceof TooLongHttpLineException) {
      return new Refusal(414, "the request line is too long");
    }
    if (cause instanceof Http1Versions.UnknownVersionException) {
      return new Refusal(505, "the supported versions of HTTP are 1.0, 1.1 and 2");
    }
    return cause instanceof TooLongHttpHeaderException
        ? new Refusal(431, "the headers are too large")
        : new Refusal(400, "the request is not HTTP");
  }

  /**
   * Returns true if the client waits for 100 before it sends the body (RFC 9110, section 10.1.1).
   *
   * @param expect the value of {@link #EXPECT}, or null
   */
  static boolean awaitsContinue(HttpServerRequest http, String expect) {
    return expect != null && counts(http) && isContinue(expect);
  }

  /** Returns false for HTTP/1.0, where an expectation is ignored. */
  private static boolean counts(HttpServerRequest http) {
    return http.version() != HttpVersion.HTTP_1_0;
  }

  /** Returns true if the headers of an HTTP/1.1 request declare a body. */
  static boolean hasBody(HttpServerRequest http) {
    String length = http.getHeader(HttpHeaders.CONTENT_LENGTH);
    return length != null && !length.equals("0")
        || http.headers().contains(HttpHeaders.TRANSFER_ENCODING);
  }

  private static boolean isUnmet(HttpServerRequest http, String expect) {
    return expect != null && counts(http) && !isContinue(expect);
  }

  private static boolean isContinue(String expect) {
    return expect.equalsIgnoreCase("100-continue");
  }

  /**
   * Answers a request that is not a gRPC call with an HTTP status. The rest of its body is read and
   * dropped, for a limited time.
   */
  void answer(Vertx vertx, HttpServerRequest http, CallMemory memory) {
    dropBody(vertx, http, memory);
    send(http);
  }

  /** Reads and drops the rest of a body, for a limited time. */
  static void dropBody(Vertx vertx, HttpServerRequest http, CallMemory memory) {
    if (http.version() != HttpVersion.HTTP_2) {
      memory.close();
      if (awaitsContinue(http, http.getHeader(EXPECT))) {
        // Its body may follow or not, so that it cannot be told from a next request.
        http.response().putHeader(HttpHeaders.CONNECTION, HttpHeaders.CLOSE);
        vertx.setTimer(REFUSED_MILLIS, late -> http.connection().close());
      } else if (hasBody(http)) {
        vertx.setTimer(
            REFUSED_MILLIS,
            late -> {
              if (!http.isEnded()) {
                http.connection().close();
              }
            });
      }
    } else if (!http.isEnded()) {
      http.handler(chunk -> memory.release(chunk.length()));
      vertx.setTimer(
          REFUSED_MILLIS,
          late -> {
            if (!http.isEnded()) {
              http.response().reset(Http2Error.NO_ERROR.code());
            }
          });
    }
  }

  /** Sends an HTTP status, with a gRPC status for clients that look for one. */
  void send(HttpServerRequest http) {
    HttpServerResponse response = http.response().setStatusCode(status);
    response.putHeader("grpc-status", GrpcStatus.INTERNAL.toString());
    response.putHeader("grpc-message", message);
    // Browsers must not interpret the response as another type.
    response.putHeader("x-content-type-options", "nosniff");
    headers.forEach(response::putHeader);
    if (http.method() == HttpMethod.HEAD || isGrpcClient(http)) {
      response.end();
    } else {
      response.putHeader(HttpHeaders.CONTENT_TYPE, "text/plain; charset=utf-8");
      response.end(text());
    }
  }

  /** Returns true for a gRPC client: it reads a status from headers only if they end the stream. */
  private static boolean isGrpcClient(HttpServerRequest http) {
    return http.version() == HttpVersion.HTTP_2
        && ContentType.startsLikeGrpc(http.getHeader(HttpHeaders.CONTENT_TYPE));
  }

  private String text() {
    return message + ".\n" + HELP;
  }
}
