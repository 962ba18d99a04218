package dev.userservice.kit;

import com.google.protobuf.Message;
import com.google.rpc.ErrorInfo;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.MethodDescriptor.MethodType;
import io.grpc.Status;
import io.grpc.protobuf.StatusProto;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/**
 * A call of any method, of any kind, with one message, by grpc-java.
 *
 * @param endless true if the first message counts as the end
 */
public record AnyCall(String method, Message request, boolean endless) {

  private static final MethodDescriptor.Marshaller<byte[]> BYTES =
      new MethodDescriptor.Marshaller<>() {
        @Override
        public InputStream stream(byte[] message) {
          return new ByteArrayInputStream(message);
        }

        @Override
        public byte[] parse(InputStream stream) {
          try {
            return stream.readAllBytes();
          } catch (IOException e) {
            throw new UncheckedIOException(e);
          }
        }
      };

  /**
   * The end of a call.
   *
   * @param reason that of the ErrorInfo; empty when there is none
   */
  public record Answer(Status status, String reason, Metadata trailers) {

    public Status.Code code() {
      return status.getCode();
    }
  }

  public AnyCall(String method, Message request) {
    this(method, request, false);
  }

  /** Waits for the end. */
  public Answer answer(Channel channel, Metadata metadata) throws Exception {
    CompletableFuture<Answer> answer = new CompletableFuture<>();
    ClientCall<byte[], byte[]> call =
        channel.newCall(
            MethodDescriptor.<byte[], byte[]>newBuilder()
                .setFullMethodName(method)
                .setType(MethodType.BIDI_STREAMING)
                .setRequestMarshaller(BYTES)
                .setResponseMarshaller(BYTES)
                .build(),
            CallOptions.DEFAULT.withDeadlineAfter(Waits.SECONDS, TimeUnit.SECONDS));
    call.start(
        new ClientCall.Listener<>() {
          @Override
          public void onMessage(byte[] message) {
            if (endless) {
              answer.complete(new Answer(Status.OK, "", new Metadata()));
              call.cancel("that is all", null);
            }
          }

          @Override
          public void onClose(Status status, Metadata trailers) {
            answer.complete(new Answer(status, reason(status, trailers), trailers));
          }
        },
        metadata);
    call.sendMessage(request.toByteArray());
    call.halfClose();
    // Last: an answer before the half-close would cancel a call that is not half-closed yet.
    call.request(1_000);
    return answer.get(Waits.SECONDS, TimeUnit.SECONDS);
  }

  private static String reason(Status status, Metadata trailers) {
    if (status.isOk() || !trailers.containsKey(DETAILS)) {
      return "";
    }
    return new ErrorDetails(StatusProto.fromStatusAndTrailers(status, trailers))
        .get(ErrorInfo.class)
        .getReason();
  }

  private static final Metadata.Key<byte[]> DETAILS =
      Metadata.Key.of("grpc-status-details-bin", Metadata.BINARY_BYTE_MARSHALLER);
}
