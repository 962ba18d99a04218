package dev.userservice.server;

import com.google.protobuf.Duration;
import com.google.protobuf.Message;
import com.google.protobuf.util.Durations;
import com.google.rpc.BadRequest;
import com.google.rpc.ResourceInfo;
import com.google.rpc.RetryInfo;
import dev.userservice.access.AccessException;
import dev.userservice.rpc.RpcStatus;
import dev.userservice.store.StoreException;
import dev.userservice.tls.CertificateRejectedException;
import dev.userservice.user.UserException;
import io.vertx.grpc.common.GrpcStatus;
import java.util.ArrayList;
import java.util.List;

/** The status of each failure: of the rules, of access and of the store. */
public final class StatusTable {

  /** The {@code google.rpc.ErrorInfo} domain of every error of this service. */
  public static final String ERROR_DOMAIN = "userservice.dev";

  /** For a store that is unavailable or overloaded. */
  private static final RetryInfo RETRY_STORE =
      RetryInfo.newBuilder().setRetryDelay(Duration.newBuilder().setSeconds(1)).build();

  private StatusTable() {}

  /** The status of a failure, or null for an unexpected failure. */
  public static RpcStatus of(Throwable failure) {
    if (failure instanceof UserException refused) {
      return new RpcStatus(
          code(refused.reason()), refused.reason().name(), refused.getMessage(), details(refused));
    }
    if (failure instanceof AccessException refused) {
      return new RpcStatus(
          code(refused.reason()), refused.reason().name(), refused.getMessage(), retry(refused));
    }
    if (failure instanceof CertificateRejectedException rejected) {
      return new RpcStatus(
          GrpcStatus.UNAUTHENTICATED, rejected.reason().name(), rejected.getMessage(), List.of());
    }
    return failure instanceof StoreException refused ? of(refused.reason()) : null;
  }

  private static GrpcStatus code(AccessException.Reason reason) {
    return switch (reason) {
      case TOKEN_MISSING,
          CERTIFICATE_UNKNOWN,
          CERTIFICATE_AMBIGUOUS,
          TOKEN_MALFORMED,
          TOKEN_NOT_TRUSTED,
          TOKEN_OF_ANOTHER_TYPE,
          TOKEN_EXPIRED,
          TOKEN_NOT_YET_VALID,
          TOKEN_OF_ANOTHER_ISSUER,
          TOKEN_FOR_ANOTHER_AUDIENCE ->
          GrpcStatus.UNAUTHENTICATED;
      case NOT_PERMITTED, NO_USER_ID -> GrpcStatus.PERMISSION_DENIED;
      case KEYS_UNAVAILABLE -> GrpcStatus.UNAVAILABLE;
      case TOO_MANY_CALLS -> GrpcStatus.RESOURCE_EXHAUSTED;
    };
  }

  private static List<Message> retry(AccessException refused) {
    return refused.retryMillis() == 0
        ? List.of()
        : List.of(
            RetryInfo.newBuilder()
                .setRetryDelay(Durations.fromMillis(refused.retryMillis()))
                .build());
  }

  /** The statuses of failures of a store, without its messages: a caller learns nothing of it. */
  private static RpcStatus of(StoreException.Reason reason) {
    return switch (reason) {
      case UNAVAILABLE, UNUSABLE ->
          new RpcStatus(
              GrpcStatus.UNAVAILABLE,
              "STORE_UNAVAILABLE",
              "the users cannot be reached at the moment; nothing was changed, try again",
              List.of(RETRY_STORE));
      case OUTCOME_UNKNOWN ->
          new RpcStatus(
              GrpcStatus.UNAVAILABLE,
              "OUTCOME_UNKNOWN",
              "the connection to the store was lost during the write; it may or may not have been applied: check before retrying");
      case OVERLOADED ->
          new RpcStatus(
              GrpcStatus.RESOURCE_EXHAUSTED,
              "STORE_OVERLOADED",
              "too many calls wait for the store; nothing was changed, try again more slowly",
              List.of(RETRY_STORE));
      case FULL ->
          new RpcStatus(
              GrpcStatus.RESOURCE_EXHAUSTED,
              "STORE_FULL",
              "the store has no room for more users; nothing was changed");
      case TIMED_OUT ->
          new RpcStatus(
              GrpcStatus.DEADLINE_EXCEEDED,
              "STORE_TIMED_OUT",
              "the store did not answer in time; nothing was changed");
      case CONFLICT ->
          new RpcStatus(
              GrpcStatus.ABORTED,
              "STORE_CONFLICT",
              "other writes were in the way; nothing was changed, try again",
              List.of(RETRY_STORE));
      case ABANDONED ->
          new RpcStatus(
              GrpcStatus.CANCELLED, "CANCELLED", "the call was cancelled before the write began");
      // The rules answer these with their own statuses.
      case NOT_FOUND, EMAIL_TAKEN -> null;
    };
  }

  private static GrpcStatus code(UserException.Reason reason) {
    return switch (reason) {
      case INVALID_FIELDS -> GrpcStatus.INVALID_ARGUMENT;
      case USER_NOT_FOUND -> GrpcStatus.NOT_FOUND;
      case EMAIL_TAKEN, EMAIL_REPEATED -> GrpcStatus.ALREADY_EXISTS;
      case BATCH_TOO_LARGE, READER_TOO_SLOW -> GrpcStatus.RESOURCE_EXHAUSTED;
      case SHUTTING_DOWN, CHAT_INTERRUPTED -> GrpcStatus.UNAVAILABLE;
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
    if (code(refused.reason()) == GrpcStatus.UNAVAILABLE) {
      details.add(OperationsRpcs.RETRY_SOON);
    }
    return details;
  }
}
