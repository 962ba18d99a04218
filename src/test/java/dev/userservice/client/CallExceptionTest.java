package dev.userservice.client;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Any;
import com.google.protobuf.ByteString;
import com.google.protobuf.Duration;
import com.google.protobuf.Message;
import com.google.rpc.BadRequest;
import com.google.rpc.BadRequest.FieldViolation;
import com.google.rpc.ErrorInfo;
import com.google.rpc.QuotaFailure;
import com.google.rpc.ResourceInfo;
import com.google.rpc.RetryInfo;
import com.google.rpc.Status;
import io.vertx.core.MultiMap;
import io.vertx.grpc.common.GrpcStatus;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Parsing of statuses and details, valid and invalid ones. */
class CallExceptionTest {

  @Test
  void ok_isNotAFailure() {
    assertThat(CallException.of(status("0"))).isNull();
  }

  @Test
  void message_isPercentDecodedUtf8() {
    MultiMap end = status("5").set("grpc-message", "100%25 Zo%C3%AB, %F0%9F%98%80%0A%zz %4");

    assertThat(CallException.of(end)).hasMessage("100% Zoë, \ud83d\ude00\n%zz %4");
  }

  @Test
  void message_thatIsNotEncoded_isReadAsUtf8() {
    String onTheWire =
        new String("Zoë".getBytes(StandardCharsets.UTF_8), StandardCharsets.ISO_8859_1);

    assertThat(CallException.of(status("5").set("grpc-message", onTheWire))).hasMessage("Zoë");
  }

  @Test
  void status_isShownWithItsMessage() {
    CallException failure =
        CallException.of(status("12").set("grpc-message", "no%20such%20method"));

    assertThat(failure.statusAndMessage()).isEqualTo("UNIMPLEMENTED: no such method");
    assertThat(failure.saidByServer()).isTrue();
  }

  @Test
  void invalidCode_isUnknown() {
    assertThat(CallException.of(status("99")).status()).isEqualTo(GrpcStatus.UNKNOWN);
    assertThat(CallException.of(status("five")).statusAndMessage())
        .isEqualTo("UNKNOWN: grpc-status is \"five\", which is not a known code");
  }

  @Test
  void details_haveALineEach_withAndWithoutPadding() {
    byte[] details =
        status(
            ErrorInfo.newBuilder()
                .setReason("USER_INVALID")
                .setDomain("userservice.dev")
                .putMetadata("limit", "100")
                .build(),
            BadRequest.newBuilder()
                .addFieldViolations(violation("name", "must not be empty"))
                .addFieldViolations(violation("age", "must be 0 to 150"))
                .build(),
            ResourceInfo.newBuilder().setResourceType("User").setResourceName("42").build(),
            RetryInfo.newBuilder().setRetryDelay(Duration.newBuilder().setSeconds(2)).build(),
            QuotaFailure.newBuilder()
                .addViolations(QuotaFailure.Violation.newBuilder().setSubject("batch"))
                .build());
    String[] lines = {
      "ErrorInfo: USER_INVALID of userservice.dev {limit=100}",
      "BadRequest: name must not be empty",
      "BadRequest: age must be 0 to 150",
      "ResourceInfo: User 42",
      "RetryInfo: after 2000 ms",
      "QuotaFailure: {\"@type\":\"type.googleapis.com/google.rpc.QuotaFailure\",\"violations\":[{\"subject\":\"batch\"}]}"
    };

    for (int padding = 0; padding < 3; padding++) {
      // One length for each of base64's three paddings.
      byte[] bytes =
          ByteString.copyFrom(details)
              .concat(
                  Status.newBuilder().setMessage("x".repeat(padding + 1)).build().toByteString())
              .toByteArray();
      assertThat(details(Base64.getEncoder().encodeToString(bytes))).containsExactly(lines);
      assertThat(details(Base64.getEncoder().withoutPadding().encodeToString(bytes)))
          .containsExactly(lines);
    }
  }

  @Test
  void unknownDetails_areNamed() {
    Any unknown =
        Any.newBuilder()
            .setTypeUrl("example.com/Secret")
            .setValue(ByteString.copyFromUtf8("abc"))
            .build();
    byte[] bytes = Status.newBuilder().addDetails(unknown).build().toByteArray();

    assertThat(details(Base64.getEncoder().encodeToString(bytes)))
        .containsExactly("example.com/Secret, 3 bytes");
  }

  @Test
  void brokenDetails_doNotHideTheStatus() {
    for (String broken : new String[] {"%%%", "AAAA"}) {
      CallException failure =
          CallException.of(
              status("3").set("grpc-message", "bad").set("grpc-status-details-bin", broken));

      assertThat(failure.statusAndMessage()).isEqualTo("INVALID_ARGUMENT: bad");
      assertThat(failure.details()).containsExactly("(details that cannot be read)");
    }
  }

  private static List<String> details(String header) {
    return CallException.of(status("3").set("grpc-status-details-bin", header)).details();
  }

  private static MultiMap status(String code) {
    return MultiMap.caseInsensitiveMultiMap().set("grpc-status", code);
  }

  private static byte[] status(Message... details) {
    Status.Builder status = Status.newBuilder().setCode(3);
    for (Message detail : details) {
      status.addDetails(Any.pack(detail));
    }
    return status.build().toByteArray();
  }

  private static FieldViolation violation(String field, String description) {
    return FieldViolation.newBuilder().setField(field).setDescription(description).build();
  }
}
