package dev.userservice;

import static dev.userservice.proto.UserServiceGrpcService.BatchCreateUsers;
import static dev.userservice.proto.UserServiceGrpcService.CreateUser;
import static dev.userservice.proto.UserServiceGrpcService.GetUser;
import static dev.userservice.proto.UserServiceGrpcService.ListUsers;
import static dev.userservice.proto.UserServiceGrpcService.StreamUsers;

import com.google.protobuf.Message;
import com.google.rpc.BadRequest;
import com.google.rpc.ResourceInfo;
import dev.userservice.proto.UserServiceGrpcService;
import dev.userservice.rpc.RpcServer;
import dev.userservice.rpc.RpcStatus;
import dev.userservice.user.ChatCorner;
import dev.userservice.user.UserException;
import dev.userservice.user.Users;
import io.vertx.grpc.common.GrpcStatus;
import java.util.ArrayList;
import java.util.List;

/**
 * Where the contract meets the rules: which method answers which RPC, and which failure is which
 * status.
 */
final class UserServiceRpcs {

  /** The {@code google.rpc.ErrorInfo} domain of every error of this service. */
  static final String ERROR_DOMAIN = "userservice.dev";

  private UserServiceRpcs() {}

  static void bind(RpcServer server, Users users, ChatCorner chat) {
    server
        .service(UserServiceGrpcService.SERVICE_NAME, UserServiceGrpcService.SERVICE_DESCRIPTOR)
        .unary(GetUser, users::get)
        .unary(CreateUser, users::create)
        .serverStreaming(ListUsers, users::list)
        .clientStreaming(BatchCreateUsers, users::batchCreate)
        .bidirectional(StreamUsers, chat::join)
        .bind();
  }

  /** The status of a failure, or null for one that nobody expects. */
  static RpcStatus status(Throwable failure) {
    return failure instanceof UserException refused
        ? new RpcStatus(
            code(refused.reason()), refused.reason().name(), refused.getMessage(), details(refused))
        : null;
  }

  private static GrpcStatus code(UserException.Reason reason) {
    return switch (reason) {
      case INVALID_FIELDS -> GrpcStatus.INVALID_ARGUMENT;
      case USER_NOT_FOUND -> GrpcStatus.NOT_FOUND;
      case EMAIL_TAKEN -> GrpcStatus.ALREADY_EXISTS;
      case BATCH_TOO_LARGE, READER_TOO_SLOW -> GrpcStatus.RESOURCE_EXHAUSTED;
      case SHUTTING_DOWN -> GrpcStatus.UNAVAILABLE;
    };
  }

  private static List<Message> details(UserException refused) {
    List<Message> details = new ArrayList<>();
    if (!refused.violations().isEmpty()) {
      BadRequest.Builder fields = BadRequest.newBuilder();
      refused
          .violations()
          .forEach(
              violation ->
                  fields
                      .addFieldViolationsBuilder()
                      .setField(violation.field())
                      .setDescription(violation.rule()));
      details.add(fields.build());
    }
    if (refused.resource() != null) {
      details.add(
          ResourceInfo.newBuilder()
              .setResourceType("users.v1.User")
              .setResourceName(refused.resource())
              .setDescription(refused.getMessage())
              .build());
    }
    if (refused.reason() == UserException.Reason.SHUTTING_DOWN) {
      details.add(OperationsRpcs.RETRY_SOON);
    }
    return details;
  }
}
