package dev.userservice.rpc;

import com.google.protobuf.Descriptors.MethodDescriptor;
import com.google.protobuf.Descriptors.ServiceDescriptor;
import io.vertx.core.Future;
import io.vertx.core.Handler;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpConnection;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpVersion;
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
import java.util.Collection;
import java.util.HashMap;
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

  /** The path of all unknown methods for the gRPC server of Vert.x. */
  private static final String UNKNOWN = "/unknown";

  private static final String CONNECT_VERSION = "connect-protocol-version";

  /** The max length of an unknown method's name; the rest is cut. */
  private static final int MAX_NAME_CHARS = 256;

  /** The interval of {@link OpenCalls#release}. */
  private static final long RELEASE_MILLIS = 250;

  private final Vertx vertx;
  private final GrpcServer grpc;
  private final Failures failures;
  private final int messageBytes;
  private final int requestMillis;
  private final boolean gzipResponses;

  /**
   * A bound method.
   *
   * @param name its full name
   * @param kind how many messages it has in either direction
   * @param messageBytes the max size of a request message
   */
  private record Bound(String name, MethodDescriptor kind, int messageBytes) {

    boolean isStream() {
      return kind.isClientStreaming() || kind.isServerStreaming();
    }

    boolean isBidirectional() {
      return kind.isClientStreaming() && kind.isServerStreaming();
    }
  }

  /** The bound methods by path. */
  private final Map<String, Bound> methods = new HashMap<>();

  private Predicate<String> ownHost = host -> true;
  private Origins origins = new Origins(List.of());

  /** The memory for a server without {@link Connections}, as in tests. */
  private final MemoryBudget unbounded = new MemoryBudget(Long.MAX_VALUE);

  private final List<Interceptor> interceptors = new ArrayList<>();

  private final OpenCalls calls = new OpenCalls();

  /** The request that {@link #grpc} is dispatching now, for {@link #open}. */
  private RequestGate arriving;

  /** The full method name of {@link #arriving}. */
  private String arrivingMethod;

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
    this.vertx = vertx;
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
    this.ownHost = ownHost;
    return this;
  }

  /** Lets pages of other origins call; by default only those of the server's own may. */
  public RpcServer alsoForPagesOf(Collection<String> origins) {
    this.origins = new Origins(origins);
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

  /** The number of calls with an open stream. */
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
    methods.put("/" + method.fullMethodName(), new Bound(method.fullMethodName(), kind, bytes));
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
    ContentType contentType = ContentType.of(http.getHeader(HttpHeaders.CONTENT_TYPE));
    String expect = http.getHeader(Refusal.EXPECT);
    String path = http.path();
    Bound method = methods.get(path);
    // Browsers cannot send gRPC: they have no trailers.
    boolean grpc = contentType != null && contentType.protocol() == Protocol.GRPC;
    String origin = grpc ? null : http.getHeader(HttpHeaders.ORIGIN);
    Refusal refusal = Refusal.ofHost(http, ownHost);
    if (refusal == null && origin != null) {
      refusal = origins.admit(http, origin);
      if (origins.isPreflight(http, origin)) {
        Refusal.dropBody(vertx, http, memory);
        origins.answerPreflight(http);
        return;
      }
    }
    if (refusal == null) {
      refusal = Refusal.of(http, expect, path);
    }
    if (refusal == null) {
      refusal = refusal(http, method, contentType);
    }
    if (refusal != null) {
      refusal.answer(vertx, http, memory);
      return;
    }
    if (Refusal.awaitsContinue(http, expect)) {
      // Also for a call that will be refused: its body is bounded, and a client that withholds it
      // may be unsure where its next request starts.
      http.response().writeContinue();
    }
    dispatch((HttpServerRequestInternal) http, path, method, contentType, memory);
  }

  /** The refusal of a content-type for a method, which may both be null. */
  private static Refusal refusal(HttpServerRequest http, Bound method, ContentType contentType) {
    if (contentType == null) {
      return Refusal.contentType();
    }
    Protocol protocol = contentType.protocol();
    boolean http2 = http.version() == HttpVersion.HTTP_2;
    if (protocol == Protocol.GRPC && !http2) {
      return Refusal.needsHttp2(http.isSSL());
    }
    if (!protocol.isConnect() || method == null) {
      return null;
    }
    if (method.isStream() != (protocol == Protocol.CONNECT_STREAM)) {
      return method.isStream() ? Refusal.contentTypeOfStream() : Refusal.contentTypeOfUnary();
    }
    return method.isBidirectional() && !http2 ? Refusal.bidirectionalOverHttp1() : null;
  }

  /** Answers a request that cannot be read as HTTP/1.1, and closes its connection. */
  public void refuseMalformed(HttpServerRequest http) {
    Refusal.malformed(http).send(http);
    http.connection().close();
  }

  /**
   * Passes a call to the gRPC server of Vert.x. That would look up an unknown path by each of its
   * prefixes, and answers some odd paths itself; so it gets one path for all unknown ones.
   */
  private void dispatch(
      HttpServerRequestInternal http,
      String path,
      Bound method,
      ContentType contentType,
      CallMemory memory) {
    arrivingMethod = method == null ? name(path) : method.name();
    String known = method == null ? UNKNOWN : path;
    int bytes = method == null ? messageBytes : method.messageBytes();
    arriving =
        contentType.protocol().hasFrames()
            ? new FrameGate(http, known, contentType, bytes, memory)
            : new BodyGate(http, known, contentType, bytes, memory);
    grpc.handle(arriving);
  }

  /** The method name in a path, or the start of it. */
  private static String name(String path) {
    int from = path.startsWith("/") ? 1 : 0;
    return path.substring(from, Math.min(path.length(), from + MAX_NAME_CHARS));
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
            arrivingMethod,
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
