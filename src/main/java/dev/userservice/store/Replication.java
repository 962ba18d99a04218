package dev.userservice.store;

import io.vertx.core.Future;
import java.util.List;

/**
 * The replication of a store over several servers, for operators. May be used from any thread, and
 * before the store is open.
 */
public interface Replication {

  /**
   * The state as this server knows it.
   *
   * @param servers the addresses of the servers; empty before this one has joined
   * @param leader the address of the leader; empty when unknown
   * @param leads true when this server leads
   * @param term increases with each election
   * @param committed the last entry of the log known to be on a majority of disks
   * @param applied the last entry applied to this server's users
   * @param leaderSeconds the time since the last change of the leader
   * @param snapshotBytes the size of the last snapshot; 0 for none
   */
  record State(
      List<String> servers,
      String leader,
      boolean leads,
      long term,
      long committed,
      long applied,
      long leaderSeconds,
      long snapshotBytes) {

    static final State NONE = new State(List.of(), "", false, 0, 0, 0, 0, 0);
  }

  /** The current state. */
  State state();

  /** The size of the folder; reads the disk. */
  long diskBytes();

  /**
   * Removes a server for good: it has no vote any more.
   *
   * @param address one of {@link State#servers}
   * @return fails as NOT_FOUND for an unknown address, as UNUSABLE for the last server, as
   *     UNAVAILABLE when no majority agrees in time
   */
  Future<Void> remove(String address);
}
