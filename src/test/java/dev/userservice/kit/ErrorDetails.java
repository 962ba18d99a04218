package dev.userservice.kit;

import com.google.protobuf.Any;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import com.google.rpc.BadRequest;
import com.google.rpc.ErrorInfo;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.StatusProto;
import java.util.List;

/** The details that grpc-java finds in grpc-status-details-bin. */
public record ErrorDetails(com.google.rpc.Status status) {

  public static ErrorDetails of(StatusRuntimeException failure) {
    return new ErrorDetails(StatusProto.fromThrowable(failure));
  }

  public <T extends Message> T get(Class<T> type) {
    try {
      for (Any detail : status.getDetailsList()) {
        if (detail.is(type)) {
          return detail.unpack(type);
        }
      }
    } catch (InvalidProtocolBufferException e) {
      throw new AssertionError(e);
    }
    throw new AssertionError("no " + type.getSimpleName() + " in " + status);
  }

  /** Domain and reason in one, as a test states them. */
  public String reason() {
    ErrorInfo info = get(ErrorInfo.class);
    return info.getDomain() + "/" + info.getReason();
  }

  public List<String> fields() {
    return get(BadRequest.class).getFieldViolationsList().stream()
        .map(BadRequest.FieldViolation::getField)
        .toList();
  }
}
