package dev.userservice.config;

import dev.userservice.config.Key.Type;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Stream;

/**
 * Reads the keys of a configuration. The call that reads a key has all facts about it: name, type,
 * range, default and meaning; messages, {@code --print-config}, {@code --explain} and the page of
 * the keys come from there. Keys that were not read are unknown. In place of an invalid value, a
 * method returns the default, or the empty list or map, and adds an error.
 */
final class ConfigReader {

  /**
   * The results of all readers of one configuration.
   *
   * @param objects the paths of all objects with keys
   */
  private record Results(Map<String, Key> keys, Set<String> objects, ConfigErrors errors) {}

  private final JsonObject json;
  private final String path;
  private final Function<String, String> origin;
  private final Results results;

  /**
   * @param origin returns the origin of the value of a key path
   * @param errors takes the errors of the keys
   */
  ConfigReader(JsonObject json, Function<String, String> origin, ConfigErrors errors) {
    this(json, "", origin, new Results(new LinkedHashMap<>(), new LinkedHashSet<>(), errors));
  }

  private ConfigReader(
      JsonObject json, String path, Function<String, String> origin, Results results) {
    this.json = json;
    this.path = path;
    this.origin = origin;
    this.results = results;
  }

  /** A whole number within bounds, both included. */
  int number(String key, int defaultValue, int min, int max, String meaning) {
    Object value = value(key, Type.NUMBER, defaultValue, Key.range(min, max), meaning);
    if (value instanceof Integer number && number >= min && number <= max) {
      return number;
    }
    return refuse(key, value, "a whole number from " + min + " to " + max, defaultValue);
  }

  /** A whole number within bounds, both included, or -1 by default. */
  int numberOrNone(String key, int min, int max, String meaning) {
    if (has(key)) {
      return number(key, min, min, max, meaning);
    }
    value(key, Type.NUMBER, "", Key.range(min, max), meaning);
    return -1;
  }

  boolean flag(String key, boolean defaultValue, String meaning) {
    String allowed = "true or false";
    Object value = value(key, Type.BOOLEAN, defaultValue, allowed, meaning);
    return value instanceof Boolean flag ? flag : refuse(key, value, allowed, defaultValue);
  }

  /** A text that is not blank. */
  String text(String key, String defaultValue, String meaning) {
    Object value = value(key, Type.TEXT, defaultValue, Key.kindOfText(key), meaning);
    if (value instanceof String text && !text.isBlank()) {
      checkFileName(key, text);
      return text;
    }
    return refuse(key, value, "a text that is not empty", defaultValue);
  }

  /** A text that may be empty, which is the default. */
  String textOrNone(String key, String meaning) {
    Object value = value(key, Type.TEXT, "", Key.kindOfText(key), meaning);
    if (value instanceof String text) {
      checkFileName(key, text);
      return text;
    }
    return refuse(key, value, "a text", "");
  }

  private void checkFileName(String key, String text) {
    String refusal = Key.kindOfText(key).equals("a text") ? null : FileName.refusal(text);
    if (refusal != null) {
      refuse(key, "is " + Quoted.of(text) + ", which " + refusal);
    }
  }

  /** A text that may be empty, and that no message shows. */
  String secret(String key, String meaning) {
    String allowed = "a text";
    Object value = value(key, Type.SECRET, "", allowed, meaning);
    if (value instanceof String text) {
      return text;
    }
    refuse(key, "must be " + allowed);
    return "";
  }

  /** One of a few texts. */
  String oneOf(String key, String defaultValue, List<String> texts, String meaning) {
    String allowed = "one of \"" + String.join("\", \"", texts) + "\"";
    Object value = value(key, Type.TEXT, defaultValue, allowed, meaning);
    if (value instanceof String text && texts.contains(text)) {
      return text;
    }
    return refuse(key, value, allowed, defaultValue);
  }

  /** A constant of an enum, by its {@code toString}. */
  <E extends Enum<E>> E oneOf(String key, E defaultValue, String meaning) {
    E[] constants = defaultValue.getDeclaringClass().getEnumConstants();
    return constant(constants, oneOf(key, defaultValue.toString(), names(constants), meaning));
  }

  /** Different constants of an enum, at least one. */
  <E extends Enum<E>> List<E> list(String key, List<E> defaultValue, String meaning) {
    E[] constants = defaultValue.get(0).getDeclaringClass().getEnumConstants();
    return list(
        key,
        names(defaultValue.toArray()),
        constants.length,
        text -> constant(constants, text),
        "names of " + names(constants),
        meaning);
  }

  private static List<String> names(Object[] constants) {
    return Stream.of(constants).map(Object::toString).toList();
  }

  private static <E> E constant(E[] constants, String name) {
    return Stream.of(constants)
        .filter(constant -> constant.toString().equals(name))
        .findAny()
        .orElse(null);
  }

  /**
   * A list of different texts; at least one, unless the default is the empty list.
   *
   * @param parser converts each text, and refuses with null
   * @param allowed the accepted texts, in the plural
   */
  <T> List<T> list(
      String key,
      List<String> defaultValue,
      int max,
      Function<String, T> parser,
      String allowed,
      String meaning) {
    int min = defaultValue.isEmpty() ? 0 : 1;
    String expected = "a list of " + min + " to " + max + " different " + allowed;
    Object value = value(key, Type.LIST, new JsonArray(defaultValue), expected, meaning);
    if (!(value instanceof JsonArray array) || array.size() < min || array.size() > max) {
      return refuse(key, value, expected, List.of());
    }
    List<T> parsed = new ArrayList<>();
    for (Object item : array) {
      T entry = item instanceof String text ? parser.apply(text) : null;
      if (entry == null || parsed.contains(entry)) {
        return refuse(key, value, expected, List.of());
      }
      parsed.add(entry);
    }
    return List.copyOf(parsed);
  }

  /**
   * An object with any keys, at most {@code max}; empty is the default.
   *
   * @param parser converts each value, and refuses with null
   * @param allowed the accepted value of one key
   */
  <T> Map<String, T> map(
      String key, int max, Function<Object, T> parser, String allowed, String meaning) {
    String expected = "an object of at most " + max + " keys, each with " + allowed;
    Object value = value(key, Type.MAP, new JsonObject(), expected, meaning);
    if (!(value instanceof JsonObject object) || object.size() > max) {
      return refuse(key, value, expected, Map.of());
    }
    Map<String, T> parsed = new LinkedHashMap<>();
    for (String name : object.fieldNames()) {
      T entry = parser.apply(object.getValue(name));
      if (entry == null) {
        refuse(
            key,
            "has %s: %s, but must be %s"
                .formatted(Quoted.of(name), Quoted.of(object.getValue(name)), expected));
        return Map.of();
      }
      parsed.put(name, entry);
    }
    return Collections.unmodifiableMap(parsed);
  }

  /** The keys of an object within this one. */
  ConfigReader object(String key) {
    results.objects.add(path + key);
    Object value = json.containsKey(key) ? json.getValue(key) : new JsonObject();
    JsonObject object =
        value instanceof JsonObject inner
            ? inner
            : refuse(key, value, "an object", new JsonObject());
    return new ConfigReader(object, path + key + ".", origin, results);
  }

  /**
   * Adds a rule between keys, checked once all keys are read and valid.
   *
   * @param rule throws what {@link #refused} returns
   */
  void check(Runnable rule) {
    results.errors.addRule(rule);
  }

  /** Refuses an object within this one that is set, although it has no effect. */
  void refuseIdle(String key, String needs) {
    String prefix = path + key + ".";
    if (!has(key)) {
      results.keys.replaceAll(
          (keyPath, read) -> keyPath.startsWith(prefix) ? read.withoutEffect() : read);
      return;
    }
    String set =
        results.keys.keySet().stream()
            .filter(keyPath -> keyPath.startsWith(prefix) && results.keys.get(keyPath).given())
            .findFirst()
            .orElse(path + key);
    results.errors.addIdle(
        "%s: \"%s\" has no effect without %s".formatted(origin.apply(set), path + key, needs));
  }

  /** Returns true if a key is set. */
  boolean has(String key) {
    return json.containsKey(key);
  }

  /** Records that another key of this object has set the value of a key. */
  void supersede(String key, Object value, String by) {
    results.keys.computeIfPresent(path + key, (keyPath, read) -> read.superseded(value, path + by));
  }

  /** Adds an error of one key; does not show its value. */
  void refuse(String key, String why) {
    results.errors.add(message(key, why));
  }

  /** The error for a key that a rule refuses; does not show its value. */
  ConfigException refused(String key, String why) {
    return new ConfigException(message(key, why));
  }

  private <T> T refuse(String key, Object value, String allowed, T fallback) {
    refuse(key, "is %s, but must be %s".formatted(Quoted.of(value), allowed));
    return fallback;
  }

  private String message(String key, String why) {
    return "%s: \"%s\" %s".formatted(origin.apply(path + key), path + key, why);
  }

  /** Every key that was read, by its path. */
  Map<String, Key> keys() {
    return results.keys;
  }

  /**
   * Throws the errors, with one for each unknown key. To be called on the outermost reader, after
   * all keys are read.
   */
  void throwErrors() {
    new UnknownKeys(results.keys.keySet(), results.objects)
        .find(json, (key, why) -> results.errors.add(origin.apply(key) + ": " + why));
    results.errors.throwAll();
  }

  private Object value(String key, Type type, Object defaultValue, String allowed, String meaning) {
    boolean given = has(key);
    Object value = given ? json.getValue(key) : defaultValue;
    results.keys.put(path + key, new Key(type, allowed, meaning, value, given));
    return value;
  }
}
