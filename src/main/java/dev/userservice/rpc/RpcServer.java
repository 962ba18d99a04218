package dev.userservice.rpc;

import com.google.protobuf.Descriptors.MethodDescriptor;
import com.google.protobuf.Descriptors.ServiceDescriptor;
import io.vertx.core.Future;
import io.vertx.core.Handler;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpConnection;
import io.vertx.core.http.HttpServerRequest;
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
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Predicate;

/**
 * The request handler of an HTTP server for calls by gRPC, gRPC-Web and Connect. Every call ends,
 * and with the right status, whatever the caller sends and whatever the service does.
 *
 * <p>One for each event loop; not shared between them.
 */
public final class RpcServer implements Handler<HttpServerRequest> {

  private static final String CONNECT_VERSION = "connect-protocol-version";

  /** The interval of {@link OpenCalls#release}. */
  private static final long RELEASE_MILLIS = 250;

  private final GrpcServer grpc;
  private final Failures failures;
  private final int messageBytes;
  private final int requestMillis;
  private final boolean gzipResponses;
  private final CallRequests requests;

  /** The memory for a server without {@link Connections}, as in tests. */
  private final MemoryBudget unbounded = new MemoryBudget(Long.MAX_VALUE);

  private final List<Interceptor> interceptors = new ArrayList<>();

  private final OpenCalls calls = new OpenCalls();

  /** The request that {@link #grpc} is dispatching now, for {@link #open}. */
  private RequestGate arriving;

  /**
   * @param domain the {@code google.rpc.ErrorInfo} domain of every error
   * @param messageBytes the max size of a request message, both compressed and inflated; a service
   *     may set a smaller one
   * @param requestMillis the max time for the one request of a unary or server streaming call
   * @param gzipResponses true to compress responses for callers that accept it
   * @param table maps the services' own failures to statuses; returns null for an unexpected one,
   *     which is then logged and answered INTERNAL
   */
  public RpcServer(
      Vertx vertx,
      String domain,
      int messageBytes,
      int requestMillis,
      boolean gzipResponses,
      Function<Throwable, RpcStatus> table) {
    this.requests = new CallRequests(vertx, messageBytes);
    this.failures = new Failures(domain, table);
    this.messageBytes = messageBytes;
    this.requestMillis = requestMillis;
    this.gzipResponses = gzipResponses;
    this.grpc =
        GrpcServer.server(
            vertx,
            new GrpcServerOptions()
                .removeEnabledProtocol(GrpcProtocol.TRANSCODING)
                .removeEnabledProtocol(GrpcProtocol.WEB_TEXT)
                // RequestGate has already checked every size.
                .setMaxMessageSize(Integer.MAX_VALUE));
    vertx.setPeriodic(RELEASE_MILLIS, turn -> calls.release());
    grpc.callHandler(
        request -> open(request, null, call -> call.fail(unimplemented(call.info().method()))));
  }

  /** Adds an interceptor behind the earlier ones; call before the server listens. */
  public RpcServer intercept(Interceptor interceptor) {
    interceptors.add(interceptor);
    return this;
  }

  /** Sets the accepted Host headers of plaintext HTTP/1.1; others get 421. By default all. */
  public RpcServer onlyFor(Predicate<String> ownHost) {
    requests.onlyFor(ownHost);
    return this;
  }

  /** Lets pages of other origins call; by default only those of the server's own may. */
  public RpcServer alsoForPagesOf(Collection<String> origins) {
    requests.alsoForPagesOf(origins);
    return this;
  }

  /**
   * Answers GET and HEAD of exact paths; other methods get 405 there, except calls. Pages of other
   * origins are refused.
   *
   * @param pages handlers that end the response, by path; called on the event loop of the request
   */
  public RpcServer alsoAnswer(Map<String, Handler<HttpServerRequest>> pages) {
    requests.alsoAnswer(pages);
    return this;
  }

  /**
   * The max size of a request message.
   *
   * @param method the full name of a method, {@code service/method}
   */
  public int messageBytes(String method) {
    return requests.bound("/" + method).messageBytes();
  }

  /** Serves calls over WebSockets too; by default not. */
  public RpcServer alsoOverSockets() {
    requests.alsoOverSockets(this::dispatch, requestMillis);
    return this;
  }

  /** The bound services. */
  public List<Service> services() {
    return grpc.services();
  }

  /** Ends every endless call with a failure, because none ends itself; later ones end at once. */
  public void endEndlessCalls(Throwable failure) {
    calls.endEndless(failure);
  }

  /** Ends every call with a failure. */
  public void endAllCalls(Throwable failure) {
    calls.endAll(failure);
  }

  /** The number of calls with an open stream; on other threads, of a moment ago. */
  public int openCalls() {
    return calls.size();
  }

  /** Ends every call of a connection with a failure. */
  public void endCalls(HttpConnection connection, Throwable failure) {
    calls.end(connection, failure);
  }

  /** Starts the table of a service's methods. */
  public RpcService service(ServiceName name, ServiceDescriptor descriptor) {
    return new RpcService(this, name, descriptor);
  }

  void add(Service service) {
    grpc.addService(service);
  }

  /**
   * Binds a method.
   *
   * @param kind tells how many messages it has in either direction
   * @param messageBytes the max size of a request message; 0 for that of the server
   */
  <Q, R> void bind(
      ServiceBuilder service,
      ServiceMethod<Q, R> method,
      MethodDescriptor kind,
      int messageBytes,
      Consumer<Call<Q, R>> handler) {
    int bytes = messageBytes == 0 ? this.messageBytes : Math.min(messageBytes, this.messageBytes);
    String name = method.fullMethodName();
    requests.add(new BoundMethod(name, "/" + name, kind, bytes));
    RpcMethod<Q, R> rpc = new RpcMethod<>(method, requestMillis);
    service.bind(method, request -> open(request, rpc, handler));
  }

  @Override
  public void handle(HttpServerRequest http) {
    CallMemory memory = memory(http);
    if (memory == null) {
      http.connection().close();
      return;
    }
    RequestGate call = requests.admit(http, memory);
    if (call != null) {
      dispatch(call);
    }
  }

  private void dispatch(RequestGate call) {
    arriving = call;
    grpc.handle(call);
  }

  /** Answers a request that cannot be read as HTTP/1.1, and closes its connection. */
  public void refuseMalformed(HttpServerRequest http) {
    Refusal.malformed(http).send(http);
    http.connection().close();
  }

  /** The memory of a request: opened with its HTTP/2 stream, or here; null above the budget. */
  private CallMemory memory(HttpServerRequest http) {
    ConnectionMemory connection = Connections.memory(http.connection());
    if (connection == null) {
      connection = unbounded.open("", false);
    }
    CallMemory arrived = connection.arrived();
    return arrived != null ? arrived : connection.openCall(ConnectionMemory.CALL_BYTES);
  }

  private <Q, R> void open(
      GrpcServerRequest<Q, R> request, RpcMethod<Q, R> method, Consumer<Call<Q, R>> handler) {
    CallInfo info =
        new CallInfo(
            arriving.bound().name(),
            arriving.protocol(),
            request.connection(),
            request.headers(),
            arriving.memory());
    Call<Q, R> call = new Call<>(request, arriving, method, failures, info, gzipResponses, calls);
    calls.add(call);
    intercept(call, 0, handler);
  }

  /**
   * Runs the interceptors from index {@code from}. The request stays paused until the last one
   * completes.
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
              call.pause();
              answer.onComplete(
                  go -> {
                    if (!call.isOver()) {
                      call.resume();
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

  private <Q, R> void start(Call<Q, R> call, Consumer<Call<Q, R>> handler) {
    if (call.memory().isRefused()) {
      throw new RpcException(call.memory().refusal());
    }
    BinaryMetadata.check(call.info().headers(), call.info().protocol().violation());
    checkVersion(call.info());
    call.begin();
    if (!call.isOver()) {
      handler.accept(call);
      calls.endIfDraining(call);
    }
  }

  private static void checkVersion(CallInfo call) {
    if (call.protocol().isConnect()) {
      String version = call.headers().get(CONNECT_VERSION);
      if (version != null && !version.equals("1")) {
        throw new RpcException(
            new RpcStatus(
                GrpcStatus.INVALID_ARGUMENT,
                "UNKNOWN_CONNECT_VERSION",
                CONNECT_VERSION + " must be 1"));
      }
    }
  }

  private static RpcException unimplemented(String fullMethodName) {
    return new RpcException(
        new RpcStatus(
            GrpcStatus.UNIMPLEMENTED,
            "UNKNOWN_METHOD",
            "the method " + fullMethodName + " is unknown"));
  }
}
