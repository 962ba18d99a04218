package dev.userservice.compare;

import dev.userservice.proto.BatchCreateResponse;
import dev.userservice.proto.CreateUserRequest;
import dev.userservice.proto.GetUserRequest;
import dev.userservice.proto.ListUsersRequest;
import dev.userservice.proto.UserMessage;
import dev.userservice.proto.UserResponse;
import dev.userservice.proto.UserServiceGrpc;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** The five RPCs on the stubs of grpc-java, as its own examples have them. */
final class PeerService extends UserServiceGrpc.UserServiceImplBase {

  private final PeerUsers users;
  private final Set<StreamObserver<UserMessage>> room = ConcurrentHashMap.newKeySet();

  PeerService(PeerUsers users) {
    this.users = users;
  }

  @Override
  public void getUser(GetUserRequest request, StreamObserver<UserResponse> out) {
    UserResponse user = users.get(request.getUserId());
    if (user == null) {
      out.onError(Status.NOT_FOUND.asRuntimeException());
      return;
    }
    out.onNext(user);
    out.onCompleted();
  }

  @Override
  public void createUser(CreateUserRequest request, StreamObserver<UserResponse> out) {
    try {
      out.onNext(users.create(request));
      out.onCompleted();
    } catch (IllegalArgumentException e) {
      out.onError(refusal(e));
    }
  }

  @Override
  public void listUsers(ListUsersRequest request, StreamObserver<UserResponse> out) {
    Iterator<UserResponse> list = users.after(request.getAfterUserId()).iterator();
    new Pages(list, request.getLimit(), (ServerCallStreamObserver<UserResponse>) out).start();
  }

  @Override
  public StreamObserver<CreateUserRequest> batchCreateUsers(
      StreamObserver<BatchCreateResponse> out) {
    List<CreateUserRequest> batch = new ArrayList<>();
    return new StreamObserver<>() {
      @Override
      public void onNext(CreateUserRequest request) {
        batch.add(request);
      }

      @Override
      public void onError(Throwable gone) {}

      @Override
      public void onCompleted() {
        try {
          List<Integer> ids = users.createAll(batch);
          out.onNext(
              BatchCreateResponse.newBuilder()
                  .setUsersCreated(ids.size())
                  .addAllUserIds(ids)
                  .build());
          out.onCompleted();
        } catch (IllegalArgumentException e) {
          out.onError(refusal(e));
        }
      }
    };
  }

  private static StatusRuntimeException refusal(IllegalArgumentException e) {
    return Status.INVALID_ARGUMENT.withDescription(e.getMessage()).asRuntimeException();
  }

  @Override
  public StreamObserver<UserMessage> streamUsers(StreamObserver<UserMessage> out) {
    room.add(out);
    return new StreamObserver<>() {
      @Override
      public void onNext(UserMessage message) {
        String now = PeerUsers.now();
        say(
            out,
            UserMessage.newBuilder()
                .setMessage("Server received: " + message.getMessage())
                .setTimestamp(now)
                .build());
        UserMessage passed = message.toBuilder().setTimestamp(now).build();
        room.stream().filter(other -> other != out).forEach(other -> say(other, passed));
      }

      @Override
      public void onError(Throwable gone) {
        room.remove(out);
      }

      @Override
      public void onCompleted() {
        room.remove(out);
        synchronized (out) {
          out.onCompleted();
        }
      }
    };
  }

  /** An observer is not for several threads at a time. */
  private void say(StreamObserver<UserMessage> out, UserMessage message) {
    synchronized (out) {
      if (room.contains(out)) {
        out.onNext(message);
      }
    }
  }

  /** Writes as long as the reader takes it. */
  private static final class Pages {

    private final Iterator<UserResponse> list;
    private final ServerCallStreamObserver<UserResponse> out;
    private long left;
    private boolean over;

    Pages(Iterator<UserResponse> list, int limit, ServerCallStreamObserver<UserResponse> out) {
      this.list = list;
      this.left = limit == 0 ? Long.MAX_VALUE : limit;
      this.out = out;
    }

    void start() {
      out.setOnReadyHandler(this::write);
    }

    private void write() {
      while (!over && out.isReady()) {
        if (left-- > 0 && list.hasNext()) {
          out.onNext(list.next());
        } else {
          over = true;
          out.onCompleted();
        }
      }
    }
  }
}
