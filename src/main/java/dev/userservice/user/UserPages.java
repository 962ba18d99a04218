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
 * The users of a store as a stream that goes at the pace of its reader.
 *
 * <p>It holds one page, and asks for the next only when the reader has taken the last user of it;
 * so a reader that stops costs one page, and one that goes away leaves nothing behind. Each page is
 * read in a turn of the event loop of its own: a list of a million users never keeps the loop from
 * the other calls for longer than a page takes.
 *
 * <p>Lives on the event loop on which it was made.
 */
final class UserPages implements ReadStream<UserResponse> {

  /** Users a page: large enough that asking is cheap, small enough for one turn (about 0.3 ms). */
  static final int PAGE_USERS = 500;

  /** Users of the first page: most lists are short, and many readers never read on. */
  static final int FIRST_PAGE_USERS = 50;

  /** What a user of a page takes in memory beside its fields. */
  private static final int USER_BYTES = 200;

  /** What a user is taken for before it is read. */
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
   * @param limit the most users, 0 for all
   * @param memory what holds a page
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

  /** Gives what the page has and the reader wants; a handler that calls back finds it running. */
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
    // Before it is asked for: the pages of many calls may arrive before the first is looked at.
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
      // The reader has gone meanwhile.
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

  /** What a page takes, about; a message knows its size once it has been asked. */
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

  /** Keeps nothing of the page: a call may go on for long after its last user. */
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
