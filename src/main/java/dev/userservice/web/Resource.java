package dev.userservice.web;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;

/** A file of the class path. */
final class Resource {

  private Resource() {}

  /**
   * Reads a file; blocks.
   *
   * @throws IOException if it is absent or larger than {@code maxBytes}
   */
  static byte[] read(String path, int maxBytes) throws IOException {
    try (InputStream in = Resource.class.getClassLoader().getResourceAsStream(path)) {
      if (in == null) {
        throw new FileNotFoundException(path + " is missing in the program");
      }
      byte[] bytes = in.readNBytes(maxBytes + 1);
      if (bytes.length > maxBytes) {
        throw new IOException(path + " has more than " + maxBytes + " bytes");
      }
      return bytes;
    }
  }
}
