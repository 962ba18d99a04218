package dev.userservice.server;

import static dev.userservice.proto.UserServiceGrpcService.BatchCreateUsers;
import static dev.userservice.proto.UserServiceGrpcService.CreateUser;
import static dev.userservice.proto.UserServiceGrpcService.GetUser;
import static dev.userservice.proto.UserServiceGrpcService.ListUsers;
import static dev.userservice.proto.UserServiceGrpcService.StreamUsers;

import dev.userservice.proto.UserServiceGrpcService;
import dev.userservice.rpc.CallInfo;
import dev.userservice.rpc.RpcServer;
import dev.userservice.user.ChatCorner;
import dev.userservice.user.Holder;
import dev.userservice.user.Users;

/** The bindings of the contract to the rules: which method answers which RPC. */
public final class UserServiceRpcs {

  private UserServiceRpcs() {}

  public static void bind(RpcServer server, Users users, ChatCorner chat) {
    server
        .service(UserServiceGrpcService.SERVICE_NAME, UserServiceGrpcService.SERVICE_DESCRIPTOR)
        .unary(GetUser, users::get)
        .unary(CreateUser, (request, call) -> users.create(request, call::isOver))
        .serverStreaming(ListUsers, (request, call) -> users.list(request, memory(call)))
        .clientStreaming(
            BatchCreateUsers,
            (requests, call) -> users.batchCreate(requests, memory(call), call::isOver))
        .bidirectional(
            StreamUsers,
            (said, heard, call) -> chat.join(Admission.speaker(call), said, heard, memory(call)))
        .bind();
  }

  private static Holder memory(CallInfo call) {
    return new Holder() {
      @Override
      public boolean hold(int bytes) {
        return call.hold(bytes);
      }

      @Override
      public void release(int bytes) {
        call.release(bytes);
      }

      @Override
      public Throwable exceeded() {
        return call.memoryExceeded();
      }
    };
  }
}
