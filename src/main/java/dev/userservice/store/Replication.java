package dev.userservice.store;

import io.vertx.core.Future;
import java.util.List;

/**
 * What operators see of a store that several servers keep together, and may change. May be used
 * from any thread, and before the store is open.
 */
public interface Replication {

  /**
   * @param servers where the servers reach each other; empty before this one is among them
   * @param leader which of them leads, as this server knows; empty when it knows none
   * @param leads whether that is this server
   * @param term increases with each election
   * @param committed the last entry of the log that this server knows to be on a majority of disks
   * @param applied the last entry that this server's users have
   * @param leaderSeconds how long ago this server heard of another leader, or of none
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

  /** At this moment. */
  State state();

  /** The size of everything in the folder; looks at the disk. */
  long diskBytes();

  /**
   * Takes a server out for good: its vote counts no more, and it is not waited for.
   *
   * @param address one of {@link State#servers}
   * @return fails as NOT_FOUND when there is none at that address, as UNUSABLE when it is the last,
   *     as UNAVAILABLE when no majority agrees in time
   */
  Future<Void> remove(String address);
}
