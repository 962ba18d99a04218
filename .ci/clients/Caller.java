import com.google.protobuf.Message;
import dev.userservice.proto.BatchCreateResponse;
import dev.userservice.proto.CreateUserRequest;
import dev.userservice.proto.GetUserRequest;
import dev.userservice.proto.UserMessage;
import dev.userservice.proto.UserServiceGrpc;
import dev.userservice.proto.UserServiceGrpc.UserServiceStub;
import io.grpc.CallOptions;
import io.grpc.ClientCall;
import io.grpc.Context;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.netty.GrpcSslContexts;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.MetadataUtils;
import io.grpc.stub.StreamObserver;
import java.io.File;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.BiConsumer;

/** A stock Java client; caller.py has its arguments and what it does. */
public final class Caller {

  private static final GetUserRequest ALICE = GetUserRequest.newBuilder().setUserId(1).build();
  private static final Map<String, Integer> FAILED = new TreeMap<>();
  private static final Map<String, Map<String, Integer>> ODD = new TreeMap<>();
  private static int ok;

  /** Its first message, and its end. */
  private static final class End<T extends Message> implements StreamObserver<T> {
    final CompletableFuture<T> first = new CompletableFuture<>();
    final CompletableFuture<String> how = new CompletableFuture<>();

    @Override
    public void onNext(T message) {
      first.complete(message);
    }

    @Override
    public void onError(Throwable failure) {
      Status status = Status.fromThrowable(failure);
      how.complete(status.getCode() + ": " + status.getDescription());
      first.complete(null);
    }

    @Override
    public void onCompleted() {
      how.complete("OK");
    }
  }

  private static synchronized void count(String how) {
    if (how.equals("OK")) {
      ok++;
    } else {
      FAILED.merge(how, 1, Integer::sum);
    }
  }

  private static <T extends Message> void cancel(BiConsumer<UserServiceStub, StreamObserver<T>> call, UserServiceStub stub, End<T> end, long micros) {
    Context.CancellableContext context = Context.current().withCancellation();
    context.run(() -> call.accept(stub, end));
    if (micros == 0) {
      context.cancel(null);
    } else {
      CompletableFuture.delayedExecutor(micros, TimeUnit.MICROSECONDS).execute(() -> context.cancel(null));
    }
  }

  private static String odd(int number, ManagedChannel channel, UserServiceStub stub, End<Message> end) {
    StreamObserver<Message> any = end;
    @SuppressWarnings("unchecked")
    StreamObserver<dev.userservice.proto.UserResponse> user = (StreamObserver<dev.userservice.proto.UserResponse>) (StreamObserver<?>) any;
    switch (number % 6) {
      case 0:
        Metadata spaces = new Metadata();
        spaces.put(Metadata.Key.of("a", Metadata.ASCII_STRING_MARSHALLER), " b");
        spaces.put(Metadata.Key.of("c", Metadata.ASCII_STRING_MARSHALLER), "d ");
        stub.withInterceptors(MetadataUtils.newAttachHeadersInterceptor(spaces)).getUser(ALICE, user);
        return "space";
      case 1:
        cancel((s, e) -> s.getUser(ALICE, user), stub, end, 0);
        return "cancelled";
      case 2:
        cancel((s, e) -> s.getUser(ALICE, user), stub, end, 300);
        return "cancelled soon";
      case 3:
        @SuppressWarnings("unchecked")
        StreamObserver<UserMessage> heard = (StreamObserver<UserMessage>) (StreamObserver<?>) any;
        cancel(
            (s, e) -> {
              StreamObserver<UserMessage> says = s.streamUsers(heard);
              says.onNext(UserMessage.newBuilder().setUserId(1).setMessage("odd").build());
              says.onCompleted();
            },
            stub,
            end,
            0);
        return "half-closed and cancelled";
      case 4:
        stub.withDeadlineAfter(1, TimeUnit.MILLISECONDS).getUser(ALICE, user);
        return "deadline of 1 ms";
      default:
        var method = UserServiceGrpc.getGetUserMethod().toBuilder().setFullMethodName("users.v1.UserService/Nothing").build();
        ClientCall<GetUserRequest, dev.userservice.proto.UserResponse> call = channel.newCall(method, CallOptions.DEFAULT);
        ClientCalls.asyncUnaryCall(call, ALICE, user);
        return "unknown method";
    }
  }

  private static void run(String[] args, int number, int calls, int atOnce, int every) throws Exception {
    String[] address = args[0].split(":");
    NettyChannelBuilder builder = NettyChannelBuilder.forAddress(address[0], Integer.parseInt(address[1]));
    if (args.length > 6) {
      builder.sslContext(GrpcSslContexts.forClient().trustManager(new File(args[6])).build()).overrideAuthority("localhost");
    } else {
      builder.usePlaintext();
    }
    ManagedChannel channel = builder.build();
    UserServiceStub stub = UserServiceGrpc.newStub(channel);
    End<UserMessage> heard = new End<>();
    StreamObserver<UserMessage> says = stub.streamUsers(heard);
    says.onNext(UserMessage.newBuilder().setUserId(1).setMessage("I am here").build());
    heard.first.get(10, TimeUnit.SECONDS);
    End<BatchCreateResponse> created = new End<>();
    StreamObserver<CreateUserRequest> batch = stub.batchCreateUsers(created);
    CreateUserRequest.Builder user = CreateUserRequest.newBuilder().setName("A");
    String email = args[5] + "." + number;
    batch.onNext(user.setEmail(email + ".0@example.com").build());

    Semaphore free = new Semaphore(atOnce);
    List<String> names = new ArrayList<>();
    List<End<Message>> ends = new ArrayList<>();
    for (int i = 0; i < calls; i++) {
      free.acquire();
      End<dev.userservice.proto.UserResponse> end = new End<>();
      stub.getUser(ALICE, end);
      end.how.thenAccept(
          how -> {
            count(how);
            free.release();
          });
      if (every > 0 && i % every == 0) {
        ends.add(new End<>());
        names.add(odd(i / every, channel, stub, ends.get(ends.size() - 1)));
      }
    }
    free.acquire(atOnce);
    for (int i = 0; i < ends.size(); i++) {
      ODD.computeIfAbsent(names.get(i), name -> new TreeMap<>()).merge(ends.get(i).how.get(20, TimeUnit.SECONDS), 1, Integer::sum);
    }
    says.onCompleted();
    if (!created.how.isDone()) {
      batch.onNext(user.setEmail(email + ".1@example.com").build());
      batch.onCompleted();
    }
    for (var stream : Map.of("chat", heard.how, "batch", created.how).entrySet()) {
      String how = stream.getValue().get(10, TimeUnit.SECONDS);
      if (!how.equals("OK")) {
        count(stream.getKey() + ", " + how);
      }
    }
    channel.shutdownNow().awaitTermination(10, TimeUnit.SECONDS);
  }

  private static String json(Map<String, ?> map) {
    List<String> entries = new ArrayList<>();
    map.forEach(
        (key, value) -> {
          @SuppressWarnings("unchecked")
          String text = value instanceof Map ? json((Map<String, ?>) value) : String.valueOf(value);
          entries.add('"' + key.replace("\\", "\\\\").replace("\"", "'").replace("\n", " ") + "\": " + text);
        });
    return "{" + String.join(", ", entries) + "}";
  }

  public static void main(String[] args) throws Exception {
    long began = System.nanoTime();
    int channels = Integer.parseInt(args[3]);
    for (int i = 0; i < channels; i++) {
      run(args, i, Integer.parseInt(args[1]) / channels, Integer.parseInt(args[2]), Integer.parseInt(args[4]));
    }
    synchronized (Caller.class) {
      System.out.println(json(Map.of("ok", ok, "failed", FAILED, "odd", ODD, "seconds", (System.nanoTime() - began) / 1_000_000 / 1e3)));
    }
  }

  private Caller() {}
}
