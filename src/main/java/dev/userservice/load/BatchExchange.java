package dev.userservice.load;

import com.google.protobuf.InvalidProtocolBufferException;
import dev.userservice.proto.BatchCreateResponse;

/** Client streaming: creates {@code size} users, no faster than the server accepts them. */
final class BatchExchange extends Exchange {

  private final NewUsers users;
  private final int size;
  private int sent;
  private String answer;

  BatchExchange(NewUsers users, int size) {
    this.users = users;
    this.size = size;
  }

  @Override
  void begin(OpenCall call) {
    sent = 0;
    answer = "the server sent no answer";
    sendMore(call);
  }

  private void sendMore(OpenCall call) {
    while (!call.isOver()) {
      if (call.isFull()) {
        call.whenDrained(() -> sendMore(call));
        return;
      }
      sent++;
      if (sent == size) {
        call.sendLast(users.next());
        return;
      }
      call.send(users.next());
    }
  }

  @Override
  String received(byte[] bytes, int offset, int length, OpenCall call)
      throws InvalidProtocolBufferException {
    BatchCreateResponse response = BatchCreateResponse.parser().parseFrom(bytes, offset, length);
    if (answer == null) {
      return "the server sent more than one answer";
    }
    int created = response.getUsersCreated();
    if (created != size || response.getUserIdsCount() != size) {
      return "the server created %d users and answered %d ids, expected %d"
          .formatted(created, response.getUserIdsCount(), size);
    }
    answer = null;
    move(size);
    return null;
  }

  @Override
  String missing() {
    return answer;
  }
}
