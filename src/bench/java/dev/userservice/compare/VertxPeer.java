package dev.userservice.compare;

import dev.userservice.proto.BatchCreateResponse;
import dev.userservice.proto.CreateUserRequest;
import dev.userservice.proto.ListUsersRequest;
import dev.userservice.proto.UserMessage;
import dev.userservice.proto.UserResponse;
import dev.userservice.proto.UserServiceGrpcService;
import io.vertx.core.Vertx;
import io.vertx.grpc.common.GrpcStatus;
import io.vertx.grpc.server.GrpcServer;
import io.vertx.grpc.server.GrpcServerRequest;
import io.vertx.grpc.server.GrpcServerResponse;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;

/** The five RPCs on the handlers of vertx-grpc-server, with nothing of ours between. */
final class VertxPeer {

  private final PeerUsers users = new PeerUsers();
  private final Set<GrpcServerResponse<UserMessage, UserMessage>> room =
      ConcurrentHashMap.newKeySet();

  private VertxPeer() {}

  public static void main(String[] args) throws Exception {
    PeerOptions.read(args, 0).serve(new VertxPeer()::server);
  }

  private GrpcServer server(Vertx vertx) {
    return GrpcServer.server(vertx)
        .callHandler(
            UserServiceGrpcService.GetUser,
            call ->
                call.handler(
                    request -> {
                      UserResponse user = users.get(request.getUserId());
                      if (user == null) {
                        call.response().status(GrpcStatus.NOT_FOUND).end();
                      } else {
                        call.response().end(user);
                      }
                    }))
        .callHandler(
            UserServiceGrpcService.CreateUser,
            call -> call.handler(request -> call.response().end(users.create(request))))
        .callHandler(UserServiceGrpcService.ListUsers, this::list)
        .callHandler(UserServiceGrpcService.BatchCreateUsers, this::batch)
        .callHandler(UserServiceGrpcService.StreamUsers, this::chat);
  }

  private void list(GrpcServerRequest<ListUsersRequest, UserResponse> call) {
    call.handler(
        request -> {
          Stream<UserResponse> all = users.after(request.getAfterUserId()).stream();
          int limit = request.getLimit();
          Iterator<UserResponse> list = (limit == 0 ? all : all.limit(limit)).iterator();
          call.response().drainHandler(drained -> write(list, call.response()));
          write(list, call.response());
        });
  }

  private static void write(
      Iterator<UserResponse> list, GrpcServerResponse<ListUsersRequest, UserResponse> out) {
    while (list.hasNext()) {
      if (out.writeQueueFull()) {
        return;
      }
      out.write(list.next());
    }
    out.drainHandler(null);
    out.end();
  }

  private void batch(GrpcServerRequest<CreateUserRequest, BatchCreateResponse> call) {
    List<CreateUserRequest> requests = new ArrayList<>();
    call.handler(requests::add)
        .endHandler(
            end -> {
              List<Integer> ids = users.createAll(requests);
              call.response()
                  .end(
                      BatchCreateResponse.newBuilder()
                          .setUsersCreated(ids.size())
                          .addAllUserIds(ids)
                          .build());
            });
  }

  private void chat(GrpcServerRequest<UserMessage, UserMessage> call) {
    GrpcServerResponse<UserMessage, UserMessage> out = call.response();
    room.add(out);
    call.handler(
            message -> {
              String now = PeerUsers.now();
              out.write(
                  UserMessage.newBuilder()
                      .setMessage("Server received: " + message.getMessage())
                      .setTimestamp(now)
                      .build());
              UserMessage passed = message.toBuilder().setTimestamp(now).build();
              room.stream().filter(other -> other != out).forEach(other -> other.write(passed));
            })
        .endHandler(
            end -> {
              room.remove(out);
              out.end();
            });
    call.errorHandler(gone -> room.remove(out));
  }
}
