package dev.userservice.tls;

import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import java.util.List;
import java.util.Objects;

/**
 * Polls files, and reports a change once two polls in a row return the same new content: files that
 * belong together may be written one after the other. Compares contents, because a mounted secret
 * is changed by a link far above the file.
 */
public final class FileWatch {

  private static final long POLL_MILLIS = 1_000;

  private final Vertx vertx;
  private final List<String> files;
  private final Runnable changed;
  private List<Buffer> known;
  private List<Buffer> candidate;
  private long timer;
  private boolean polling;

  public FileWatch(Vertx vertx, List<String> files, Runnable changed) {
    this.vertx = vertx;
    this.files = files.stream().filter(file -> !file.isEmpty()).toList();
    this.changed = changed;
  }

  /** Starts with the current content. */
  public Future<Void> start() {
    return read().onSuccess(this::start).mapEmpty();
  }

  /**
   * Starts with an earlier content.
   *
   * @param before the result of {@link #contents} at that time
   */
  void start(List<Buffer> before) {
    known = before;
    timer = vertx.setPeriodic(POLL_MILLIS, turn -> poll());
  }

  public void stop() {
    vertx.cancelTimer(timer);
  }

  private void poll() {
    if (polling) {
      return;
    }
    polling = true;
    read()
        .onComplete(
            (contents, failure) -> {
              polling = false;
              if (contents == null || contents.equals(known)) {
                candidate = null;
              } else if (Objects.equals(contents, candidate)) {
                known = contents;
                candidate = null;
                changed.run();
              } else {
                candidate = contents;
              }
            });
  }

  private Future<List<Buffer>> read() {
    return vertx.executeBlocking(() -> contents(files));
  }

  /** Returns the current content of the files. Blocks. */
  static List<Buffer> contents(List<String> files) {
    return files.stream().filter(file -> !file.isEmpty()).map(FileWatch::content).toList();
  }

  /** The content, or nothing for an unreadable file, which the receiver of the report diagnoses. */
  private static Buffer content(String file) {
    try {
      return SmallFile.read(file, "");
    } catch (UnusableFileException e) {
      return Buffer.buffer();
    }
  }
}
