package dev.userservice.store;

import dev.userservice.proto.UserResponse;
import io.vertx.core.Future;
import java.util.List;

/**
 * Where the users are kept. Every store keeps these promises, and one test kit checks them all:
 *
 * <ul>
 *   <li>Ids start at 1 and increase in the order of creation. None is ever used twice, and a create
 *       that fails uses none up in a store that lives in this process.
 *   <li>An e-mail address belongs to at most one user, compared in its {@link Emails#canonical
 *       canonical} form, however many callers race for it.
 *   <li>{@link #createAll} creates all of its users or none, and no reader ever sees a part of
 *       them.
 *   <li>A user whose create has succeeded is seen by every read that starts afterwards.
 *   <li>No method blocks the calling thread, and none throws: a failure fails the Future, with a
 *       {@link StoreException} where the caller can do something about it.
 *   <li>A Future completes on the event loop from which the method was called.
 * </ul>
 *
 * Users go in as drafts: complete but for {@code user_id}, and valid by the rules of the {@code
 * user} package, which a store does not check again.
 */
public interface UserStore {

  /**
   * The user with an id.
   *
   * @param userId any number
   * @return the user; fails with {@link StoreException.Reason#NOT_FOUND} when nobody has the id
   */
  Future<UserResponse> get(int userId);

  /**
   * Adds one user under the next id.
   *
   * @param draft the user without its id
   * @return the user with its id; fails with {@link StoreException.Reason#EMAIL_TAKEN}, index 0,
   *     when the e-mail address belongs to somebody
   */
  Future<UserResponse> create(UserResponse draft);

  /**
   * Adds all users of a list, or none.
   *
   * @param drafts the users without their ids, in the order of the ids that they get
   * @return the ids, the i-th for the i-th draft; fails with {@link
   *     StoreException.Reason#EMAIL_TAKEN} and the lowest index whose e-mail address belongs to
   *     somebody or to an earlier draft of the list
   */
  Future<List<Integer>> createAll(List<UserResponse> drafts);

  /**
   * Users in the order of their ids. A list of any length is read page by page, so that nothing in
   * the store is held open between two pages.
   *
   * @param afterUserId only users with a larger id
   * @param limit the most users to return, at least 1
   * @return at most {@code limit} users; fewer when there are no more
   */
  Future<List<UserResponse>> page(int afterUserId, int limit);

  /** How many users there are. */
  Future<Long> count();

  /** Lets go of everything that the store holds. Calls after it may fail. */
  Future<Void> close();
}
