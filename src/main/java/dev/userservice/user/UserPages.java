package dev.userservice.user;

import dev.userservice.proto.UserResponse;
import dev.userservice.store.UserStore;
import io.vertx.core.AsyncResult;
import io.vertx.core.Context;
import io.vertx.core.Handler;
import io.vertx.core.Vertx;
import io.vertx.core.streams.ReadStream;
import java.util.Iterator;
import java.util.List;

/**
 * The users of a store as a stream, read at the pace of its reader.
 *
 * <p>It holds one page, and asks for the next only when the reader has taken the last user; so a
 * reader that stops costs one page, and one that disconnects leaves nothing behind. Each page is
 * read in its own turn of the event loop: a list of a million users never delays other calls by
 * more than one page.
 *
 * <p>Belongs to the event loop that creates it.
 */
final class UserPages implements ReadStream<UserResponse> {

  /** Users per page: enough to make a read cheap, few enough for one turn (about 0.3 ms). */
  static final int PAGE_USERS = 500;

  /** Users of the first page: many lists are short, and many readers stop early. */
  static final int FIRST_PAGE_USERS = 50;

  /** The memory for a user of a page besides its fields. */
  private static final int USER_BYTES = 200;

  /** The assumed memory for a user before it is read. */
  private static final int UNREAD_USER_BYTES = 300;

  private static final List<UserResponse> NOTHING = List.of();

  private final UserStore store;
  private final Holder memory;
  private final Context context = Vertx.currentContext();
  private long wanted;
  private int lastId;
  private Iterator<UserResponse> page = NOTHING.iterator();
  private int pageBytes;
  private int pageUsers = FIRST_PAGE_USERS;

  private boolean lastPage;
  private boolean loading;
  private boolean delivering;
  private boolean over;
  private long demand = Long.MAX_VALUE;
  private Handler<UserResponse> handler;
  private Handler<Void> endHandler;
  private Handler<Throwable> exceptionHandler;

  /**
   * @param afterUserId only users with a larger id
   * @param limit the max number of users, 0 for all
   * @param memory counts the page
   */
  UserPages(UserStore store, int afterUserId, int limit, Holder memory) {
    this.store = store;
    this.memory = memory;
    this.lastId = afterUserId;
    this.wanted = limit == 0 ? Long.MAX_VALUE : limit;
  }

  @Override
  public UserPages handler(Handler<UserResponse> handler) {
    this.handler = handler;
    if (handler == null) {
      drop();
    }
    deliver();
    return this;
  }

  @Override
  public UserPages pause() {
    demand = 0;
    return this;
  }

  @Override
  public UserPages resume() {
    return fetch(Long.MAX_VALUE);
  }

  @Override
  public UserPages fetch(long amount) {
    demand = demand + amount < 0 ? Long.MAX_VALUE : demand + amount;
    deliver();
    return this;
  }

  @Override
  public UserPages endHandler(Handler<Void> endHandler) {
    this.endHandler = endHandler;
    return this;
  }

  @Override
  public UserPages exceptionHandler(Handler<Throwable> exceptionHandler) {
    this.exceptionHandler = exceptionHandler;
    return this;
  }

  /** Delivers users while the reader has demand; does nothing when a handler calls it again. */
  private void deliver() {
    if (delivering || loading || over) {
      return;
    }
    delivering = true;
    try {
      while (handler != null && demand > 0 && page.hasNext()) {
        if (demand != Long.MAX_VALUE) {
          demand--;
        }
        handler.handle(page.next());
      }
    } finally {
      delivering = false;
    }
    if (handler != null && demand > 0) {
      if (lastPage) {
        end();
      } else {
        load();
      }
    }
  }

  private void load() {
    drop();
    int size = (int) Math.min(pageUsers, wanted);
    pageUsers = PAGE_USERS;
    // Before the read: the pages of many calls may arrive before the first is processed.
    if (!hold(size * UNREAD_USER_BYTES)) {
      return;
    }
    loading = true;
    store
        .page(lastId, size)
        .onComplete(result -> context.runOnContext(turn -> loaded(result, size)));
  }

  private void loaded(AsyncResult<List<UserResponse>> result, int size) {
    loading = false;
    if (handler == null) {
      // The reader disconnected meanwhile.
      return;
    }
    if (result.failed()) {
      fail(result.cause());
      return;
    }
    List<UserResponse> users = result.result();
    memory.release(pageBytes);
    pageBytes = 0;
    if (!hold(bytes(users))) {
      return;
    }
    page = users.iterator();
    wanted -= users.size();
    lastPage = users.size() < size || wanted == 0;
    if (!users.isEmpty()) {
      lastId = users.get(users.size() - 1).getUserId();
    }
    deliver();
  }

  /** The approximate memory for a page; each message caches its size. */
  private static int bytes(List<UserResponse> users) {
    int bytes = 0;
    for (UserResponse user : users) {
      bytes += USER_BYTES + user.getSerializedSize();
    }
    return bytes;
  }

  private boolean hold(int bytes) {
    if (!memory.hold(bytes)) {
      fail(memory.exceeded());
      return false;
    }
    pageBytes = bytes;
    return true;
  }

  /** Drops the page, because a call may stay open long after its last user. */
  private void drop() {
    page = NOTHING.iterator();
    memory.release(pageBytes);
    pageBytes = 0;
  }

  private void fail(Throwable cause) {
    over = true;
    if (exceptionHandler != null) {
      exceptionHandler.handle(cause);
    }
  }

  private void end() {
    over = true;
    if (endHandler != null) {
      endHandler.handle(null);
    }
  }
}
