package dev.userservice.operations;

import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.logging.Level;
import java.util.logging.LogManager;
import java.util.logging.Logger;
import java.util.regex.Pattern;

/**
 * The levels of the loggers of this process, which can be changed while it runs. Thread-safe.
 *
 * <p>Libraries may log keys and user data below INFO; the logging configuration turns off the
 * loggers that do.
 */
public final class LogLevels {

  /** The logger that all others inherit from; the JDK's own name for it is empty. */
  private static final String ROOT = "root";

  private static final int MAX_SET = 100;
  private static final int MAX_NAME_CHARS = 200;
  private static final Pattern NAME = Pattern.compile("[\\w$-]+(\\.[\\w$-]+)*");

  /** The JDK's names of levels, and the severities of a JSON line. */
  private static final Map<String, Level> NAMES = new LinkedHashMap<>();

  static {
    NAMES.put("OFF", Level.OFF);
    NAMES.put("SEVERE", Level.SEVERE);
    NAMES.put("WARNING", Level.WARNING);
    NAMES.put("INFO", Level.INFO);
    NAMES.put("CONFIG", Level.CONFIG);
    NAMES.put("FINE", Level.FINE);
    NAMES.put("FINER", Level.FINER);
    NAMES.put("FINEST", Level.FINEST);
    NAMES.put("ALL", Level.ALL);
    NAMES.put("ERROR", Level.SEVERE);
    NAMES.put("WARN", Level.WARNING);
    NAMES.put("DEBUG", Level.FINE);
    NAMES.put("TRACE", Level.FINEST);
  }

  /**
   * A logger whose level was set here. It is kept because the JDK forgets an unreferenced logger,
   * and its level.
   *
   * @param before the level before; null when inherited
   */
  private record Changed(Logger logger, Level before) {}

  private static final Map<String, Changed> CHANGED = new HashMap<>();

  private LogLevels() {}

  /** The JDK's names of the levels of all loggers that do not inherit theirs, by logger. */
  public static synchronized Map<String, String> all() {
    Map<String, String> levels = new TreeMap<>();
    for (String name : Collections.list(LogManager.getLogManager().getLoggerNames())) {
      Logger logger = LogManager.getLogManager().getLogger(name);
      if (logger != null && logger.getLevel() != null) {
        levels.put(name.isEmpty() ? ROOT : name, logger.getLevel().getName());
      }
    }
    return levels;
  }

  /**
   * Sets a logger's level; loggers below it inherit it unless they have their own.
   *
   * @param name such as "dev.userservice" or "io.netty"; "root" for all. The logger need not exist
   *     yet
   * @param level a level of the JDK, such as "FINE", or one of ERROR, WARN, DEBUG and TRACE, in any
   *     case
   * @throws IllegalArgumentException with a message for the caller, when the name is invalid, the
   *     level is unknown, or the levels of 100 other loggers are set
   */
  public static synchronized void set(String name, String level) {
    Level wanted = NAMES.get(level.strip().toUpperCase(Locale.ROOT));
    if (wanted == null) {
      throw new IllegalArgumentException(
          "\"%s\" is not a level; must be one of %s"
              .formatted(AccessLog.printable(level), String.join(", ", NAMES.keySet())));
    }
    check(name);
    Changed changed = CHANGED.get(name);
    if (changed == null) {
      if (CHANGED.size() >= MAX_SET) {
        throw new IllegalArgumentException(
            "the levels of %d loggers are set, which is the max; unset one that is not needed"
                .formatted(MAX_SET));
      }
      Logger logger = Logger.getLogger(name.equals(ROOT) ? "" : name);
      changed = new Changed(logger, logger.getLevel());
      CHANGED.put(name, changed);
    }
    changed.logger().setLevel(wanted);
  }

  /**
   * Restores the level that a logger had before {@link #set}. Has no effect when it was not set.
   *
   * @throws IllegalArgumentException as {@link #set}, for the name
   */
  public static synchronized void unset(String name) {
    check(name);
    Changed changed = CHANGED.remove(name);
    if (changed != null) {
      changed.logger().setLevel(changed.before());
    }
  }

  private static void check(String name) {
    if (name.length() > MAX_NAME_CHARS || !NAME.matcher(name).matches()) {
      throw new IllegalArgumentException(
          "\"%s\" is not the name of a logger; must be like \"dev.userservice\", up to %d characters, or \"root\" for all"
              .formatted(AccessLog.printable(name), MAX_NAME_CHARS));
    }
  }
}
