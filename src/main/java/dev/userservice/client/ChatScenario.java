package dev.userservice.client;

import dev.userservice.proto.UserMessage;
import dev.userservice.proto.UserServiceGrpcClient;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;

/**
 * Bidirectional streaming: both sides send when they like. Each message waits for the answer to the
 * one before it, so that the transcript reads as a conversation; others in the room may speak in
 * between.
 */
final class ChatScenario implements Scenario {

  private static final int SERVER = 0;
  private static final List<String> TEXTS = List.of("Hello, server!", "How are you?", "Goodbye!");

  @Override
  public String title() {
    return "StreamUsers, bidirectional streaming";
  }

  @Override
  public Future<Void> run(Channel channel, Transcript transcript) {
    return channel
        .open(UserServiceGrpcClient.StreamUsers)
        .compose(
            call -> {
              Conversation conversation = new Conversation(call, transcript);
              Future<Void> said = Future.succeededFuture();
              for (String text : TEXTS) {
                said =
                    said.compose(
                            before ->
                                text.equals(TEXTS.get(0))
                                    ? Future.succeededFuture()
                                    : channel.pause())
                        .compose(paused -> conversation.say(text));
              }
              return said.compose(all -> call.halfClose())
                  .compose(closed -> call.ended())
                  .onFailure(failure -> call.cancel());
            });
  }

  private static final class Conversation {

    private final ClientCall<UserMessage, UserMessage> call;
    private final Transcript transcript;
    private String expected = "";
    private Promise<Void> answered = Promise.promise();

    Conversation(ClientCall<UserMessage, UserMessage> call, Transcript transcript) {
      this.call = call;
      this.transcript = transcript;
      call.handler(this::hear);
      call.ended()
          .onComplete(
              end -> answered.tryFail(new ScenarioException("the chat ended before the answer")),
              failure -> answered.tryFail(failure));
    }

    /** Says something and waits for the answer. */
    Future<Void> say(String text) {
      UserMessage message =
          UserMessage.newBuilder()
              .setUserId(1)
              .setMessage(text)
              .setTimestamp(Instant.now().truncatedTo(ChronoUnit.MILLIS).toString())
              .build();
      expected = "Server received: " + text;
      answered = Promise.promise();
      transcript.sent(message);
      return call.send(message).compose(sent -> answered.future());
    }

    private void hear(UserMessage message) {
      transcript.received(message);
      if (message.getUserId() != SERVER) {
        return;
      }
      if (message.getMessage().equals(expected)) {
        answered.tryComplete();
      } else {
        answered.tryFail(
            new ScenarioException(
                "expected \"" + expected + "\", but got \"" + message.getMessage() + "\""));
      }
    }
  }
}
