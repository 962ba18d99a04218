package dev.userservice.client;

import com.google.protobuf.Any;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.rpc.BadRequest;
import com.google.rpc.ErrorInfo;
import com.google.rpc.ResourceInfo;
import com.google.rpc.RetryInfo;
import com.google.rpc.Status;
import io.vertx.core.MultiMap;
import io.vertx.grpc.client.GrpcClientResponse;
import io.vertx.grpc.common.GrpcStatus;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;

/** A call that did not end with OK: its status, the server's message and the server's details. */
public final class CallException extends RuntimeException {

  private final transient GrpcStatus status;
  private final transient List<String> details;

  CallException(GrpcStatus status, String message) {
    this(status, message, List.of());
  }

  private CallException(GrpcStatus status, String message, List<String> details) {
    super(message, null, false, false);
    this.status = status;
    this.details = details;
  }

  /**
   * Reads what a server says at the end of a call: in the trailers, or in the headers if only they
   * came.
   */
  static CallException of(GrpcClientResponse<?, ?> response) {
    MultiMap end =
        response.headers().contains("grpc-status") ? response.headers() : response.trailers();
    if (!end.contains("grpc-status")) {
      return new CallException(GrpcStatus.INTERNAL, "the stream ended without a status");
    }
    GrpcStatus status = response.status() == null ? GrpcStatus.UNKNOWN : response.status();
    String message = end.get("grpc-message");
    return new CallException(
        status,
        message == null ? "" : percentDecoded(message),
        details(end.get("grpc-status-details-bin")));
  }

  public GrpcStatus status() {
    return status;
  }

  /** Status and message. */
  String explained() {
    return status.name() + ": " + getMessage();
  }

  /** What stood in grpc-status-details-bin, a line each. */
  public List<String> details() {
    return details;
  }

  /** The gRPC HTTP/2 specification, "Percent-Byte-Encoded"; what is no such byte stays as it is. */
  private static String percentDecoded(String text) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream(text.length());
    for (int i = 0; i < text.length(); i++) {
      int high = i + 2 < text.length() ? Character.digit(text.charAt(i + 1), 16) : -1;
      int low = i + 2 < text.length() ? Character.digit(text.charAt(i + 2), 16) : -1;
      if (text.charAt(i) == '%' && high >= 0 && low >= 0) {
        bytes.write(high << 4 | low);
        i += 2;
      } else {
        bytes.writeBytes(text.substring(i, i + 1).getBytes(StandardCharsets.UTF_8));
      }
    }
    return bytes.toString(StandardCharsets.UTF_8);
  }

  private static List<String> details(String header) {
    List<String> lines = new ArrayList<>();
    if (header != null) {
      try {
        // The decoder takes base64 with and without padding, as the specification asks.
        Status status = Status.parseFrom(Base64.getDecoder().decode(header));
        for (Any detail : status.getDetailsList()) {
          describe(detail, lines);
        }
      } catch (IllegalArgumentException | InvalidProtocolBufferException e) {
        lines.add("(details that cannot be read)");
      }
    }
    return lines;
  }

  private static void describe(Any detail, List<String> lines)
      throws InvalidProtocolBufferException {
    if (detail.is(ErrorInfo.class)) {
      ErrorInfo info = detail.unpack(ErrorInfo.class);
      lines.add("ErrorInfo: " + info.getReason() + " of " + info.getDomain());
    } else if (detail.is(BadRequest.class)) {
      detail
          .unpack(BadRequest.class)
          .getFieldViolationsList()
          .forEach(
              field -> lines.add("BadRequest: " + field.getField() + " " + field.getDescription()));
    } else if (detail.is(ResourceInfo.class)) {
      ResourceInfo info = detail.unpack(ResourceInfo.class);
      lines.add("ResourceInfo: " + info.getResourceType() + " " + info.getResourceName());
    } else if (detail.is(RetryInfo.class)) {
      var delay = detail.unpack(RetryInfo.class).getRetryDelay();
      lines.add(
          "RetryInfo: after " + (delay.getSeconds() * 1000 + delay.getNanos() / 1_000_000) + " ms");
    } else {
      lines.add(detail.getTypeUrl());
    }
  }
}
