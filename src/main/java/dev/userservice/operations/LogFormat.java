package dev.userservice.operations;

import java.util.function.Supplier;
import java.util.logging.ConsoleHandler;
import java.util.logging.Handler;
import java.util.logging.Logger;

/** The format of the log, which is written to standard error. */
public final class LogFormat {

  private static final String OWN_CONFIGURATION = "java.util.logging.config.file";

  private LogFormat() {}

  /**
   * Sets the format, and applies {@link LogBound}. An operator's own logging configuration, set by
   * {@code -Djava.util.logging.config.file}, is left unchanged.
   *
   * @param json true for one JSON object per line, for programs; false for text, for people
   * @param current the current trace and span; called for each line, on the thread that logs
   */
  public static void use(boolean json, Supplier<TraceIds> current) {
    if (System.getProperty(OWN_CONFIGURATION) != null) {
      return;
    }
    for (Handler handler : Logger.getLogger("").getHandlers()) {
      if (handler instanceof ConsoleHandler) {
        handler.setFormatter(json ? new JsonLine(current) : new TextLine(current));
        handler.setFilter(new LogBound(System::nanoTime));
      }
    }
  }
}
