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
 * We copy it into a folder that nobody else can change, and delete both as soon as it is loaded.
 */
final class SqliteLibrary {

  /** The driver's property for the folder to copy to. */
  private static final String FOLDER = "org.sqlite.tmpdir";

  /** The driver's property for the folder of a library that is not in its jar. */
  private static final String PATH = "org.sqlite.lib.path";

  private static boolean loaded;

  private SqliteLibrary() {}

  /**
   * Loads the library, unless that was done before: from beside the database, or else, such as
   * where no program can be run from there, from the folder for temporary files. An operator's
   * {@code org.sqlite.tmpdir} counts instead of both.
   *
   * @param database its lock is ours: what is beside it is of a process that was killed
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
          "the native library of SQLite cannot be loaded from %s%nName a folder that can be written and executed from with -D%s=FOLDER"
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
      // Before the driver does, which prints a stack trace when it cannot.
      System.load(library.toString());
      System.setProperty(PATH, folder.toString());
      SQLiteJDBCLoader.initialize();
    } finally {
      System.clearProperty(PATH);
      delete(folder);
    }
  }

  /** Deletes a folder of ours; what a link leads to is somebody else's. */
  private static void delete(Path folder) {
    if (Files.isDirectory(folder, LinkOption.NOFOLLOW_LINKS)) {
      try {
        Files.deleteIfExists(folder.resolve(LibraryLoaderUtil.getNativeLibName()));
        Files.delete(folder);
      } catch (IOException e) {
        // Windows keeps the file while it is loaded; the next start deletes it.
      }
    }
  }
}
