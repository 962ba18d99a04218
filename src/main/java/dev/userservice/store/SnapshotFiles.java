package dev.userservice.store;

import dev.userservice.proto.LastEntry;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Collection;
import java.util.Optional;
import org.apache.ratis.io.MD5Hash;
import org.apache.ratis.server.protocol.TermIndex;
import org.apache.ratis.server.storage.FileInfo;
import org.apache.ratis.server.storage.RaftStorage;
import org.apache.ratis.statemachine.StateMachineStorage;
import org.apache.ratis.statemachine.impl.SimpleStateMachineStorage;
import org.apache.ratis.statemachine.impl.SingleFileSnapshotInfo;
import org.apache.ratis.util.MD5FileUtil;

/** The snapshots in the folder of the log, each with a checksum. All methods wait for the disk. */
final class SnapshotFiles {

  /** A snapshot and the last entry that it includes. */
  record Found(UsersSnapshot snapshot, TermIndex last) {}

  /** The suffix of a snapshot that is being written. */
  private static final String UNFINISHED = ".new";

  private final SimpleStateMachineStorage storage = new SimpleStateMachineStorage();
  private volatile long bytes;

  /** The engine's view of the folder. */
  StateMachineStorage storage() {
    return storage;
  }

  /** The size of the last snapshot; 0 for none. May be called from any thread. */
  long bytes() {
    return bytes;
  }

  /** Opens the folder, and deletes unfinished snapshots. */
  void open(RaftStorage raftStorage) throws IOException {
    storage.init(raftStorage);
    Path folder = raftStorage.getStorageDir().getStateMachineDir().toPath();
    try (DirectoryStream<Path> unfinished = Files.newDirectoryStream(folder, "*" + UNFINISHED)) {
      for (Path each : unfinished) {
        Files.delete(each);
      }
    }
  }

  /** Writes a snapshot of all entries up to {@code last}; it is on the disk when this returns. */
  void write(TermIndex last, MemoryStore users, Collection<LastEntry> lastEntries)
      throws IOException {
    Path file = storage.getSnapshotFile(last.getTerm(), last.getIndex()).toPath();
    Path written = file.resolveSibling(file.getFileName() + UNFINISHED);
    UsersSnapshot.write(written, users, lastEntries);
    // Before the file has its final name: a snapshot without a checksum would be ignored.
    MD5Hash checksum = MD5FileUtil.computeMd5ForFile(written.toFile());
    MD5FileUtil.saveMD5File(file.toFile(), checksum);
    Files.move(written, file, StandardCopyOption.ATOMIC_MOVE);
    RaftFolder.syncFolder(file.getParent());
    bytes = Files.size(file);
    storage.updateLatestSnapshot(
        new SingleFileSnapshotInfo(new FileInfo(file, checksum), last.getTerm(), last.getIndex()));
  }

  /** Reads the last snapshot; empty when there are no snapshots. */
  Optional<Found> read() throws IOException {
    SingleFileSnapshotInfo found = storage.loadLatestSnapshot();
    if (found == null) {
      return Optional.empty();
    }
    Path file = found.getFile().getPath();
    MD5FileUtil.verifySavedMD5(file.toFile(), MD5FileUtil.computeMd5ForFile(file.toFile()));
    UsersSnapshot snapshot = UsersSnapshot.read(file);
    bytes = Files.size(file);
    return Optional.of(new Found(snapshot, found.getTermIndex()));
  }
}
