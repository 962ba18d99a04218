package dev.userservice.client;

import com.google.protobuf.Any;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.util.JsonFormat;
import com.google.rpc.BadRequest;
import com.google.rpc.ErrorDetailsProto;
import com.google.rpc.ErrorInfo;
import com.google.rpc.ResourceInfo;
import com.google.rpc.RetryInfo;
import com.google.rpc.Status;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;

/** Formats {@code grpc-status-details-bin} as readable lines. */
final class ErrorDetails {

  /** The format of kinds without a format of their own here. */
  private static final JsonFormat.Printer JSON =
      JsonFormat.printer()
          .preservingProtoFieldNames()
          .omittingInsignificantWhitespace()
          .usingTypeRegistry(
              JsonFormat.TypeRegistry.newBuilder()
                  .add(ErrorDetailsProto.getDescriptor().getMessageTypes())
                  .build());

  private ErrorDetails() {}

  /**
   * Returns at least one line for each detail.
   *
   * @param header a google.rpc.Status in base64, with or without padding, as the gRPC specification
   *     requires readers to accept; null without details
   */
  static List<String> lines(String header) {
    List<String> lines = new ArrayList<>();
    try {
      for (Any detail : details(header)) {
        describe(detail, lines);
      }
    } catch (IllegalArgumentException | InvalidProtocolBufferException e) {
      lines.add("(details that cannot be read)");
    }
    return List.copyOf(lines);
  }

  /** The reason of the ErrorInfo, which programs may compare; empty without one. */
  static String reason(String header) {
    try {
      for (Any detail : details(header)) {
        if (detail.is(ErrorInfo.class)) {
          return detail.unpack(ErrorInfo.class).getReason();
        }
      }
    } catch (IllegalArgumentException | InvalidProtocolBufferException e) {
      return "";
    }
    return "";
  }

  private static List<Any> details(String header) throws InvalidProtocolBufferException {
    return header == null
        ? List.of()
        : Status.parseFrom(Base64.getDecoder().decode(header)).getDetailsList();
  }

  private static void describe(Any detail, List<String> lines)
      throws InvalidProtocolBufferException {
    if (detail.is(ErrorInfo.class)) {
      ErrorInfo info = detail.unpack(ErrorInfo.class);
      String more = info.getMetadataCount() == 0 ? "" : " " + info.getMetadataMap();
      lines.add("ErrorInfo: " + info.getReason() + " of " + info.getDomain() + more);
    } else if (detail.is(BadRequest.class)) {
      for (var field : detail.unpack(BadRequest.class).getFieldViolationsList()) {
        lines.add("BadRequest: " + field.getField() + " " + field.getDescription());
      }
    } else if (detail.is(ResourceInfo.class)) {
      ResourceInfo info = detail.unpack(ResourceInfo.class);
      lines.add("ResourceInfo: " + info.getResourceType() + " " + info.getResourceName());
    } else if (detail.is(RetryInfo.class)) {
      var delay = detail.unpack(RetryInfo.class).getRetryDelay();
      long millis = delay.getSeconds() * 1_000 + delay.getNanos() / 1_000_000;
      lines.add("RetryInfo: after " + millis + " ms");
    } else {
      lines.add(other(detail));
    }
  }

  private static String other(Any detail) {
    String type = detail.getTypeUrl().substring(detail.getTypeUrl().lastIndexOf('.') + 1);
    try {
      return type + ": " + JSON.print(detail);
    } catch (InvalidProtocolBufferException unknownType) {
      return detail.getTypeUrl() + ", " + detail.getValue().size() + " bytes";
    }
  }
}
