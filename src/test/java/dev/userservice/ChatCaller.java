package dev.userservice;

import dev.userservice.proto.UserMessage;
import dev.userservice.proto.UserServiceGrpc.UserServiceStub;
import io.grpc.stub.StreamObserver;

/** One StreamUsers call of a grpc-java client. */
final class ChatCaller {

  final Recorder<UserMessage, UserMessage> hears;
  private final StreamObserver<UserMessage> call;

  ChatCaller(UserServiceStub stub) {
    this(stub, Recorder.reading());
  }

  ChatCaller(UserServiceStub stub, Recorder<UserMessage, UserMessage> hears) {
    this.hears = hears;
    this.call = stub.streamUsers(hears);
  }

  /** Being answered is the one sign that it is in the room. */
  void joins() throws InterruptedException {
    says(Requests.says(9, "joining"));
    hears.await(message -> message.getMessage().equals("Server received: joining"));
  }

  void says(String message) {
    says(Requests.says(1, message));
  }

  void says(UserMessage message) {
    call.onNext(message);
  }

  void halfCloses() {
    call.onCompleted();
  }

  UserMessage hears(int userId) throws InterruptedException {
    return hears.await(message -> message.getUserId() == userId);
  }

  void hears(String text) throws InterruptedException {
    hears.await(message -> message.getMessage().equals(text));
  }
}
