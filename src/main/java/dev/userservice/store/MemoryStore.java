package dev.userservice.store;

import com.google.protobuf.CodedOutputStream;
import com.google.protobuf.InvalidProtocolBufferException;
import dev.userservice.proto.UserResponse;
import io.vertx.core.Future;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.BooleanSupplier;

/**
 * Users in this process's memory, shared by all of its event loops; gone when it ends.
 *
 * <p>A user is kept as the bytes of its message, in arrays that are only ever appended to: ids are
 * dense, so an id is a position, and a million users cost about a tenth of what a million message
 * objects in two maps would. Reads take no lock: a writer fills the slots first and then moves
 * {@link #last}, whose volatile write makes them visible, all of a batch at once. Writers take
 * turns under a lock that is held for memory operations only, about a microsecond a user.
 */
final class MemoryStore implements UserStore {

  private static final int SLAB_BITS = 12;
  private static final int SLAB_SIZE = 1 << SLAB_BITS;

  /** Writers hold this, readers never. */
  private final Object writing = new Object();

  private final EmailIndex emails =
      new EmailIndex(userId -> Emails.canonical(read(userId).getEmail()));

  private volatile byte[][][] slabs = new byte[16][][];
  private volatile int last;

  @Override
  public Future<Void> open() {
    return Future.succeededFuture();
  }

  @Override
  public Future<UserResponse> get(int userId) {
    if (userId < 1 || userId > last) {
      return Future.failedFuture(StoreException.notFound());
    }
    return Future.succeededFuture(read(userId));
  }

  @Override
  public Future<UserResponse> create(UserResponse draft, BooleanSupplier abandoned) {
    if (abandoned.getAsBoolean()) {
      return Future.failedFuture(StoreException.abandoned());
    }
    synchronized (writing) {
      int userId = last + 1;
      if (!append(draft, userId)) {
        return Future.failedFuture(StoreException.emailTaken(0));
      }
      last = userId;
      return Future.succeededFuture(draft.toBuilder().setUserId(userId).build());
    }
  }

  @Override
  public Future<List<Integer>> createAll(List<UserResponse> drafts, BooleanSupplier abandoned) {
    if (abandoned.getAsBoolean()) {
      return Future.failedFuture(StoreException.abandoned());
    }
    List<Integer> ids = new ArrayList<>(drafts.size());
    synchronized (writing) {
      int next = last;
      for (UserResponse draft : drafts) {
        if (!append(draft, ++next)) {
          ids.forEach(userId -> emails.remove(email(drafts.get(userId - last - 1)), userId));
          return Future.failedFuture(StoreException.emailTaken(ids.size()));
        }
        ids.add(next);
      }
      last = next;
    }
    return Future.succeededFuture(ids);
  }

  @Override
  public Future<List<UserResponse>> page(int afterUserId, int limit) {
    int before = Math.max(afterUserId, 0);
    int end = (int) Math.min(last, (long) before + limit);
    List<UserResponse> users = new ArrayList<>(Math.max(0, end - before));
    for (int id = before; id < end; id++) {
      users.add(read(id + 1));
    }
    return Future.succeededFuture(users);
  }

  /** The number of users, and the id of the last. */
  int size() {
    return last;
  }

  @Override
  public Future<Void> health() {
    return Future.succeededFuture();
  }

  @Override
  public Future<Void> close() {
    return Future.succeededFuture();
  }

  private static String email(UserResponse draft) {
    return Emails.canonical(draft.getEmail());
  }

  /**
   * Fills the slot of an id, unless the address belongs to another user. No reader uses the slot
   * before {@link #last} has moved past it.
   */
  private boolean append(UserResponse draft, int userId) {
    if (!emails.add(email(draft), userId)) {
      return false;
    }
    int index = (userId - 1) >>> SLAB_BITS;
    byte[][][] current = slabs;
    if (index == current.length) {
      current = Arrays.copyOf(current, current.length * 2);
    }
    if (current[index] == null) {
      current[index] = new byte[SLAB_SIZE][];
    }
    current[index][(userId - 1) & (SLAB_SIZE - 1)] = bytes(draft, userId);
    slabs = current;
    return true;
  }

  /** Encodes a draft as the user with an id: the id is the first field. */
  private static byte[] bytes(UserResponse draft, int userId) {
    int id = UserResponse.USER_ID_FIELD_NUMBER;
    byte[] bytes =
        new byte[CodedOutputStream.computeInt32Size(id, userId) + draft.getSerializedSize()];
    CodedOutputStream out = CodedOutputStream.newInstance(bytes);
    try {
      out.writeInt32(id, userId);
      draft.writeTo(out);
      out.checkNoSpaceLeft();
    } catch (IOException e) {
      throw new IllegalStateException("the array is smaller than the measured message", e);
    }
    return bytes;
  }

  private UserResponse read(int userId) {
    try {
      return UserResponse.parseFrom(
          slabs[(userId - 1) >>> SLAB_BITS][(userId - 1) & (SLAB_SIZE - 1)]);
    } catch (InvalidProtocolBufferException e) {
      throw new IllegalStateException("user " + userId + " was not stored as a message", e);
    }
  }
}
