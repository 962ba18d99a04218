package dev.userservice.rpc;

import com.google.protobuf.Any;
import com.google.protobuf.Message;
import com.google.protobuf.util.Durations;
import com.google.rpc.ErrorInfo;
import com.google.rpc.RetryInfo;
import com.google.rpc.Status;
import io.vertx.core.MultiMap;
import io.vertx.grpc.common.GrpcHeaderNames;
import io.vertx.grpc.common.GrpcStatus;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;

/**
 * The status of a failed call. Its trailers stay below the 8 KiB that many clients accept: at most
 * 1 KiB for the message and 4 KiB for the details.
 *
 * @param code the gRPC status code
 * @param reason a constant for programs (UPPER_SNAKE_CASE, at most 63 characters); becomes the
 *     reason of {@code google.rpc.ErrorInfo}
 * @param message for people; contains nothing internal. Cut to at most 1,024 bytes after
 *     percent-encoding
 * @param details further messages of google/rpc/error_details.proto, the most important first; a
 *     detail that would make their total exceed 4 KiB is left out
 */
public record RpcStatus(GrpcStatus code, String reason, String message, List<Message> details) {

  /** The max size of the serialized {@code google.rpc.Status}; 4 KiB in base64. */
  static final int DETAILS_BYTES = 3_072;

  public RpcStatus {
    details = List.copyOf(details);
    message = StatusMessage.bounded(message);
  }

  public RpcStatus(GrpcStatus code, String reason, String message) {
    this(code, reason, message, List.of());
  }

  /**
   * Sets the trailers of gRPC: {@code grpc-status}, {@code grpc-message}, {@code
   * grpc-status-details-bin}, and with a RetryInfo its delay in {@code grpc-retry-pushback-ms},
   * which clients with a retry policy obey (gRFC A6).
   */
  void writeTo(MultiMap trailers, String domain) {
    trailers.set(GrpcHeaderNames.GRPC_STATUS, code.toString());
    trailers.set(GrpcHeaderNames.GRPC_MESSAGE, StatusMessage.encoded(message));
    // Without padding, as the gRPC HTTP/2 specification requires for binary metadata.
    byte[] bytes = bounded(domain).proto().toByteArray();
    trailers.set(
        "grpc-status-details-bin", Base64.getEncoder().withoutPadding().encodeToString(bytes));
    for (Message detail : details) {
      if (detail instanceof RetryInfo retry) {
        long millis = Durations.toMillis(retry.getRetryDelay());
        trailers.set("grpc-retry-pushback-ms", Long.toString(millis));
      }
    }
  }

  /**
   * A status for callers.
   *
   * @param proto the status with its details
   * @param details the same details, not packed
   */
  record Bounded(Status proto, List<Message> details) {}

  /** The status with an ErrorInfo, and the details that fit into {@link #DETAILS_BYTES}. */
  Bounded bounded(String domain) {
    ErrorInfo info = ErrorInfo.newBuilder().setDomain(domain).setReason(reason).build();
    List<Message> fitting = new ArrayList<>(List.of(info));
    Status.Builder status =
        Status.newBuilder().setCode(code.code).setMessage(message).addDetails(Any.pack(info));
    for (Message detail : details) {
      status.addDetails(Any.pack(detail));
      if (status.build().getSerializedSize() > DETAILS_BYTES) {
        status.removeDetails(status.getDetailsCount() - 1);
      } else {
        fitting.add(detail);
      }
    }
    return new Bounded(status.build(), fitting);
  }
}
