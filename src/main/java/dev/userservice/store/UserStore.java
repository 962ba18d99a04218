package dev.userservice.store;

import dev.userservice.proto.UserResponse;
import io.vertx.core.Future;
import java.util.List;
import java.util.Optional;
import java.util.function.BooleanSupplier;

/**
 * A store of the users. Every implementation keeps these promises, and one test kit checks them
 * all:
 *
 * <ul>
 *   <li>Ids start at 1 and increase in the order of creation: a reader that has seen an id finds no
 *       smaller one created later. None is ever used twice. A create that fails uses none up,
 *       unless it races with another for the same e-mail address; a database that is restarted may
 *       leave a gap.
 *   <li>An e-mail address belongs to at most one user, compared in its {@link Emails#canonical
 *       canonical} form, however many callers race for it.
 *   <li>{@link #createAll} creates all of its users or none, and no reader ever sees a part of
 *       them.
 *   <li>A user whose create has succeeded is seen by every read that starts afterwards, and is
 *       there after a crash of this process in a store that outlives it; in a store on a disk, also
 *       after a crash of the machine.
 *   <li>No method blocks the calling thread, and none throws: a failure fails the Future, with a
 *       {@link StoreException} where the caller can do something about it. All but {@link #open}
 *       and {@link #close} may fail as {@link StoreException.Reason#UNAVAILABLE}, {@code
 *       OVERLOADED} or {@code TIMED_OUT}; writes also as {@code OUTCOME_UNKNOWN}, {@code FULL} or
 *       {@code CONFLICT}.
 *   <li>Everything that waits in a store waits in a bounded queue and for a bounded time.
 *   <li>A Future completes on the event loop from which the method was called.
 * </ul>
 *
 * Users go in as drafts: complete but for {@code user_id}, and valid by the rules of the {@code
 * user} package, which a store does not check again.
 *
 * <p>A write takes a supplier that says whether it is {@code abandoned}: its caller no longer waits
 * for the outcome. It is called on any thread, for the last time before the write begins; a write
 * that is abandoned by then changes nothing and fails with {@link StoreException.Reason#ABANDONED}.
 */
public interface UserStore {

  /**
   * Makes the store ready: connects, creates what is missing. May be called again after it has
   * failed; until it succeeds, all other methods fail as UNAVAILABLE.
   *
   * @return fails with {@link StoreException.Reason#UNAVAILABLE} when another try may succeed, with
   *     {@code UNUSABLE} when it will not, each with a message for the operator
   */
  Future<Void> open();

  /**
   * Returns the user with an id.
   *
   * @param userId any number
   * @return the user; fails with {@link StoreException.Reason#NOT_FOUND} when no user has it
   */
  Future<UserResponse> get(int userId);

  /**
   * Adds one user under the next id.
   *
   * @param draft the user without its id
   * @return the user with its id; fails with {@link StoreException.Reason#EMAIL_TAKEN}, index 0,
   *     when the e-mail address belongs to another user
   */
  default Future<UserResponse> create(UserResponse draft, BooleanSupplier abandoned) {
    return createAll(List.of(draft), abandoned)
        .map(ids -> draft.toBuilder().setUserId(ids.get(0)).build());
  }

  /**
   * Adds all users of a list, or none.
   *
   * @param drafts the users without their ids, in the order of the ids that they get
   * @return the ids, the i-th for the i-th draft; fails with {@link
   *     StoreException.Reason#EMAIL_TAKEN} and the lowest index whose e-mail address belongs to
   *     another user or to an earlier draft of the list
   */
  Future<List<Integer>> createAll(List<UserResponse> drafts, BooleanSupplier abandoned);

  /**
   * Returns users in the order of their ids. A list of any length is read page by page, so that
   * nothing in the store is held open between two pages.
   *
   * @param afterUserId only users with a larger id
   * @param limit the max number of users to return, at least 1
   * @return fewer than {@code limit} users only at the end of the directory
   */
  Future<List<UserResponse>> page(int afterUserId, int limit);

  /**
   * Succeeds when reads and writes can be expected to. Called about once a second. Fails as
   * UNUSABLE when only a restart of the process can help.
   */
  Future<Void> health();

  /** The state of replication; empty for a store that does not replicate. */
  default Optional<Replication> replication() {
    return Optional.empty();
  }

  /**
   * Releases all resources of the store, once the accepted writes are done. Called once; all other
   * calls after it may fail as UNAVAILABLE.
   */
  Future<Void> close();
}
