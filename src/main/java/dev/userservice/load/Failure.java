package dev.userservice.load;

import dev.userservice.client.CallException;
import io.vertx.core.http.StreamResetException;
import io.vertx.grpc.common.GrpcErrorException;
import io.vertx.grpc.common.GrpcStatus;

/**
 * The cause of a failed call.
 *
 * @param status of gRPC; {@value #WRONG_ANSWER} when that was OK, but the answer wrong
 * @param reason of the ErrorInfo, or empty
 * @param message for people
 */
record Failure(String status, String reason, String message) {

  static final String WRONG_ANSWER = "WRONG_ANSWER";

  static Failure of(CallException end) {
    return new Failure(end.status().name(), end.reason(), end.getMessage());
  }

  static Failure here(GrpcStatus status, String message) {
    return new Failure(status.name(), "", message);
  }

  static Failure wrongAnswer(String message) {
    return new Failure(WRONG_ANSWER, "", message);
  }

  /** A stream that was reset, or whose connection closed. */
  static Failure lost(Throwable failure) {
    if (failure instanceof CallException explained) {
      return of(explained);
    }
    return failure instanceof StreamResetException reset
        ? here(
            GrpcErrorException.create(reset).status(), "the server reset the call without a status")
        : here(GrpcStatus.UNAVAILABLE, "the connection was lost");
  }

  /** The status, and the reason where the server sent one. */
  String kind() {
    return reason.isEmpty() ? status : status + ", reason " + reason;
  }
}
