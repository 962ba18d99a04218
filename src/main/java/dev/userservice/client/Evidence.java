package dev.userservice.client;

import io.vertx.core.Future;
import io.vertx.core.http.HttpClient;
import io.vertx.core.http.HttpClientRequest;
import io.vertx.core.http.HttpClientResponse;
import io.vertx.core.http.HttpConnection;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpVersion;
import io.vertx.core.http.RequestOptions;
import io.vertx.core.net.HostAndPort;
import io.vertx.grpc.common.CodecException;
import io.vertx.grpc.common.GrpcMessage;
import io.vertx.grpc.common.GrpcMessageDecoder;
import io.vertx.grpc.common.GrpcStatus;
import io.vertx.grpc.common.ServiceMethod;
import io.vertx.grpc.common.WireFormat;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * What one call shows on its way through the layers, and what the layer above no longer tells: the
 * HTTP answer when it is not gRPC, and a message that cannot be read when the stream is just said
 * to be cancelled. And what the layer above cannot say: whom the call is for, and the token.
 */
final class Evidence implements HttpClient {

  private final HttpClient http;
  private final Map<HttpConnection, Integer> lastStreams;
  private final HostAndPort host;
  private final String token;
  private String method = "";
  private HttpClientRequest request;
  private HttpClientResponse answer;
  private boolean unreadable;

  /**
   * @param lastStreams of each connection that its server has ended with GOAWAY, the last stream
   *     that the server has begun with: RFC 9113, 6.8
   * @param host whom the call is for: what the server's certificate has to be for, too
   * @param token the bearer token; empty for none
   */
  Evidence(
      HttpClient http, Map<HttpConnection, Integer> lastStreams, HostAndPort host, String token) {
    this.http = http;
    this.lastStreams = lastStreams;
    this.host = host;
    this.token = token;
  }

  @Override
  public Future<HttpClientRequest> request(RequestOptions options) {
    options.setHost(host.host()).setPort(host.port());
    if (!token.isEmpty()) {
      options.putHeader(HttpHeaders.AUTHORIZATION, "Bearer " + token);
    }
    return http.request(options)
        .compose(Evidence::overHttp2)
        .onSuccess(
            created -> {
              request = created.traceOperation(method);
              created.response().onSuccess(this::keep);
            });
  }

  /** A server that knows no ALPN (RFC 7301) is taken for one of HTTP/1.1. */
  private static Future<HttpClientRequest> overHttp2(HttpClientRequest request) {
    if (request.version() == HttpVersion.HTTP_2) {
      return Future.succeededFuture(request);
    }
    request.exceptionHandler(reset -> {}).reset();
    return Future.failedFuture(notHttp2());
  }

  static CallException notHttp2() {
    return CallException.unavailableForGood(
        "what answers is no gRPC server: it speaks TLS, but no HTTP/2");
  }

  private void keep(HttpClientResponse response) {
    answer = response;
    // A gRPC answer gets another handler in a moment. One that is not is reset, and that is no
    // news.
    response.exceptionHandler(reset -> {});
  }

  @Override
  public Future<Void> shutdown(long timeout, TimeUnit unit) {
    return http.shutdown(timeout, unit);
  }

  /** The same method, watched while it decodes. */
  <Q, R> ServiceMethod<R, Q> watch(ServiceMethod<R, Q> method) {
    this.method = method.fullMethodName();
    GrpcMessageDecoder<R> watched =
        new GrpcMessageDecoder<>() {
          @Override
          public R decode(GrpcMessage message) throws CodecException {
            try {
              return method.decoder().decode(message);
            } catch (CodecException e) {
              unreadable = true;
              throw e;
            }
          }

          @Override
          public boolean accepts(WireFormat format) {
            return method.decoder().accepts(format);
          }
        };
    return ServiceMethod.client(
        method.serviceName(), method.methodName(), method.encoder(), watched);
  }

  /** A message came that is not of the type that the contract says. */
  boolean unreadable() {
    return unreadable;
  }

  /** Whether the server has said that it had not begun with the call. */
  boolean isUnseen() {
    Integer lastStream = request == null ? null : lastStreams.get(request.connection());
    return lastStream != null && request.streamId() > lastStream;
  }

  /** Why no gRPC answer came; null when not even an HTTP answer did. */
  CallException notGrpc() {
    if (answer == null) {
      return null;
    }
    String type = answer.getHeader("content-type");
    return CallException.here(
        status(answer.statusCode()),
        "what answers is no gRPC server: HTTP %d, %s"
            .formatted(
                answer.statusCode(),
                type == null ? "without content-type" : "content-type " + type));
  }

  /** The gRPC specification, "HTTP to gRPC Status Code Mapping". */
  private static GrpcStatus status(int httpStatus) {
    return switch (httpStatus) {
      case 400 -> GrpcStatus.INTERNAL;
      case 401 -> GrpcStatus.UNAUTHENTICATED;
      case 403 -> GrpcStatus.PERMISSION_DENIED;
      case 404 -> GrpcStatus.UNIMPLEMENTED;
      case 429, 502, 503, 504 -> GrpcStatus.UNAVAILABLE;
      default -> GrpcStatus.UNKNOWN;
    };
  }
}
