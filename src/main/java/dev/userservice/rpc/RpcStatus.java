package dev.userservice.rpc;

import com.google.protobuf.Any;
import com.google.protobuf.Message;
import com.google.rpc.ErrorInfo;
import com.google.rpc.Status;
import io.vertx.grpc.common.GrpcStatus;
import java.util.Base64;
import java.util.List;

/**
 * How a call that failed is answered.
 *
 * @param code the gRPC status code
 * @param reason what went wrong, as a constant that programs may compare (UPPER_SNAKE_CASE, at most
 *     63 characters); becomes the reason of {@code google.rpc.ErrorInfo}
 * @param message for people; nothing that the caller must not know
 * @param details further messages of google/rpc/error_details.proto
 */
public record RpcStatus(GrpcStatus code, String reason, String message, List<Message> details) {

  /**
   * The longest message in chars. It travels twice, and many clients take no more than 8 KiB of
   * trailers.
   */
  static final int MESSAGE_CHARS = 1_500;

  public RpcStatus {
    details = List.copyOf(details);
    if (message.length() > MESSAGE_CHARS) {
      int cut = MESSAGE_CHARS - 3;
      message =
          message.substring(0, Character.isHighSurrogate(message.charAt(cut - 1)) ? cut - 1 : cut)
              + "...";
    }
  }

  public RpcStatus(GrpcStatus code, String reason, String message) {
    this(code, reason, message, List.of());
  }

  /**
   * The value of the trailer {@code grpc-status-details-bin}: a {@code google.rpc.Status} in base64
   * without padding, as the gRPC HTTP/2 specification has it for binary metadata.
   */
  String detailsTrailer(String domain) {
    Status.Builder status =
        Status.newBuilder()
            .setCode(code.code)
            .setMessage(message)
            .addDetails(
                Any.pack(ErrorInfo.newBuilder().setDomain(domain).setReason(reason).build()));
    details.forEach(detail -> status.addDetails(Any.pack(detail)));
    return Base64.getEncoder().withoutPadding().encodeToString(status.build().toByteArray());
  }
}
