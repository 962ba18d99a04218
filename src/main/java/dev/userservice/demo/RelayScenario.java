package dev.userservice.demo;

import dev.userservice.client.CallException;
import dev.userservice.client.Channel;
import dev.userservice.client.ClientCall;
import dev.userservice.config.Address;
import dev.userservice.proto.UserMessage;
import dev.userservice.proto.UserServiceGrpcClient;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Bidirectional streaming on all servers at once: a message to one reaches the others. */
final class RelayScenario implements Scenario {

  private static final int SERVER = 0;

  @Override
  public String title() {
    return "StreamUsers, one room over all servers";
  }

  @Override
  public Future<Void> run(Channel channel, Transcript transcript) {
    return channel
        .openOnEach(UserServiceGrpcClient.StreamUsers)
        .compose(
            calls -> {
              List<Speaker> speakers = new ArrayList<>();
              calls.forEach(
                  (server, call) -> speakers.add(new Speaker(speakers.size() + 1, server, call)));
              return relay(speakers, transcript)
                  .compose(relayed -> end(speakers))
                  .onFailure(failure -> speakers.forEach(speaker -> speaker.call.cancel()));
            });
  }

  private static Future<Void> relay(List<Speaker> speakers, Transcript transcript) {
    if (speakers.size() < 2) {
      return Future.failedFuture(
          new ScenarioException(
              "relay needs two or more reachable servers of one cluster, but found "
                  + speakers.size()));
    }
    // A speaker that got its answer is in the room, and receives all later messages.
    Future<?> said = Future.succeededFuture();
    for (Speaker speaker : speakers) {
      said = said.compose(before -> speaker.enter());
    }
    for (Speaker speaker : speakers) {
      said = said.compose(before -> speaker.speak(speakers, transcript));
    }
    return said.mapEmpty();
  }

  private static Future<Void> end(List<Speaker> speakers) {
    speakers.forEach(speaker -> speaker.call.halfClose());
    return Future.all(speakers.stream().map(speaker -> speaker.call.ended()).toList()).mapEmpty();
  }

  /** One stream on one server. */
  private static final class Speaker {

    private final int userId;
    private final Address server;
    private final ClientCall<UserMessage, UserMessage> call;

    /** The expected messages by {@link #key}. */
    private final Map<String, Promise<Void>> awaited = new HashMap<>();

    Speaker(int userId, Address server, ClientCall<UserMessage, UserMessage> call) {
      this.userId = userId;
      this.server = server;
      this.call = call;
      call.handler(this::receive);
      call.ended()
          .onComplete(
              end ->
                  awaited.values().forEach(promise -> promise.tryFail(notReceived(end.cause()))));
    }

    /** Ignores messages of other callers. */
    private void receive(UserMessage message) {
      Promise<Void> heard = awaited.get(key(message.getUserId(), message.getMessage()));
      if (heard != null) {
        heard.tryComplete();
      }
    }

    Future<Void> enter() {
      String text = "This is " + server;
      Future<Void> answered = await(SERVER, "Server received: " + text);
      call.send(message(text));
      return answered;
    }

    Future<Void> speak(List<Speaker> all, Transcript transcript) {
      String text = "Who hears " + server + "?";
      List<Speaker> others = all.stream().filter(other -> other != this).toList();
      List<Future<Void>> heard = others.stream().map(other -> other.await(userId, text)).toList();
      UserMessage message = message(text);
      transcript.sent(message);
      call.send(message);
      return Future.all(heard)
          .onSuccess(
              everywhere ->
                  transcript.note(
                      "heard on " + Address.list(others.stream().map(o -> o.server).toList())))
          .mapEmpty();
    }

    private Future<Void> await(int userId, String text) {
      Promise<Void> heard = Promise.promise();
      awaited.put(key(userId, text), heard);
      if (call.ended().isComplete()) {
        heard.tryFail(notReceived(call.ended().cause()));
      }
      return heard.future();
    }

    private Throwable notReceived(Throwable failure) {
      if (failure instanceof CallException refused && refused.isAccessRefused()) {
        return refused;
      }
      return new ScenarioException(
          "%s did not receive every message; are the servers in one cluster? %s"
              .formatted(
                  server, failure == null ? "the chat ended" : ScenarioException.reason(failure)));
    }

    private UserMessage message(String text) {
      return UserMessage.newBuilder()
          .setUserId(userId)
          .setMessage(text)
          .setTimestamp(Instant.now().truncatedTo(ChronoUnit.MILLIS).toString())
          .build();
    }

    private static String key(int userId, String text) {
      return userId + ": " + text;
    }
  }
}
