package dev.userservice.store;

import com.google.protobuf.InvalidProtocolBufferException;
import dev.userservice.proto.UserResponse;
import io.vertx.core.Future;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;

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

  private static final int EMAIL_SETS = 256;

  /** Writers hold this, readers never. */
  private final Object writing = new Object();

  /**
   * The canonical addresses, spread over many small sets: a hash set that doubles its table does so
   * on an event loop, and with one set of ten million that would take as long as a second.
   */
  private final List<Set<String>> emails =
      Stream.<Set<String>>generate(HashSet::new).limit(EMAIL_SETS).toList();

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
      if (!claim(Emails.canonical(draft.getEmail()))) {
        return Future.failedFuture(StoreException.emailTaken(0));
      }
      UserResponse user = append(draft, last + 1);
      last = user.getUserId();
      return Future.succeededFuture(user);
    }
  }

  @Override
  public Future<List<Integer>> createAll(List<UserResponse> drafts, BooleanSupplier abandoned) {
    if (abandoned.getAsBoolean()) {
      return Future.failedFuture(StoreException.abandoned());
    }
    List<String> claimed = new ArrayList<>(drafts.size());
    List<Integer> ids = new ArrayList<>(drafts.size());
    synchronized (writing) {
      for (UserResponse draft : drafts) {
        String email = Emails.canonical(draft.getEmail());
        if (!claim(email)) {
          claimed.forEach(taken -> setOf(taken).remove(taken));
          return Future.failedFuture(StoreException.emailTaken(claimed.size()));
        }
        claimed.add(email);
      }
      int next = last;
      for (UserResponse draft : drafts) {
        append(draft, ++next);
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

  @Override
  public Future<Long> count() {
    return Future.succeededFuture((long) last);
  }

  @Override
  public Future<Void> health() {
    return Future.succeededFuture();
  }

  @Override
  public Future<Void> close() {
    return Future.succeededFuture();
  }

  private boolean claim(String canonicalEmail) {
    return setOf(canonicalEmail).add(canonicalEmail);
  }

  private Set<String> setOf(String canonicalEmail) {
    // The high bits pick the set: inside it, the hash set uses the low ones.
    return emails.get((canonicalEmail.hashCode() * 0x9E3779B9) >>> 24);
  }

  /** Fills the slot of an id. Nobody looks at it before {@link #last} has moved past it. */
  private UserResponse append(UserResponse draft, int userId) {
    UserResponse user = draft.toBuilder().setUserId(userId).build();
    int index = (userId - 1) >>> SLAB_BITS;
    byte[][][] current = slabs;
    if (index == current.length) {
      current = Arrays.copyOf(current, current.length * 2);
    }
    if (current[index] == null) {
      current[index] = new byte[SLAB_SIZE][];
    }
    current[index][(userId - 1) & (SLAB_SIZE - 1)] = user.toByteArray();
    slabs = current;
    return user;
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
