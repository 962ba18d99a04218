package dev.userservice.config;

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
 * Reads the keys of a configuration, each with its default, its type and its range, so that these
 * stand in one place: where the key is read. It remembers what it was asked for; everything else in
 * the JSON is then unknown.
 */
final class ConfigReader {

  /** The end of a message about a name that is near to none. */
  static final String ALL_KEYS = "; --print-config without --conf lists all keys";

  /** Keys of earlier versions, with their new names. */
  static final Map<String, String> RENAMED =
      Map.of(
          "limits.strangers", "limits.unauthenticatedConnections",
          "limits.strangerMillis", "limits.unauthenticatedMillis",
          "store.sqlite.waiting", "store.sqlite.queueSize",
          "store.postgres.waiting", "store.postgres.queueSize",
          "store.raft.waiting", "store.raft.queueSize",
          "auth.openHealth", "auth.publicHealth");

  /** What a value is in JSON; a value from outside a JSON file is text and is turned into this. */
  enum Type {
    NUMBER,
    BOOLEAN,
    TEXT,
    /** A text that is never shown. */
    SECRET,
    LIST,
    /** An object whose keys are not ours. */
    MAP
  }

  /**
   * What has been read.
   *
   * @param value in JSON, as it is set or by default
   * @param given whether it is set
   * @param supersededBy the path of the key that says it in the place of this one; empty for none
   * @param idle whether the object of this key has no effect, and so its default has none
   */
  record Key(Type type, Object value, boolean given, String supersededBy, boolean idle) {

    /** Whether the value says nothing: an empty text, list or object. */
    boolean isEmpty() {
      return value.equals("")
          || value instanceof JsonArray array && array.isEmpty()
          || value instanceof JsonObject object && object.isEmpty();
    }
  }

  private final JsonObject json;
  private final String path;
  private final Function<String, String> origin;
  private final Map<String, Key> keys;
  private final List<String> objects;
  private final List<ConfigException> idle;

  /**
   * @param origin tells where the value of a key path comes from
   */
  ConfigReader(JsonObject json, Function<String, String> origin) {
    this(json, "", origin, new LinkedHashMap<>(), new ArrayList<>(), new ArrayList<>());
  }

  private ConfigReader(
      JsonObject json,
      String path,
      Function<String, String> origin,
      Map<String, Key> keys,
      List<String> objects,
      List<ConfigException> idle) {
    this.json = json;
    this.path = path;
    this.origin = origin;
    this.keys = keys;
    this.objects = objects;
    this.idle = idle;
  }

  /** A whole number within bounds, both included. */
  int number(String key, int defaultValue, int min, int max) {
    Object value = value(key, Type.NUMBER, defaultValue);
    if (value instanceof Integer number && number >= min && number <= max) {
      return number;
    }
    throw refused(key, value, "a whole number from " + min + " to " + max);
  }

  /** A whole number within bounds, both included, or -1 when there is none. */
  int numberOrNone(String key, int min, int max) {
    if (has(key)) {
      return number(key, min, min, max);
    }
    value(key, Type.NUMBER, "");
    return -1;
  }

  boolean flag(String key, boolean defaultValue) {
    Object value = value(key, Type.BOOLEAN, defaultValue);
    if (value instanceof Boolean flag) {
      return flag;
    }
    throw refused(key, value, "true or false");
  }

  /** A text that is not blank. */
  String text(String key, String defaultValue) {
    Object value = value(key, Type.TEXT, defaultValue);
    if (value instanceof String text && !text.isBlank()) {
      checkFileName(key, text);
      return text;
    }
    throw refused(key, value, "a text that is not empty");
  }

  /** A text that may be empty, which is the default. */
  String textOrNone(String key) {
    Object value = value(key, Type.TEXT, "");
    if (value instanceof String text) {
      checkFileName(key, text);
      return text;
    }
    throw refused(key, value, "a text");
  }

  /** All keys of files and folders, and no others, end so. */
  private void checkFileName(String key, String text) {
    boolean isName = key.equals("file") || key.endsWith("File") || key.equals("folder");
    String refusal = isName ? FileName.refusal(text) : null;
    if (refusal != null) {
      throw refused(key, "is " + Quoted.of(text) + ", which " + refusal);
    }
  }

  /** A text that may be empty, and never stands in a message. */
  String secret(String key) {
    Object value = value(key, Type.SECRET, "");
    if (value instanceof String text) {
      return text;
    }
    throw refused(key, "must be a text");
  }

  /** One of a few texts. */
  String oneOf(String key, String defaultValue, List<String> allowed) {
    Object value = value(key, Type.TEXT, defaultValue);
    if (value instanceof String text && allowed.contains(text)) {
      return text;
    }
    throw refused(key, value, allowed.size() == 1 ? quoted(allowed) : "one of " + quoted(allowed));
  }

  /** A constant of an enum, by its {@code toString}. */
  <E extends Enum<E>> E oneOf(String key, E defaultValue) {
    E[] constants = defaultValue.getDeclaringClass().getEnumConstants();
    String text = oneOf(key, defaultValue.toString(), names(constants));
    return constant(constants, text);
  }

  /** Different constants of an enum, at least one. */
  <E extends Enum<E>> List<E> list(String key, List<E> defaults) {
    E[] constants = defaults.get(0).getDeclaringClass().getEnumConstants();
    List<String> names = names(constants);
    return list(
        key,
        defaults.stream().map(E::toString).toList(),
        constants.length,
        text -> constant(constants, text),
        "names of " + names);
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
   * Different texts, each turned into something by a function that refuses with null; at least one,
   * unless there is none by default.
   */
  <T> List<T> list(
      String key, List<String> defaultValue, int max, Function<String, T> parser, String allowed) {
    Object value = value(key, Type.LIST, new JsonArray(defaultValue));
    int min = defaultValue.isEmpty() ? 0 : 1;
    String expected = "a list of " + min + " to " + max + " different " + allowed;
    if (!(value instanceof JsonArray array) || array.size() < min || array.size() > max) {
      throw refused(key, value, expected);
    }
    List<T> parsed = new ArrayList<>();
    for (Object item : array) {
      T entry = item instanceof String text ? parser.apply(text) : null;
      if (entry == null || parsed.contains(entry)) {
        throw refused(key, value, expected);
      }
      parsed.add(entry);
    }
    return List.copyOf(parsed);
  }

  /**
   * An object whose keys may be anything, at most so many; empty is the default.
   *
   * @param parser makes something of each value, and refuses with null
   */
  <T> Map<String, T> map(String key, int max, Function<Object, T> parser, String allowed) {
    Object value = value(key, Type.MAP, new JsonObject());
    String expected = "an object of at most " + max + " keys, each with " + allowed;
    if (!(value instanceof JsonObject object) || object.size() > max) {
      throw refused(key, value, expected);
    }
    Map<String, T> parsed = new LinkedHashMap<>();
    for (String name : object.fieldNames()) {
      T entry = parser.apply(object.getValue(name));
      if (entry == null) {
        throw refused(
            key,
            "has %s: %s, but must be %s"
                .formatted(Quoted.of(name), Quoted.of(object.getValue(name)), expected));
      }
      parsed.put(name, entry);
    }
    return Collections.unmodifiableMap(parsed);
  }

  /** The keys of an object within this one. */
  ConfigReader object(String key) {
    objects.add(path + key);
    Object value = json.getValue(key);
    if (value == null && !json.containsKey(key)) {
      value = new JsonObject();
    }
    if (value instanceof JsonObject object) {
      return new ConfigReader(object, path + key + ".", origin, keys, objects, idle);
    }
    throw refused(key, value, "an object");
  }

  /** Refuses an object within this one that is set, although it has no effect. */
  void refuseIdle(String key, String needs) {
    if (!has(key)) {
      String prefix = path + key + ".";
      keys.replaceAll(
          (keyPath, read) ->
              keyPath.startsWith(prefix)
                  ? new Key(read.type(), read.value(), read.given(), read.supersededBy(), true)
                  : read);
      return;
    }
    String set =
        keys.keySet().stream()
            .filter(keyPath -> keyPath.startsWith(path + key + ".") && keys.get(keyPath).given())
            .findFirst()
            .orElse(path + key);
    idle.add(
        new ConfigException(
            "%s: \"%s\" has no effect without %s".formatted(origin.apply(set), path + key, needs)));
  }

  /** Whether a key is set. */
  boolean has(String key) {
    return json.containsKey(key);
  }

  /** Tells of a key that is not set that another key of this object has said it. */
  void supersede(String key, Object value, String by) {
    keys.put(path + key, new Key(Type.TEXT, value, false, path + by, false));
  }

  /** For a value that is refused for a reason of its own, and is not shown. */
  ConfigException refused(String key, String why) {
    return new ConfigException(
        "%s: \"%s\" %s".formatted(origin.apply(path + key), path + key, why));
  }

  /** Every key that has been asked for, by its path. */
  Map<String, Key> keys() {
    return keys;
  }

  /**
   * Refuses what nobody has asked for, and then what has no effect: a misspelt key may be why.
   * Called on the outermost reader, after all keys are read.
   */
  void refuseRest() {
    refuseUnknown(json, "");
    if (!idle.isEmpty()) {
      throw idle.get(0);
    }
  }

  private void refuseUnknown(JsonObject object, String prefix) {
    for (String key : object.fieldNames()) {
      String keyPath = prefix + key;
      // No key of ours has a dot in it: with one it only looks like the path of a key.
      boolean dotted = key.contains(".");
      if (objects.contains(keyPath) && !dotted) {
        refuseUnknown(object.getJsonObject(key), keyPath + ".");
      } else if (!keys.containsKey(keyPath)) {
        Set<String> known = new LinkedHashSet<>(keys.keySet());
        known.addAll(objects);
        String newName = RENAMED.get(keyPath);
        throw new ConfigException(
            "%s: unknown key %s%s"
                .formatted(
                    origin.apply(keyPath),
                    Quoted.of(keyPath),
                    newName != null
                        ? ", renamed to \"" + newName + "\""
                        : Suggestion.of(keyPath, known, "\"%s\"", ALL_KEYS)));
      } else if (dotted) {
        int dot = keyPath.lastIndexOf('.');
        throw new ConfigException(
            "%s: key \"%s\" has a dot in it, but must be \"%s\" in the object \"%s\""
                .formatted(
                    origin.apply(keyPath),
                    keyPath,
                    keyPath.substring(dot + 1),
                    keyPath.substring(0, dot)));
      }
    }
  }

  private Object value(String key, Type type, Object defaultValue) {
    boolean given = json.containsKey(key);
    Object value = given ? json.getValue(key) : defaultValue;
    keys.put(path + key, new Key(type, value, given, "", false));
    return value;
  }

  private ConfigException refused(String key, Object value, String allowed) {
    return new ConfigException(
        "%s: \"%s\" is %s, but must be %s"
            .formatted(origin.apply(path + key), path + key, Quoted.of(value), allowed));
  }

  private static String quoted(List<String> texts) {
    return "\"" + String.join("\", \"", texts) + "\"";
  }
}
