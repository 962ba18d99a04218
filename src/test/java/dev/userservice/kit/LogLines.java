package dev.userservice.kit;

import io.vertx.core.internal.logging.LoggerFactory;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;

/** The lines of a logger, which go here instead of to its handlers. */
public final class LogLines extends Handler implements AutoCloseable {

  private final List<LogRecord> records = new CopyOnWriteArrayList<>();
  private final Logger logger;

  private LogLines(Logger logger) {
    this.logger = logger;
    logger.addHandler(this);
    logger.setUseParentHandlers(false);
  }

  public static LogLines of(String logger) {
    // Vert.x reads the logging configuration with its first logger; later, that would undo this.
    LoggerFactory.getLogger(LogLines.class);
    return new LogLines(Logger.getLogger(logger));
  }

  public List<LogRecord> records() {
    return records;
  }

  public List<String> messages() {
    return records.stream().map(LogRecord::getMessage).toList();
  }

  /** Waits until a line has these words. */
  public void await(String words) {
    Waits.until(words, () -> messages().stream().anyMatch(message -> message.contains(words)));
  }

  @Override
  public void publish(LogRecord line) {
    records.add(line);
  }

  @Override
  public void flush() {}

  @Override
  public void close() {
    logger.removeHandler(this);
    logger.setUseParentHandlers(true);
  }
}
