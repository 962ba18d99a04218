package dev.userservice.store;

import com.google.protobuf.InvalidProtocolBufferException;
import dev.userservice.proto.UserResponse;
import java.nio.ByteBuffer;

/** A user as the grid keeps it: the number of the write that made it, and its message. */
final class GridSlot {

  private GridSlot() {}

  static byte[] of(UserResponse draft, int userId, long write) {
    byte[] user = draft.toBuilder().setUserId(userId).build().toByteArray();
    return ByteBuffer.allocate(Long.BYTES + user.length).putLong(write).put(user).array();
  }

  static long write(byte[] slot) {
    return ByteBuffer.wrap(slot).getLong();
  }

  static UserResponse user(byte[] slot) {
    try {
      return UserResponse.parseFrom(ByteBuffer.wrap(slot, Long.BYTES, slot.length - Long.BYTES));
    } catch (InvalidProtocolBufferException e) {
      throw new IllegalStateException("a user was not stored as a message", e);
    }
  }
}
