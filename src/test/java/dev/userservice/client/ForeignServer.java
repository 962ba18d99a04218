package dev.userservice.client;

import dev.userservice.kit.Waits;
import dev.userservice.proto.BatchCreateResponse;
import dev.userservice.proto.CreateUserRequest;
import dev.userservice.proto.GetUserRequest;
import dev.userservice.proto.ListUsersRequest;
import dev.userservice.proto.UserMessage;
import dev.userservice.proto.UserResponse;
import dev.userservice.proto.UserServiceGrpc;
import io.grpc.Attributes;
import io.grpc.Metadata;
import io.grpc.Server;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.ServerInterceptors;
import io.grpc.ServerStreamTracer;
import io.grpc.ServerTransportFilter;
import io.grpc.netty.NettyServerBuilder;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;

/**
 * A grpc-java server with correct answers. A test overrides the one answer that should be wrong.
 */
class ForeignServer extends UserServiceGrpc.UserServiceImplBase implements AutoCloseable {

  private static final Metadata.Key<String> TIMEOUT =
      Metadata.Key.of("grpc-timeout", Metadata.ASCII_STRING_MARSHALLER);

  final AtomicReference<String> timeout = new AtomicReference<>();
  final CountDownLatch disconnected = new CountDownLatch(1);

  /** The called methods, unknown ones included. */
  final List<String> called = new CopyOnWriteArrayList<>();

  private Server server;

  ForeignServer start() throws IOException {
    InetSocketAddress free = new InetSocketAddress(InetAddress.getByName("127.0.0.1"), 0);
    server =
        NettyServerBuilder.forAddress(free)
            .addService(ServerInterceptors.intercept(this, new TimeoutReader()))
            .addTransportFilter(new Departures())
            .addStreamTracerFactory(new CallReader())
            .build()
            .start();
    return this;
  }

  int port() {
    return server.getPort();
  }

  @Override
  public void close() throws Exception {
    server.shutdownNow().awaitTermination(Waits.SECONDS, TimeUnit.SECONDS);
  }

  static UserResponse user(int id, String name, String email, int age) {
    return UserResponse.newBuilder()
        .setUserId(id)
        .setName(name)
        .setEmail(email)
        .setAge(age)
        .setCreatedAt("2025-10-29T10:00:00Z")
        .build();
  }

  static UserResponse alice(int id) {
    return user(id, "Alice Johnson", "alice@example.com", 28);
  }

  @SafeVarargs
  static <R> void answer(StreamObserver<R> out, R... responses) {
    for (R response : responses) {
      out.onNext(response);
    }
    out.onCompleted();
  }

  @Override
  public void getUser(GetUserRequest request, StreamObserver<UserResponse> out) {
    answer(out, alice(request.getUserId()));
  }

  @Override
  public void createUser(CreateUserRequest request, StreamObserver<UserResponse> out) {
    answer(out, user(6, request.getName(), request.getEmail(), request.getAge()));
  }

  @Override
  public void listUsers(ListUsersRequest request, StreamObserver<UserResponse> out) {
    answer(out, alice(1), alice(2), alice(3));
  }

  /** The response to a whole batch. */
  BatchCreateResponse batch() {
    return BatchCreateResponse.newBuilder()
        .setUsersCreated(3)
        .addUserIds(7)
        .addUserIds(8)
        .addUserIds(9)
        .build();
  }

  @Override
  public StreamObserver<CreateUserRequest> batchCreateUsers(
      StreamObserver<BatchCreateResponse> out) {
    return new Reader<>(out) {
      @Override
      public void onCompleted() {
        answer(out, batch());
      }
    };
  }

  /** The answer to a message of the chat. */
  void chat(UserMessage message, StreamObserver<UserMessage> out) {
    out.onNext(said(0, "Server received: " + message.getMessage()));
  }

  static UserMessage said(int userId, String text) {
    return UserMessage.newBuilder()
        .setUserId(userId)
        .setMessage(text)
        .setTimestamp("2025-10-29T10:00:00Z")
        .build();
  }

  @Override
  public StreamObserver<UserMessage> streamUsers(StreamObserver<UserMessage> out) {
    return new Reader<>(out) {
      @Override
      public void onNext(UserMessage message) {
        chat(message, out);
      }
    };
  }

  private static class Reader<T> implements StreamObserver<T> {

    private final StreamObserver<?> out;

    Reader(StreamObserver<?> out) {
      this.out = out;
    }

    @Override
    public void onNext(T message) {}

    @Override
    public void onError(Throwable failure) {}

    @Override
    public void onCompleted() {
      out.onCompleted();
    }
  }

  private final class TimeoutReader implements ServerInterceptor {

    @Override
    public <Q, R> ServerCall.Listener<Q> interceptCall(
        ServerCall<Q, R> call, Metadata headers, ServerCallHandler<Q, R> next) {
      timeout.set(headers.get(TIMEOUT));
      return next.startCall(call, headers);
    }
  }

  private final class CallReader extends ServerStreamTracer.Factory {

    @Override
    public ServerStreamTracer newServerStreamTracer(String method, Metadata headers) {
      called.add(method);
      return new ServerStreamTracer() {};
    }
  }

  /** Ignores connections that close without HTTP/2, as those of the search for a server do. */
  private final class Departures extends ServerTransportFilter {

    private static final Attributes.Key<Boolean> CAME_IN = Attributes.Key.create("came in");

    @Override
    public Attributes transportReady(Attributes attributes) {
      return attributes.toBuilder().set(CAME_IN, true).build();
    }

    @Override
    public void transportTerminated(Attributes attributes) {
      if (attributes != null && attributes.get(CAME_IN) != null) {
        disconnected.countDown();
      }
    }
  }
}
