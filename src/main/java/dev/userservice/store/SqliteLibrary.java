package dev.userservice.store;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import org.sqlite.SQLiteJDBCLoader;
import org.sqlite.util.LibraryLoaderUtil;

/**
 * The native library of SQLite, which a process loads once. The driver would copy it into the
 * folder for temporary files, under a new name for each process, and a kill would leave it there.
 * Here it is copied into a folder that only its owner can change; both are deleted once it is
 * loaded.
 */
final class SqliteLibrary {

  /** The driver's property for the target folder of the copy. */
  private static final String FOLDER = "org.sqlite.tmpdir";

  /** The driver's property for the folder of a library that is not in its jar. */
  private static final String PATH = "org.sqlite.lib.path";

  private static boolean loaded;

  private SqliteLibrary() {}

  /**
   * Loads the library, once: from beside the database, or from the folder for temporary files where
   * that fails, such as on a file system without execution. An operator's {@code org.sqlite.tmpdir}
   * replaces both.
   *
   * @param database a file that this process has locked, so a leftover beside it is deleted
   * @throws StoreException when it cannot be loaded
   */
  static synchronized void load(Path database) {
    if (loaded) {
      return;
    }
    String chosen = System.getProperty(FOLDER);
    String temporary = System.getProperty("java.io.tmpdir");
    try {
      if (System.getProperty(PATH) != null) {
        SQLiteJDBCLoader.initialize();
      } else if (chosen != null) {
        loadFrom(newFolderIn(chosen));
      } else if (!isLoadedBeside(database)) {
        loadFrom(newFolderIn(temporary));
      }
      loaded = true;
    } catch (Exception | LinkageError failure) {
      throw new StoreException(
          StoreException.Reason.UNUSABLE,
          "the native library of SQLite cannot be loaded from %s%nName a folder with write and execute permission: -D%s=FOLDER"
              .formatted(
                  chosen != null ? chosen : database.getParent() + " or " + temporary, FOLDER));
    }
  }

  private static boolean isLoadedBeside(Path database) {
    try {
      Path folder = database.resolveSibling(database.getFileName() + ".native");
      delete(folder);
      loadFrom(Files.createDirectory(folder, OwnerOnly.FOLDER));
      return true;
    } catch (Exception | LinkageError failure) {
      return false;
    }
  }

  private static Path newFolderIn(String folder) throws IOException {
    return Files.createTempDirectory(
        Path.of(folder).toAbsolutePath(), "user-service-", OwnerOnly.FOLDER);
  }

  private static void loadFrom(Path folder) throws Exception {
    String name = LibraryLoaderUtil.getNativeLibName();
    Path library = folder.resolve(name);
    try (InputStream bytes =
        SQLiteJDBCLoader.class.getResourceAsStream(
            LibraryLoaderUtil.getNativeLibResourcePath() + "/" + name)) {
      Files.copy(bytes, library);
      // Before the driver does, which prints a stack trace when it fails.
      System.load(library.toString());
      System.setProperty(PATH, folder.toString());
      SQLiteJDBCLoader.initialize();
    } finally {
      System.clearProperty(PATH);
      delete(folder);
    }
  }

  /** Deletes our folder, never the target of a link. */
  private static void delete(Path folder) {
    if (Files.isDirectory(folder, LinkOption.NOFOLLOW_LINKS)) {
      try {
        Files.deleteIfExists(folder.resolve(LibraryLoaderUtil.getNativeLibName()));
        Files.delete(folder);
      } catch (IOException e) {
        // Windows keeps a loaded file; the next start deletes it.
      }
    }
  }
}
