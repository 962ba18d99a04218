package dev.userservice.store;

import dev.userservice.config.Address;
import dev.userservice.config.RaftConfig;
import dev.userservice.store.StoreException.Reason;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.net.ServerSocket;
import java.net.SocketException;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/**
 * The folder of one server and its address in the configuration, both reserved for this process
 * while it is held. All methods wait for the disk, some for the DNS.
 */
final class RaftFolder {

  private static final String MARK = "server.json";
  private static final String REACHED = "reached";
  private static final int MAX_BYTES = 64 * 1024;

  private final Address address;
  private final Path path;
  private final LockFile lock;

  private RaftFolder(Address address, Path path, LockFile lock) {
    this.address = address;
    this.path = path;
    this.lock = lock;
  }

  /**
   * Takes the first free address of this machine.
   *
   * @throws StoreException UNAVAILABLE when no address is free, UNUSABLE when a folder cannot be
   *     used
   */
  static RaftFolder take(RaftConfig config) {
    List<String> taken = new ArrayList<>();
    Path all = Path.of(config.folder()).toAbsolutePath().normalize();
    // Known folders first: the DNS may still have another machine's old address as ours.
    List<Address> addresses =
        config.servers().stream()
            .sorted(Comparator.comparing(address -> !Files.exists(markOf(all, address))))
            .toList();
    for (Address address : addresses) {
      Optional<InetAddress> own = own(address);
      if (own.isPresent()) {
        Path path = all.resolve(name(address));
        make(path);
        try {
          RaftFolder folder = new RaftFolder(address, path, LockFile.take(path.resolve("lock")));
          if (isFree(own.get(), address.port())) {
            folder.check(config);
            return folder;
          }
          folder.release();
          taken.add(address + " (its port is in use)");
        } catch (LockFile.TakenException owner) {
          taken.add("%s (%s)".formatted(address, owner.owner()));
        } catch (LockFile.NotALockException strange) {
          throw unusable(path, "cannot be locked: " + strange.getMessage());
        } catch (IOException e) {
          throw cannotBeWritten(path, e);
        }
      }
    }
    throw new StoreException(
        Reason.UNAVAILABLE,
        taken.isEmpty()
            ? "none of the addresses in \"store.raft.servers\" belongs to this machine: "
                + Address.list(config.servers())
            : "the addresses in \"store.raft.servers\" are taken: " + String.join(", ", taken));
  }

  Address address() {
    return address;
  }

  /** The folder of the log. */
  Path log() {
    return path.resolve("log");
  }

  /**
   * Reads the mark of the server; empty for a new one.
   *
   * @throws StoreException UNUSABLE when it cannot be read
   */
  Optional<RaftMark> mark() {
    Optional<String> text = read(MARK);
    try {
      Optional<RaftMark> mark = text.map(RaftMark::decode);
      if (mark.isPresent() && !mark.get().address().equals(address.toString())) {
        throw unusable(
            path,
            "belongs to the server at %s%%nName the folder of %s: \"store.raft.folder\""
                .formatted(mark.get().address(), address));
      }
      return mark;
    } catch (StoreException refused) {
      throw refused;
    } catch (RuntimeException unreadable) {
      throw unusable(
          path,
          "has a %s that this version cannot read%%nStart the version that wrote it; %s"
              .formatted(MARK, ifLost()));
    }
  }

  /** Writes the mark; it is on the disk when this returns. */
  void remember(RaftMark mark) {
    try {
      write(MARK, mark.encode(), true);
    } catch (IOException e) {
      throw cannotBeWritten(path, e);
    }
  }

  /** The last noted index up to which all entries were committed and on this disk, or -1. */
  long reached() {
    try {
      return read(REACHED).map(String::strip).map(Long::parseLong).orElse(-1L);
    } catch (NumberFormatException torn) {
      // Written without fsync; a power cut may leave it empty.
      return -1;
    }
  }

  /** Notes an index, without waiting for the disk. */
  void reached(long index) {
    try {
      write(REACHED, index + "\n", false);
    } catch (IOException e) {
      // It is a lower bound, and may be out of date.
    }
  }

  /** The size of all files in the folder. */
  long bytes() {
    try (Stream<Path> files = Files.walk(path)) {
      return files.mapToLong(file -> file.toFile().length()).sum();
    } catch (IOException | UncheckedIOException goneMeanwhile) {
      return 0;
    }
  }

  void release() {
    lock.release();
  }

  /** A failure as UNUSABLE; the message starts with the folder, see StoreException.unusable. */
  StoreException unusable(String why) {
    return unusable(path, why);
  }

  /** The advice for a server that has lost its folder. */
  String ifLost() {
    return "if it was lost, delete it, and start this server once with \"store.raft.join\": true";
  }

  private static StoreException unusable(Path path, String why) {
    return StoreException.unusable(path + " " + why);
  }

  private static StoreException cannotBeWritten(Path path, IOException failure) {
    return failure instanceof FileSystemException system && system.getReason() != null
        ? unusable(path, "cannot be written: " + system.getReason())
        : unusable(
            path, "cannot be written%nCheck its permissions, and the free space on its disk");
  }

  private static Path markOf(Path all, Address address) {
    return all.resolve(name(address)).resolve(MARK);
  }

  private static String name(Address address) {
    return address.toString().replaceAll("[\\[\\]]", "").replace(':', '_');
  }

  private static void make(Path path) {
    try {
      for (Path folder : List.of(path.getParent(), path)) {
        // Not createDirectories alone: it refuses a link to a folder.
        if (!Files.isDirectory(folder)) {
          Files.createDirectories(folder, OwnerOnly.FOLDER);
        }
      }
    } catch (IOException e) {
      throw cannotBeWritten(path, e);
    }
  }

  private static Optional<InetAddress> own(Address address) {
    try {
      InetAddress found = InetAddress.getByName(address.host());
      return found.isLoopbackAddress() || NetworkInterface.getByInetAddress(found) != null
          ? Optional.of(found)
          : Optional.empty();
    } catch (UnknownHostException | SocketException unknown) {
      return Optional.empty();
    }
  }

  private static boolean isFree(InetAddress host, int port) {
    try (ServerSocket socket = new ServerSocket()) {
      // As the server does, so that just closed connections do not block the port.
      socket.setReuseAddress(true);
      socket.bind(new InetSocketAddress(host, port), 1);
      return true;
    } catch (IOException e) {
      return false;
    }
  }

  /** Refuses to start a new server beside the folder of one that is missing in the list. */
  private void check(RaftConfig config) throws IOException {
    if (config.join() || mark().isPresent()) {
      return;
    }
    Set<String> known = Set.copyOf(config.servers().stream().map(RaftFolder::name).toList());
    try (DirectoryStream<Path> others = Files.newDirectoryStream(path.getParent())) {
      for (Path other : others) {
        if (Files.exists(other.resolve(MARK)) && !known.contains(other.getFileName().toString())) {
          throw unusable(
              other,
              "has the log of a server that is not in \"store.raft.servers\"%nPut its address back into the list; or, to replace it with a new server, set \"store.raft.join\": true");
        }
      }
    }
  }

  private Optional<String> read(String name) {
    Path file = path.resolve(name);
    if (!Files.exists(file)) {
      return Optional.empty();
    }
    try (var bytes = Files.newInputStream(file)) {
      return Optional.of(new String(bytes.readNBytes(MAX_BYTES), StandardCharsets.UTF_8));
    } catch (IOException e) {
      throw unusable(path, "cannot be read%nCheck its permissions");
    }
  }

  private void write(String name, String text, boolean durable) throws IOException {
    Path written = path.resolve(name + ".new");
    try (FileChannel file =
        FileChannel.open(
            written,
            Set.of(
                StandardOpenOption.CREATE,
                StandardOpenOption.WRITE,
                StandardOpenOption.TRUNCATE_EXISTING),
            OwnerOnly.FILE)) {
      ByteBuffer bytes = StandardCharsets.UTF_8.encode(text);
      while (bytes.hasRemaining()) {
        file.write(bytes);
      }
      if (durable) {
        file.force(true);
      }
    }
    Files.move(written, path.resolve(name), StandardCopyOption.ATOMIC_MOVE);
    if (durable) {
      syncFolder(path);
    }
  }

  /** Makes a new name in a folder durable, where the system supports it. */
  static void syncFolder(Path folder) throws IOException {
    try (FileChannel names = FileChannel.open(folder, StandardOpenOption.READ)) {
      names.force(true);
    } catch (java.nio.file.AccessDeniedException windows) {
      // Windows cannot open a folder, and does not need to.
    }
  }
}
