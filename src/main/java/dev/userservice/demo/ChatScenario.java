package dev.userservice.demo;

import dev.userservice.client.CallException;
import dev.userservice.client.Channel;
import dev.userservice.client.ClientCall;
import dev.userservice.proto.UserMessage;
import dev.userservice.proto.UserServiceGrpcClient;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;

/**
 * Bidirectional streaming: both sides send at any time. Each message waits for the answer to the
 * previous one, so that the transcript reads as a conversation; others may speak in between.
 */
final class ChatScenario implements Scenario {

  private static final List<String> TEXTS = List.of("Hello, server!", "How are you?", "Goodbye!");

  private final Pause pause;

  ChatScenario(Pause pause) {
    this.pause = pause;
  }

  @Override
  public String title() {
    return "StreamUsers, bidirectional streaming";
  }

  @Override
  public Future<Void> run(Channel channel, Transcript transcript) {
    return channel
        .open(UserServiceGrpcClient.StreamUsers, (TEXTS.size() - 1) * (long) pause.millis())
        .compose(
            call ->
                converse(new Conversation(call, transcript))
                    .compose(
                        all -> {
                          call.halfClose();
                          return call.ended();
                        })
                    .onFailure(failure -> call.cancel()));
  }

  private Future<Void> converse(Conversation conversation) {
    Future<Void> said = conversation.say(TEXTS.get(0));
    for (String text : TEXTS.subList(1, TEXTS.size())) {
      said = said.compose(answered -> pause.take()).compose(paused -> conversation.say(text));
    }
    return said;
  }

  private static final class Conversation {

    private static final int SERVER = 0;
    private static final String ANSWER = "Server received: ";

    private final ClientCall<UserMessage, UserMessage> call;
    private final Transcript transcript;
    private String expected = "";
    private Promise<Void> answered = Promise.promise();

    Conversation(ClientCall<UserMessage, UserMessage> call, Transcript transcript) {
      this.call = call;
      this.transcript = transcript;
      call.handler(this::receive);
      call.ended()
          .onComplete(
              end -> answered.tryFail(unanswered("the chat ended without it")),
              failure ->
                  answered.tryFail(
                      failure instanceof CallException reported && reported.saidByServer()
                          ? failure
                          : unanswered(ScenarioException.reason(failure))));
    }

    /** Sends a message and waits for the answer. */
    Future<Void> say(String text) {
      UserMessage message =
          UserMessage.newBuilder()
              .setUserId(1)
              .setMessage(text)
              .setTimestamp(Instant.now().truncatedTo(ChronoUnit.MILLIS).toString())
              .build();
      expected = ANSWER + text;
      answered = Promise.promise();
      transcript.sent(message);
      if (call.ended().isComplete()) {
        return Future.failedFuture(unanswered("the chat had ended before"));
      }
      call.send(message);
      return answered.future();
    }

    /**
     * Shows all messages. Ignores those of other callers, who may also chat as user 0, unless the
     * text starts like an answer of the server.
     */
    private void receive(UserMessage message) {
      transcript.received(message);
      if (message.getUserId() != SERVER || !message.getMessage().startsWith(ANSWER)) {
        return;
      }
      if (!message.getMessage().equals(expected)) {
        answered.tryFail(unanswered("got " + Expect.quoted(message.getMessage())));
        return;
      }
      try {
        Expect.time(message.getTimestamp(), "the timestamp of the answer");
        answered.tryComplete();
      } catch (ScenarioException wrong) {
        answered.tryFail(wrong);
      }
    }

    private ScenarioException unanswered(String found) {
      return new ScenarioException(
          "expected " + Expect.quoted(expected) + " from user 0, but " + found);
    }
  }
}
