package dev.userservice.web;

import io.vertx.core.Handler;
import io.vertx.core.http.HttpServerRequest;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** The files of the page, which are resources of the program. */
public final class PageFiles {

  private static final String INDEX = "index.html";

  /** The max size of a file. */
  private static final int MAX_BYTES = 1 << 20;

  private PageFiles() {}

  /**
   * Reads files; blocks.
   *
   * @param folder of the class path
   * @param names only these are served: in one jar, dependencies may have a folder of this name
   * @return a handler for each path, and {@code /} for {@code index.html}; for any thread
   * @throws UncheckedIOException if a file is absent or too large
   */
  public static Map<String, Handler<HttpServerRequest>> read(String folder, List<String> names) {
    Map<String, Handler<HttpServerRequest>> files = new TreeMap<>();
    for (String name : names) {
      files.put(name.equals(INDEX) ? "/" : "/" + name, file(folder, name));
    }
    return files;
  }

  private static PageFile file(String folder, String name) {
    try {
      return new PageFile(name, Resource.read(folder + "/" + name, MAX_BYTES));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
