package dev.userservice.load;

import com.google.protobuf.InvalidProtocolBufferException;
import dev.userservice.proto.ListUsersRequest;
import dev.userservice.proto.UserResponse;

/** Server streaming: lists the first users of the directory, exactly as many as requested. */
final class ListExchange extends Exchange {

  private final ListUsersRequest request;
  private int received;
  private int last;

  ListExchange(int users) {
    request = ListUsersRequest.newBuilder().setLimit(users).build();
  }

  @Override
  void begin(OpenCall call) {
    received = 0;
    last = 0;
    call.sendLast(request);
  }

  @Override
  String received(byte[] bytes, int offset, int length, OpenCall call)
      throws InvalidProtocolBufferException {
    UserResponse user = UserResponse.parser().parseFrom(bytes, offset, length);
    if (user.getUserId() <= last) {
      return "the server sent users out of the order of their ids";
    }
    last = user.getUserId();
    received++;
    move(1);
    return received > request.getLimit() ? "the server sent more users than requested" : null;
  }

  @Override
  String missing() {
    return received == request.getLimit()
        ? null
        : "the server sent %d users of %d".formatted(received, request.getLimit());
  }
}
