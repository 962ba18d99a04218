package dev.userservice.store;

import dev.userservice.proto.LastEntry;
import dev.userservice.proto.SnapshotHead;
import dev.userservice.proto.UserResponse;
import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Set;

/**
 * All users in one file, read and written as a stream: only a page of them is in memory twice.
 *
 * @param lastEntries the last applied entry of each writer
 */
record UsersSnapshot(MemoryStore users, List<LastEntry> lastEntries) {

  private static final int FORMAT = 1;
  private static final int PAGE = 1_000;
  private static final int BUFFER_BYTES = 64 * 1024;

  /** Writes a snapshot; it is on the disk when this returns. */
  static void write(Path file, MemoryStore users, Collection<LastEntry> lastEntries)
      throws IOException {
    int count = users.size();
    try (FileChannel disk =
            FileChannel.open(
                file,
                Set.of(
                    StandardOpenOption.CREATE,
                    StandardOpenOption.WRITE,
                    StandardOpenOption.TRUNCATE_EXISTING),
                OwnerOnly.FILE);
        OutputStream out = new BufferedOutputStream(Channels.newOutputStream(disk), BUFFER_BYTES)) {
      SnapshotHead.newBuilder()
          .setFormat(FORMAT)
          .setUsers(count)
          .addAllLastEntries(lastEntries)
          .build()
          .writeDelimitedTo(out);
      for (int after = 0; after < count; after += PAGE) {
        for (UserResponse user : users.page(after, Math.min(PAGE, count - after)).result()) {
          user.writeDelimitedTo(out);
        }
      }
      out.flush();
      disk.force(true);
    }
  }

  /**
   * Reads a snapshot.
   *
   * @throws IOException when it is damaged, or written by a newer version of this program
   */
  static UsersSnapshot read(Path file) throws IOException {
    MemoryStore users = new MemoryStore();
    try (InputStream in = new BufferedInputStream(Files.newInputStream(file), BUFFER_BYTES)) {
      SnapshotHead head = SnapshotHead.parseDelimitedFrom(in);
      if (head == null || head.getFormat() != FORMAT) {
        throw new IOException("the snapshot has another format");
      }
      List<UserResponse> page = new ArrayList<>(PAGE);
      for (int id = 1; id <= head.getUsers(); id++) {
        UserResponse user = UserResponse.parseDelimitedFrom(in);
        if (user == null || user.getUserId() != id) {
          throw new IOException("the snapshot has a gap");
        }
        page.add(user.toBuilder().clearUserId().build());
        if (page.size() == PAGE || id == head.getUsers()) {
          if (users.createAll(page, () -> false).failed()) {
            throw new IOException("the snapshot has an e-mail address twice");
          }
          page.clear();
        }
      }
      return new UsersSnapshot(users, head.getLastEntriesList());
    }
  }
}
