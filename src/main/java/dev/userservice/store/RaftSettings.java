package dev.userservice.store;

import dev.userservice.config.Address;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.apache.ratis.RaftConfigKeys;
import org.apache.ratis.client.RaftClientConfigKeys;
import org.apache.ratis.conf.RaftProperties;
import org.apache.ratis.grpc.GrpcConfigKeys;
import org.apache.ratis.server.RaftServerConfigKeys;
import org.apache.ratis.server.RaftServerConfigKeys.Log.CorruptionPolicy;
import org.apache.ratis.util.SizeInBytes;
import org.apache.ratis.util.TimeDuration;

/** The settings of the engine, with their reasons. */
final class RaftSettings {

  /** The max size of an entry: a batch of the max number of users of the max size. */
  static final int MAX_ENTRY_BYTES = 24 * 1024 * 1024;

  /**
   * A follower without a message of its leader for this time starts an election. If it were
   * shorter, a busy machine would cause needless elections; if longer, writes would wait for more
   * than two seconds after the leader is killed.
   */
  private static final int ELECTION_MIN_MILLIS = 800;

  private static final int ELECTION_MAX_MILLIS = 1_300;

  /** The same after a start, when a running leader answers at once. */
  private static final int FIRST_ELECTION_MIN_MILLIS = 150;

  private static final int FIRST_ELECTION_MAX_MILLIS = 450;

  /** The timeout of a request between servers, before it is repeated. */
  static final int REQUEST_MILLIS = 2_000;

  /** A log of this length is read in seconds, and a snapshot of all users takes one second. */
  private static final long SNAPSHOT_ENTRIES = 20_000;

  private static final int SNAPSHOTS_KEPT = 2;

  private RaftSettings() {}

  static RaftProperties of(Address address, RaftFolder folder) {
    RaftProperties settings = new RaftProperties();
    RaftConfigKeys.Rpc.setType(settings, new RaftRpc());
    GrpcConfigKeys.Server.setHost(settings, address.host());
    GrpcConfigKeys.Server.setPort(settings, address.port());
    GrpcConfigKeys.setMessageSizeMax(settings, SizeInBytes.valueOf(2L * MAX_ENTRY_BYTES));
    Path log = folder.log();
    RaftServerConfigKeys.setStorageDir(settings, List.of(log.toFile()));
    RaftServerConfigKeys.setRemovedGroupsDir(settings, log.resolveSibling("removed").toFile());
    // By default, a server that was paused for a minute ends; it can catch up instead.
    RaftServerConfigKeys.setCloseThreshold(settings, TimeDuration.valueOf(3_650, TimeUnit.DAYS));

    RaftServerConfigKeys.Rpc.setTimeoutMin(settings, millis(ELECTION_MIN_MILLIS));
    RaftServerConfigKeys.Rpc.setTimeoutMax(settings, millis(ELECTION_MAX_MILLIS));
    RaftServerConfigKeys.Rpc.setFirstElectionTimeoutMin(
        settings, millis(FIRST_ELECTION_MIN_MILLIS));
    RaftServerConfigKeys.Rpc.setFirstElectionTimeoutMax(
        settings, millis(FIRST_ELECTION_MAX_MILLIS));
    RaftServerConfigKeys.Rpc.setRequestTimeout(settings, millis(REQUEST_MILLIS));
    RaftClientConfigKeys.Rpc.setRequestTimeout(settings, millis(REQUEST_MILLIS));

    SizeInBytes maxEntry = SizeInBytes.valueOf(MAX_ENTRY_BYTES);
    RaftServerConfigKeys.Log.Appender.setBufferByteLimit(settings, maxEntry);
    // The engine needs room for the length and the checksum of an entry.
    RaftServerConfigKeys.Log.setWriteBufferSize(
        settings, SizeInBytes.valueOf(MAX_ENTRY_BYTES + 64L));
    RaftServerConfigKeys.Log.setSegmentSizeMax(settings, SizeInBytes.valueOf("32MB"));
    RaftServerConfigKeys.Log.setSegmentCacheNumMax(settings, 2);
    RaftServerConfigKeys.Log.setCorruptionPolicy(settings, CorruptionPolicy.EXCEPTION);
    // See OneAppendAtATime.
    RaftServerConfigKeys.Log.setAppendEntriesComposeEnabled(settings, false);
    // Commit notes would double the number of entries; a new leader does not need them.
    RaftServerConfigKeys.Log.setLogMetadataEnabled(settings, false);
    RaftServerConfigKeys.Log.setPurgeUptoSnapshotIndex(settings, true);

    RaftServerConfigKeys.Snapshot.setAutoTriggerEnabled(settings, true);
    RaftServerConfigKeys.Snapshot.setAutoTriggerThreshold(settings, SNAPSHOT_ENTRIES);
    RaftServerConfigKeys.Snapshot.setRetentionFileNum(settings, SNAPSHOTS_KEPT);
    return settings;
  }

  static TimeDuration millis(int millis) {
    return TimeDuration.valueOf(millis, TimeUnit.MILLISECONDS);
  }
}
