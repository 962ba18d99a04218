package dev.userservice.rpc;

import io.vertx.core.Handler;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpVersion;
import io.vertx.core.internal.http.HttpServerRequestInternal;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Predicate;

/**
 * Decides what an HTTP request is: a call, the question of a browser whether a page may call, or
 * anything else, which is answered by an HTTP status.
 */
final class CallRequests {

  private final Vertx vertx;
  private final int messageBytes;

  /** The bound methods by path. */
  private final Map<String, BoundMethod> methods = new HashMap<>();

  /** The handlers of what is not a call, by path. */
  private Map<String, Handler<HttpServerRequest>> pages = Map.of();

  private Predicate<String> ownHost = host -> true;
  private Origins origins = new Origins(List.of());

  /** Takes the calls over WebSockets; null if they are not served. */
  private Consumer<RequestGate> socketCalls;

  private int startMillis;

  /**
   * @param messageBytes the max size of a message of unknown methods
   */
  CallRequests(Vertx vertx, int messageBytes) {
    this.vertx = vertx;
    this.messageBytes = messageBytes;
  }

  void add(BoundMethod method) {
    methods.put(method.path(), method);
  }

  /** Sets the accepted Host headers of plaintext HTTP/1.1. */
  void onlyFor(Predicate<String> ownHost) {
    this.ownHost = ownHost;
  }

  /** Sets the other origins whose pages may call. */
  void alsoForPagesOf(Collection<String> origins) {
    this.origins = new Origins(origins);
  }

  /** Sets what answers GET and HEAD of exact paths. */
  void alsoAnswer(Map<String, Handler<HttpServerRequest>> pages) {
    this.pages = Map.copyOf(pages);
  }

  /** Returns the method of a path, which may be an unknown one. */
  BoundMethod bound(String path) {
    BoundMethod method = path == null ? null : methods.get(path);
    return method != null ? method : BoundMethod.unknown(String.valueOf(path), messageBytes);
  }

  /**
   * Serves calls over WebSockets.
   *
   * @param startMillis the max time until the first frame
   */
  void alsoOverSockets(Consumer<RequestGate> calls, int startMillis) {
    socketCalls = calls;
    this.startMillis = startMillis;
  }

  /**
   * Returns the gate of a call. Returns null for a request that is not one, and is then answered,
   * and for a WebSocket, whose call starts later.
   */
  RequestGate admit(HttpServerRequest http, CallMemory memory) {
    BoundMethod method = bound(http.path());
    boolean get = http.method() == HttpMethod.GET && method.isSafe();
    ContentType type =
        get
            ? ConnectGet.contentType(http)
            : ContentType.of(http.getHeader(HttpHeaders.CONTENT_TYPE));
    String expect = http.getHeader(Refusal.EXPECT);
    if (isOfPage(http, method, type)) {
      answerPage(http, expect, memory);
      return null;
    }
    String origin = origin(http, type);
    Refusal refusal = refusalOfSender(http, origin);
    if (refusal == null && origin != null && origins.isPreflight(http, origin)) {
      Refusal.dropBody(vertx, http, memory);
      origins.answerPreflight(http);
      return null;
    }
    boolean socket = socketCalls != null && SocketHandshake.isAskedBy(http);
    if (refusal == null) {
      refusal = socket ? SocketHandshake.refusal(http) : refusal(http, method, type, get, expect);
    }
    if (refusal != null) {
      refusal.answer(vertx, http, memory);
      return null;
    }
    if (socket) {
      openSocket(http, method, memory);
      return null;
    }
    if (Refusal.awaitsContinue(http, expect)) {
      // Also for a call that will be refused: its body is bounded, and a client that withholds it
      // may be unsure where its next request starts.
      http.response().writeContinue();
    }
    return gate((HttpServerRequestInternal) http, method, type, memory, get);
  }

  /** Calls at the path of a page are those of an unknown method, as elsewhere. */
  private boolean isOfPage(HttpServerRequest http, BoundMethod method, ContentType type) {
    boolean call = http.method() == HttpMethod.POST && type != null;
    return !call && !method.isKnown() && http.path() != null && pages.containsKey(http.path());
  }

  /** The origin of the page that sends the request, or null. */
  private static String origin(HttpServerRequest http, ContentType type) {
    // Browsers cannot send gRPC: they have no trailers.
    boolean grpc = type != null && type.protocol() == Protocol.GRPC;
    return grpc ? null : http.getHeader(HttpHeaders.ORIGIN);
  }

  /**
   * The refusal of a request for the host that it names, or for the origin of its page; or null.
   */
  private Refusal refusalOfSender(HttpServerRequest http, String origin) {
    Refusal ofHost = Refusal.ofHost(http, ownHost);
    return ofHost == null && origin != null ? origins.admit(http, origin) : ofHost;
  }

  private void answerPage(HttpServerRequest http, String expect, CallMemory memory) {
    Refusal refusal = Refusal.ofHost(http, ownHost);
    if (refusal == null) {
      refusal = Refusal.ofPage(http, expect);
    }
    if (refusal == null) {
      refusal = Origins.onlyOwn(http);
    }
    if (refusal != null) {
      refusal.answer(vertx, http, memory);
    } else {
      Refusal.dropBody(vertx, http, memory);
      pages.get(http.path()).handle(http);
    }
  }

  private void openSocket(HttpServerRequest http, BoundMethod method, CallMemory memory) {
    http.toWebSocket()
        .onComplete(
            socket -> {
              Connections.upgraded(http.connection(), memory);
              SocketRequest request =
                  new SocketRequest(http, socket, memory, method.messageBytes());
              request.awaitStart(
                  vertx,
                  startMillis,
                  () -> socketCalls.accept(new FrameGate(request, method, request.type(), memory)));
            },
            failed -> memory.close());
  }

  /** The refusal of a request that is not a call as an HTTP request, or null. */
  private static Refusal refusal(
      HttpServerRequest http, BoundMethod method, ContentType type, boolean get, String expect) {
    String allowed = method.isSafe() ? "GET, POST" : "POST";
    Refusal refusal = get ? null : Refusal.of(http, expect, http.path(), allowed);
    if (refusal != null) {
      return refusal;
    }
    if (type == null) {
      return get ? Refusal.encodingOfGet() : Refusal.contentType();
    }
    return ofType(http, method, type);
  }

  /** The refusal of a content-type for a method, or null. */
  private static Refusal ofType(HttpServerRequest http, BoundMethod method, ContentType type) {
    boolean http2 = http.version() == HttpVersion.HTTP_2;
    if (type.protocol() == Protocol.GRPC && !http2) {
      return Refusal.needsHttp2(http.isSSL());
    }
    if (!type.protocol().isConnect() || !method.isKnown()) {
      return null;
    }
    if (method.isStream() != (type.protocol() == Protocol.CONNECT_STREAM)) {
      return method.isStream() ? Refusal.contentTypeOfStream() : Refusal.contentTypeOfUnary();
    }
    return method.isBidirectional() && !http2 ? Refusal.bidirectionalOverHttp1() : null;
  }

  private static RequestGate gate(
      HttpServerRequestInternal http,
      BoundMethod method,
      ContentType type,
      CallMemory memory,
      boolean get) {
    if (type.protocol().hasFrames()) {
      return new FrameGate(http, method, type, memory);
    }
    if (!get) {
      return new BodyGate(http, method, type, memory, null);
    }
    // An answer may depend on who asks.
    http.response().putHeader(HttpHeaders.CACHE_CONTROL, "no-store");
    return new BodyGate(http, method, type, memory, ConnectGet.of(http));
  }
}
