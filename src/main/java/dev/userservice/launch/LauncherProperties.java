package dev.userservice.launch;

import dev.userservice.config.ConfigException;
import dev.userservice.config.Quoted;
import dev.userservice.config.Suggestion;
import io.vertx.core.DeploymentOptions;
import io.vertx.core.VertxOptions;
import io.vertx.core.eventbus.EventBusOptions;
import java.lang.reflect.Method;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Properties;
import java.util.TreeMap;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * The properties with which the launcher calls setters of the options of Vert.x, such as {@code
 * -Dvertx.options.workerPoolSize=10}. The launcher skips properties that it cannot use, and logs
 * that only below the default level.
 */
final class LauncherProperties {

  /**
   * The prefixes of io.vertx.launcher.application.impl.VertxApplicationCommand, without metrics.
   */
  private static final Map<String, Class<?>> OPTIONS =
      Map.of(
          "vertx.options.", VertxOptions.class,
          "vertx.eventBus.options.", EventBusOptions.class,
          "vertx.deployment.options.", DeploymentOptions.class);

  /** Limited to as many digits as always fit the type. */
  private static final Map<Class<?>, Pattern> NUMBERS =
      Map.of(
          int.class,
          Pattern.compile("[+-]?\\d{1,9}"),
          long.class,
          Pattern.compile("[+-]?\\d{1,18}"));

  private LauncherProperties() {}

  /**
   * Checks that the launcher can use all of its properties.
   *
   * @throws ConfigException when it cannot use one
   */
  static void check(Properties properties) {
    for (String property : properties.stringPropertyNames()) {
      OPTIONS.forEach(
          (prefix, options) -> {
            if (property.startsWith(prefix)) {
              check(prefix, property.substring(prefix.length()), properties, options);
            }
          });
    }
  }

  private static void check(String prefix, String name, Properties properties, Class<?> options) {
    Map<String, Class<?>> setters = setters(options);
    Class<?> type = setters.get(name);
    if (type == null) {
      throw new ConfigException(
          "unknown property -D%s%s%s"
              .formatted(
                  prefix, name, Suggestion.of(name, setters.keySet(), "-D" + prefix + "%s", "")));
    }
    String value = properties.getProperty(prefix + name);
    if (!isOf(type, value)) {
      throw new ConfigException(
          "-D%s%s is %s, but must be %s".formatted(prefix, name, Quoted.of(value), expected(type)));
    }
  }

  /** The type of each setter that accepts a text, by its property's name, case-insensitive. */
  private static Map<String, Class<?>> setters(Class<?> options) {
    Map<String, Class<?>> setters = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
    for (Method method : options.getMethods()) {
      if (method.getName().matches("set[A-Z].*") && method.getParameterCount() == 1) {
        Class<?> type = method.getParameterTypes()[0];
        if (!expected(type).isEmpty()) {
          setters.put(
              method.getName().substring(3, 4).toLowerCase(Locale.ROOT)
                  + method.getName().substring(4),
              type);
        }
      }
    }
    return setters;
  }

  /** Describes the values of a type for people; empty when the launcher supports none. */
  private static String expected(Class<?> type) {
    if (NUMBERS.containsKey(type)) {
      return "a whole number";
    }
    if (type == boolean.class) {
      return "true or false";
    }
    if (type == String.class) {
      return "a text";
    }
    return type.isEnum() ? "one of " + List.of(type.getEnumConstants()) : "";
  }

  private static boolean isOf(Class<?> type, String value) {
    if (type == boolean.class) {
      return value.equals("true") || value.equals("false");
    }
    if (type.isEnum()) {
      return Stream.of(type.getEnumConstants())
          .anyMatch(constant -> ((Enum<?>) constant).name().equals(value));
    }
    return type == String.class || NUMBERS.get(type).matcher(value).matches();
  }
}
