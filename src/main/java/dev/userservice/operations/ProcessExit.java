package dev.userservice.operations;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;

/**
 * Ends the process at once, with one line on standard error. Everything it needs is allocated
 * beforehand, because no memory may be left when it is called. May be called on any thread.
 */
final class ProcessExit {

  private static final int MAX_DETAIL_CHARS = 200;

  /** The max time for the line: writing blocks while a full pipe is not read. */
  private static final long WRITE_NANOS = TimeUnit.SECONDS.toNanos(1);

  private final int exitCode;
  private final byte[] outOfMemory = ascii("user-service: out of memory (");
  private final byte[] loopEnded = ascii("user-service: the thread of an event loop ended (");
  private final byte[] end;
  private final byte[] line;
  private final FileOutputStream standardError = new FileOutputStream(FileDescriptor.err);
  private final AtomicBoolean begun = new AtomicBoolean();
  private final Thread halter = new Thread(this::haltLate, "process-exit");

  ProcessExit(int exitCode) {
    this.exitCode = exitCode;
    end = ascii("); the process ends with exit code " + exitCode + System.lineSeparator());
    line = new byte[loopEnded.length + MAX_DETAIL_CHARS + end.length];
    halter.setDaemon(true);
    halter.start();
  }

  /**
   * @param message of the error, which names the kind of memory; may be null
   */
  void outOfMemory(String message) {
    halt(outOfMemory, message);
  }

  /**
   * @param loop the name of the event loop
   */
  void loopEnded(String loop) {
    halt(loopEnded, loop);
  }

  /** Does not return. Shutdown hooks do not run: they need memory and event loops. */
  private void halt(byte[] start, String detail) {
    while (!begun.compareAndSet(false, true)) {
      // Another thread writes the line; halting here could cut it short.
      LockSupport.park(this);
    }
    LockSupport.unpark(halter);
    try {
      standardError.write(line, 0, fill(start, detail));
    } catch (Throwable unwritable) {
      // The exit code remains.
    } finally {
      Runtime.getRuntime().halt(exitCode);
    }
  }

  private void haltLate() {
    while (!begun.get()) {
      LockSupport.park(this);
    }
    LockSupport.parkNanos(WRITE_NANOS);
    Runtime.getRuntime().halt(exitCode);
  }

  private int fill(byte[] start, String detail) {
    System.arraycopy(start, 0, line, 0, start.length);
    int length = start.length;
    int chars = detail == null ? 0 : Math.min(detail.length(), MAX_DETAIL_CHARS);
    for (int i = 0; i < chars; i++) {
      char c = detail.charAt(i);
      line[length++] = (byte) (c >= ' ' && c <= '~' ? c : '?');
    }
    System.arraycopy(end, 0, line, length, end.length);
    return length + end.length;
  }

  private static byte[] ascii(String text) {
    return text.getBytes(StandardCharsets.US_ASCII);
  }
}
