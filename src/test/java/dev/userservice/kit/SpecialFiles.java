package dev.userservice.kit;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Path;

/** Files that a path may lead to by mistake. */
public final class SpecialFiles {

  private SpecialFiles() {}

  /** A pipe with a name, without a writer. */
  public static Path pipe(Path folder) throws IOException, InterruptedException {
    Path pipe = folder.resolve("pipe");
    if (new ProcessBuilder("mkfifo", pipe.toString()).inheritIO().start().waitFor() != 0) {
      throw new IOException("no pipe could be made");
    }
    return pipe;
  }

  /** A regular file of zeros. */
  public static Path ofBytes(Path folder, int bytes) throws IOException {
    Path file = folder.resolve("zeros");
    try (RandomAccessFile zeros = new RandomAccessFile(file.toFile(), "rw")) {
      zeros.setLength(bytes);
    }
    return file;
  }
}
