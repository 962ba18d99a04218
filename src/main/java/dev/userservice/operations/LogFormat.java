package dev.userservice.operations;

import java.util.function.Supplier;
import java.util.logging.ConsoleHandler;
import java.util.logging.Handler;
import java.util.logging.Logger;

/** How the log, which goes to standard error, is written. */
public final class LogFormat {

  private static final String OWN_CONFIGURATION = "java.util.logging.config.file";

  private LogFormat() {}

  /**
   * Writes it in this way from now on, within the bounds of {@link LogBound}. Whoever has a logging
   * configuration of their own, by {@code -Djava.util.logging.config.file}, keeps it as it is.
   *
   * @param json an object a line, for programs; or else text, for people
   * @param current the trace and span of what a thread does when it logs; asked for each line, on
   *     the thread that logs
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
