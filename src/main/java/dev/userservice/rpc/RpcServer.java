package dev.userservice.rpc;

import com.google.protobuf.Descriptors.ServiceDescriptor;
import io.vertx.core.Future;
import io.vertx.core.Handler;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpConnection;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.core.internal.http.HttpServerRequestInternal;
import io.vertx.grpc.common.GrpcStatus;
import io.vertx.grpc.common.ServiceMethod;
import io.vertx.grpc.common.ServiceName;
import io.vertx.grpc.server.GrpcProtocol;
import io.vertx.grpc.server.GrpcServer;
import io.vertx.grpc.server.GrpcServerOptions;
import io.vertx.grpc.server.GrpcServerRequest;
import io.vertx.grpc.server.Service;
import io.vertx.grpc.server.ServiceBuilder;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.regex.Pattern;

/**
 * The front door of all gRPC calls: the request handler of an HTTP server. It sees to it that every
 * call ends, with the right status, whatever the caller sends and whatever the service does.
 *
 * <p>One for each event loop; not shared between them.
 */
public final class RpcServer implements Handler<HttpServerRequest> {

  /**
   * What the gRPC HTTP/2 and gRPC-Web specifications let stand in content-type, parameters apart.
   */
  private static final Pattern CONTENT_TYPE = Pattern.compile("application/grpc(-web)?(\\+proto)?");

  /** What nearly every caller sends. */
  private static final String GRPC = "application/grpc";

  /** How often calls are looked at: whether they may go on, and if over, why they have a stream. */
  private static final long RELEASE_MILLIS = 250;

  private final GrpcServer grpc;
  private final Failures failures;
  private final int messageBytes;
  private final boolean gzipResponses;
  private final List<Interceptor> interceptors = new ArrayList<>();

  private final OpenCalls calls = new OpenCalls();

  /** The request that {@link #grpc} is dispatching right now, for the call that it leads to. */
  private FrameGate arriving;

  /**
   * @param domain the {@code google.rpc.ErrorInfo} domain of every error
   * @param messageBytes the largest request message, both as it comes and inflated
   * @param gzipResponses whether responses are compressed for callers that accept it
   * @param table the statuses of the services' own failures; null for one that is unexpected, which
   *     is then logged and answered INTERNAL
   */
  public RpcServer(
      Vertx vertx,
      String domain,
      int messageBytes,
      boolean gzipResponses,
      Function<Throwable, RpcStatus> table) {
    this.failures = new Failures(domain, table);
    this.messageBytes = messageBytes;
    this.gzipResponses = gzipResponses;
    this.grpc =
        GrpcServer.server(
            vertx,
            new GrpcServerOptions()
                .removeEnabledProtocol(GrpcProtocol.TRANSCODING)
                .removeEnabledProtocol(GrpcProtocol.WEB_TEXT)
                // The gate has measured every frame before this would.
                .setMaxMessageSize(Integer.MAX_VALUE));
    vertx.setPeriodic(RELEASE_MILLIS, turn -> release());
    grpc.callHandler(
        request -> open(request, null, call -> call.fail(unimplemented(request.fullMethodName()))));
  }

  /** Adds an interceptor behind those that are there; to be called before calls come. */
  public RpcServer intercept(Interceptor interceptor) {
    interceptors.add(interceptor);
    return this;
  }

  /** The services that are bound. */
  public List<Service> services() {
    return grpc.services();
  }

  /** Ends every call with a failure that has no end of its own, and so would never finish. */
  public void endEndlessCalls(Throwable failure) {
    calls.all().stream().filter(Call::isEndless).forEach(call -> call.fail(failure));
  }

  /** Ends every call with a failure. */
  public void endAllCalls(Throwable failure) {
    calls.all().forEach(call -> call.fail(failure));
  }

  /** How many calls have a stream. */
  public int openCalls() {
    return calls.size();
  }

  /** How many calls of a connection have a stream. */
  public int openCalls(HttpConnection connection) {
    return (int) calls.all().stream().filter(call -> call.connection() == connection).count();
  }

  /** Starts the table of a service's methods. */
  public RpcService service(ServiceName name, ServiceDescriptor descriptor) {
    return new RpcService(this, name, descriptor);
  }

  void add(Service service) {
    grpc.addService(service);
  }

  <Q, R> void bind(
      ServiceBuilder service, ServiceMethod<Q, R> method, Consumer<Call<Q, R>> handler) {
    service.bind(method, request -> open(request, method, handler));
  }

  @Override
  public void handle(HttpServerRequest http) {
    String contentType = http.getHeader(HttpHeaders.CONTENT_TYPE);
    String mediaType = mediaType(contentType);
    if (mediaType == null) {
      refuse(http, 415, "content-type must be application/grpc");
    } else if (http.method() != HttpMethod.POST || http.path() == null) {
      refuse(http, 405, "a gRPC call is a POST");
    } else {
      if (mediaType.length() < contentType.length()) {
        http.headers().set(HttpHeaders.CONTENT_TYPE, mediaType);
      }
      arriving = new FrameGate((HttpServerRequestInternal) http, messageBytes);
      grpc.handle(arriving);
    }
  }

  private void release() {
    long now = System.nanoTime();
    long nowMillis = System.currentTimeMillis();
    calls.all().forEach(call -> call.release(now, nowMillis));
  }

  /** The content-type without its parameters; null when it is none of gRPC. */
  private static String mediaType(String contentType) {
    if (GRPC.equals(contentType)) {
      return contentType;
    }
    String mediaType = contentType == null ? "" : contentType.split(";", 2)[0].strip();
    return CONTENT_TYPE.matcher(mediaType).matches() ? mediaType : null;
  }

  private <Q, R> void open(
      GrpcServerRequest<Q, R> request, ServiceMethod<Q, R> method, Consumer<Call<Q, R>> handler) {
    CallInfo info = new CallInfo(request.fullMethodName(), request.connection(), request.headers());
    Call<Q, R> call = new Call<>(request, arriving, method, failures, info, gzipResponses, calls);
    calls.add(call);
    intercept(call, 0, handler);
  }

  /**
   * Asks the interceptors from one on; nothing of the call is read before the last has answered.
   */
  private <Q, R> void intercept(Call<Q, R> call, int from, Consumer<Call<Q, R>> handler) {
    call.guard(
        () -> {
          for (int i = from; i < interceptors.size(); i++) {
            Future<Void> answer = interceptors.get(i).intercept(call.info());
            if (answer.failed()) {
              call.fail(answer.cause());
              return;
            }
            if (!answer.isComplete()) {
              int next = i + 1;
              call.request().pause();
              answer.onComplete(
                  go -> {
                    if (!call.isOver()) {
                      call.request().resume();
                      intercept(call, next, handler);
                    }
                  },
                  call::fail);
              return;
            }
          }
          start(call, handler);
        });
  }

  private static <Q, R> void start(Call<Q, R> call, Consumer<Call<Q, R>> handler) {
    BinaryMetadata.check(call.request().headers());
    call.begin();
    if (!call.isOver()) {
      handler.accept(call);
    }
  }

  /**
   * Not a gRPC call, so it gets an HTTP status; clients that look for a gRPC status find one too.
   */
  private static void refuse(HttpServerRequest http, int statusCode, String message) {
    HttpServerResponse response = http.response().setStatusCode(statusCode);
    response.putHeader("grpc-status", GrpcStatus.INTERNAL.toString());
    response.putHeader("grpc-message", message);
    // Browsers, which may come by, must not make more of the answer than it says.
    response.putHeader("x-content-type-options", "nosniff");
    if (statusCode == 405) {
      response.putHeader(HttpHeaders.ALLOW, "POST");
    }
    response.end();
  }

  private static RpcException unimplemented(String fullMethodName) {
    return new RpcException(
        new RpcStatus(
            GrpcStatus.UNIMPLEMENTED,
            "UNKNOWN_METHOD",
            "there is no method " + fullMethodName + " here"));
  }
}
