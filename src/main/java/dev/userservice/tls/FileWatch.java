package dev.userservice.tls;

import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import java.util.List;
import java.util.Objects;

/**
 * Tells when one of some files has another content: at the second look that finds the same, so that
 * files which belong together may be written one after the other. It looks at the content, since a
 * mounted secret is changed by a link far above the file.
 */
public final class FileWatch {

  private static final long LOOK_MILLIS = 1_000;

  private final Vertx vertx;
  private final List<String> files;
  private final Runnable changed;
  private List<Buffer> known;
  private List<Buffer> found;
  private long timer;
  private boolean looking;

  public FileWatch(Vertx vertx, List<String> files, Runnable changed) {
    this.vertx = vertx;
    this.files = files.stream().filter(file -> !file.isEmpty()).toList();
    this.changed = changed;
  }

  /** Looks for the first time; what is there counts as known. */
  public Future<Void> start() {
    return look().onSuccess(this::start).mapEmpty();
  }

  /**
   * Takes for known what was there at an earlier time.
   *
   * @param before what {@link #contents} returned then
   */
  void start(List<Buffer> before) {
    known = before;
    timer = vertx.setPeriodic(LOOK_MILLIS, turn -> lookAgain());
  }

  public void stop() {
    vertx.cancelTimer(timer);
  }

  private void lookAgain() {
    if (looking) {
      return;
    }
    looking = true;
    look()
        .onComplete(
            (contents, failure) -> {
              looking = false;
              if (contents == null || contents.equals(known)) {
                found = null;
              } else if (Objects.equals(contents, found)) {
                known = contents;
                found = null;
                changed.run();
              } else {
                found = contents;
              }
            });
  }

  private Future<List<Buffer>> look() {
    return vertx.executeBlocking(() -> contents(files));
  }

  /** What is in the files now. Blocks. */
  static List<Buffer> contents(List<String> files) {
    return files.stream().filter(file -> !file.isEmpty()).map(FileWatch::content).toList();
  }

  /** Nothing, for a file that cannot be read: whoever is told finds that out again. */
  private static Buffer content(String file) {
    try {
      return SmallFile.read(file, "");
    } catch (UnusableFileException e) {
      return Buffer.buffer();
    }
  }
}
