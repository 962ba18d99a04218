package dev.userservice.call;

import com.google.protobuf.Descriptors.MethodDescriptor;
import com.google.protobuf.DynamicMessage;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.util.JsonFormat;
import com.google.protobuf.util.JsonFormat.TypeRegistry;
import dev.userservice.client.Channel;
import dev.userservice.client.ClientCall;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.grpc.common.GrpcMessageDecoder;
import io.vertx.grpc.common.GrpcMessageEncoder;
import io.vertx.grpc.common.ServiceMethod;
import io.vertx.grpc.common.ServiceName;
import java.io.IOException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;

/**
 * A call of any method: messages are sent as they are read, at the pace of the server, and
 * responses are printed as they arrive, at the pace of their reader.
 */
final class OneCall {

  /** The time of a stream without a deadline of its own. */
  private static final long STREAM_MILLIS = 24L * 60 * 60 * 1_000;

  private final Vertx vertx;
  private final MethodDescriptor method;
  private final JsonFormat.Parser parser;
  private final JsonFormat.Printer printer;
  private final Output output;
  private ClientCall<DynamicMessage, DynamicMessage> call;
  private int printing;

  /** The mistake in a message that has ended the call, or null. */
  private UsageException refused;

  OneCall(Vertx vertx, MethodDescriptor method, TypeRegistry registry, Output output) {
    this.vertx = vertx;
    this.method = method;
    this.parser = JsonFormat.parser().usingTypeRegistry(registry);
    this.printer = output.printer(registry);
    this.output = output;
  }

  /**
   * Makes the call.
   *
   * @param messages are read by a thread of their own, because that blocks
   * @return completes when the call has ended and all is printed. Fails with a {@code
   *     CallException}, or with a {@link UsageException} for a message
   */
  Future<Void> run(Channel channel, CallSettings settings, JsonObjects messages) {
    boolean streams = method.isClientStreaming() || method.isServerStreaming();
    long millis = settings.client().deadlineMillis();
    long wanted = settings.deadline() != null ? settings.deadline().toMillis() : STREAM_MILLIS;
    long extra = streams || settings.deadline() != null ? wanted - millis : 0;
    return channel
        .open(serviceMethod(), extra)
        .compose(
            opened -> {
              call = opened.handler(this::received);
              Context context = vertx.getOrCreateContext();
              Thread reader = new Thread(() -> read(messages, context), "messages");
              reader.setDaemon(true);
              reader.start();
              return call.ended()
                  .recover(failure -> Future.failedFuture(refused == null ? failure : refused));
            })
        .eventually(this::printed);
  }

  private ServiceMethod<DynamicMessage, DynamicMessage> serviceMethod() {
    return ServiceMethod.client(
        ServiceName.create(method.getService().getFullName()),
        method.getName(),
        GrpcMessageEncoder.encoder(),
        GrpcMessageDecoder.decoder(DynamicMessage.getDefaultInstance(method.getOutputType())));
  }

  /** Reads and sends until the end of the input, or of the call. */
  private void read(JsonObjects messages, Context context) {
    try {
      if (method.isClientStreaming()) {
        for (String json = messages.next(); json != null; json = messages.next()) {
          send(message(json), context);
        }
        context.runOnContext(turn -> call.halfClose());
      } else {
        sendOne(messages, context);
      }
    } catch (UsageException mistake) {
      context.runOnContext(turn -> stop(mistake));
    } catch (IOException | ExecutionException failure) {
      context.runOnContext(
          turn -> stop(new UsageException("the messages cannot be read: " + failure.getMessage())));
    } catch (InterruptedException ending) {
      Thread.currentThread().interrupt();
    }
  }

  /**
   * Sends the request of a method that takes one, together with its end: a server that answers
   * before the end resets the stream, and its status may be lost. Others follow too, for the server
   * to refuse.
   */
  private void sendOne(JsonObjects messages, Context context)
      throws IOException, ExecutionException, InterruptedException {
    String first = messages.next();
    DynamicMessage message = message(first == null ? "{}" : first);
    for (String json = messages.next(); json != null; json = messages.next()) {
      send(message, context);
      message = message(json);
    }
    DynamicMessage last = message;
    context.runOnContext(
        turn -> {
          call.send(last);
          call.halfClose();
        });
  }

  /** Returns when there is room for the next message. */
  private void send(DynamicMessage message, Context context)
      throws ExecutionException, InterruptedException {
    CompletableFuture<Void> room = new CompletableFuture<>();
    context.runOnContext(turn -> call.sendNext(message).onComplete(next -> room.complete(null)));
    room.get();
  }

  private DynamicMessage message(String json) {
    DynamicMessage.Builder message = DynamicMessage.newBuilder(method.getInputType());
    try {
      parser.merge(json, message);
      return message.build();
    } catch (InvalidProtocolBufferException malformed) {
      throw new UsageException(
          "a message is not a %s: %s"
              .formatted(method.getInputType().getFullName(), malformed.getMessage()));
    }
  }

  private void stop(UsageException mistake) {
    refused = mistake;
    call.cancel();
  }

  /** Prints on a worker thread, in order; the server waits meanwhile. */
  private void received(DynamicMessage response) {
    if (printing++ == 0) {
      call.pause();
    }
    vertx
        .executeBlocking(() -> output.response(response, printer))
        .onComplete(
            read -> {
              if (read.failed() || !read.result()) {
                // Such as behind a head -1.
                call.cancel();
              }
              if (--printing == 0) {
                call.resume();
              }
            });
  }

  /** Completes when all that was handed to the worker is printed: it keeps the order. */
  private Future<Void> printed() {
    return vertx.executeBlocking(() -> null);
  }
}
