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
 * The levels of the loggers of this process, which can be changed while it runs. May be used from
 * any thread.
 *
 * <p>What a library tells below INFO may have keys and data of users in it; the logging
 * configuration keeps those loggers quiet that do.
 */
public final class LogLevels {

  /** The logger that all others inherit from; the JDK's own name for it is empty. */
  private static final String ROOT = "root";

  private static final int MOST_SET = 100;
  private static final int MOST_NAME_CHARS = 200;
  private static final Pattern NAME = Pattern.compile("[\\w$-]+(\\.[\\w$-]+)*");

  /** The JDK's words, and those in which a JSON line says its severity. */
  private static final Map<String, Level> WORDS = new LinkedHashMap<>();

  static {
    WORDS.put("OFF", Level.OFF);
    WORDS.put("SEVERE", Level.SEVERE);
    WORDS.put("WARNING", Level.WARNING);
    WORDS.put("INFO", Level.INFO);
    WORDS.put("CONFIG", Level.CONFIG);
    WORDS.put("FINE", Level.FINE);
    WORDS.put("FINER", Level.FINER);
    WORDS.put("FINEST", Level.FINEST);
    WORDS.put("ALL", Level.ALL);
    WORDS.put("ERROR", Level.SEVERE);
    WORDS.put("WARN", Level.WARNING);
    WORDS.put("DEBUG", Level.FINE);
    WORDS.put("TRACE", Level.FINEST);
  }

  /**
   * A logger whose level was set here. The JDK forgets a logger, and its level with it, that nobody
   * holds.
   *
   * @param before the level that it had; null for that of its parent
   */
  private record Changed(Logger logger, Level before) {}

  private static final Map<String, Changed> CHANGED = new HashMap<>();

  private LogLevels() {}

  /** The loggers that have a level of their own, and the JDK's word for it, by their names. */
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
   * Gives a logger a level, and with it all below it that have none of their own.
   *
   * @param name such as "dev.userservice" or "io.netty"; "root" for all. There need not be such a
   *     logger yet
   * @param level a word of the JDK, such as "FINE", or one of ERROR, WARN, DEBUG and TRACE, in any
   *     case
   * @throws IllegalArgumentException with a message for the caller, when the name cannot be one, or
   *     there is no such level, or 100 loggers have been given a level and this is none of them
   */
  public static synchronized void set(String name, String level) {
    Level wanted = WORDS.get(level.strip().toUpperCase(Locale.ROOT));
    if (wanted == null) {
      throw new IllegalArgumentException(
          "\"%s\" is no level; there are %s"
              .formatted(AccessLog.printable(level), String.join(", ", WORDS.keySet())));
    }
    check(name);
    Changed changed = CHANGED.get(name);
    if (changed == null) {
      if (CHANGED.size() >= MOST_SET) {
        throw new IllegalArgumentException(
            "%d loggers have been given a level, and more cannot be; unset one that is not needed"
                .formatted(MOST_SET));
      }
      Logger logger = Logger.getLogger(name.equals(ROOT) ? "" : name);
      changed = new Changed(logger, logger.getLevel());
      CHANGED.put(name, changed);
    }
    changed.logger().setLevel(wanted);
  }

  /**
   * Gives a logger back the level that it had before any was set here, or none. Nothing happens
   * when none was.
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
    if (name.length() > MOST_NAME_CHARS || !NAME.matcher(name).matches()) {
      throw new IllegalArgumentException(
          "\"%s\" is no name of a logger; such as \"dev.userservice\", up to %d characters, or \"root\" for all"
              .formatted(AccessLog.printable(name), MOST_NAME_CHARS));
    }
  }
}
