package dev.userservice.load;

import com.google.protobuf.InvalidProtocolBufferException;
import dev.userservice.proto.ListUsersRequest;
import dev.userservice.proto.UserResponse;

/** Server streaming: the first users of the directory, of which there have to be so many. */
final class ListExchange extends Exchange {

  private final ListUsersRequest request;
  private int came;
  private int last;

  ListExchange(int users) {
    request = ListUsersRequest.newBuilder().setLimit(users).build();
  }

  @Override
  void begin(OpenCall call) {
    came = 0;
    last = 0;
    call.sendLast(request);
  }

  @Override
  String received(byte[] bytes, int offset, int length, OpenCall call)
      throws InvalidProtocolBufferException {
    UserResponse user = UserResponse.parser().parseFrom(bytes, offset, length);
    if (user.getUserId() <= last) {
      return "users that are not in the order of their ids";
    }
    last = user.getUserId();
    came++;
    move(1);
    return came > request.getLimit() ? "more users than were asked for" : null;
  }

  @Override
  String missing() {
    return came == request.getLimit() ? null : "%d users of %d".formatted(came, request.getLimit());
  }
}
