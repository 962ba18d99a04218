package dev.userservice.kit;

import dev.userservice.proto.UserMessage;
import dev.userservice.proto.UserServiceGrpc.UserServiceStub;
import io.grpc.stub.StreamObserver;

/** One StreamUsers call of a grpc-java client. */
public final class ChatCaller {

  public final Recorder<UserMessage, UserMessage> hears;
  private final StreamObserver<UserMessage> call;

  public ChatCaller(UserServiceStub stub) {
    this(stub, Recorder.reading());
  }

  public ChatCaller(UserServiceStub stub, Recorder<UserMessage, UserMessage> hears) {
    this.hears = hears;
    this.call = stub.streamUsers(hears);
  }

  /** Being answered is the one sign that it is in the room. */
  public void joins() throws InterruptedException {
    says(Requests.says(9, "joining"));
    hears.await(message -> message.getMessage().equals("Server received: joining"));
  }

  public void says(String message) {
    says(Requests.says(1, message));
  }

  public void says(UserMessage message) {
    call.onNext(message);
  }

  public void halfCloses() {
    call.onCompleted();
  }

  public UserMessage hears(int userId) throws InterruptedException {
    return hears.await(message -> message.getUserId() == userId);
  }

  public void hears(String text) throws InterruptedException {
    hears.await(message -> message.getMessage().equals(text));
  }
}
