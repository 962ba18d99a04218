package dev.userservice.config;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.Locale;

/**
 * One key that a program reads.
 *
 * @param allowed its range or its values, in words
 * @param meaning one sentence or two, for operators
 * @param value in JSON, as it is set or by default; the empty text for no default
 * @param given true if it is set
 * @param supersededBy the path of the key that is set in place of this one; empty for none
 * @param idle true if the object of this key is unused, so that the default does not apply
 */
record Key(
    Type type,
    String allowed,
    String meaning,
    Object value,
    boolean given,
    String supersededBy,
    boolean idle) {

  /** The JSON type of a value; text from outside a JSON file is converted to it. */
  enum Type {
    NUMBER("number"),
    BOOLEAN("boolean"),
    TEXT("text"),
    /** A text that is never shown. */
    SECRET("secret text"),
    LIST("list"),
    /** An object with keys that callers of the reader do not know. */
    MAP("object");

    private final String name;

    Type(String name) {
      this.name = name;
    }

    /** The name for operators. */
    @Override
    public String toString() {
      return name;
    }
  }

  Key(Type type, String allowed, String meaning, Object value, boolean given) {
    this(type, allowed, meaning, value, given, "", false);
  }

  /** The allowed whole numbers, both bounds included. */
  static String range(int min, int max) {
    return String.format(Locale.ROOT, "%,d to %,d", min, max);
  }

  /** The allowed kind of text, by the name of the key: that of a file ends in "file" or "File". */
  static String kindOfText(String name) {
    if (name.equals("folder")) {
      return "a folder";
    }
    return name.equals("file") || name.endsWith("File") ? "a file" : "a text";
  }

  /** This key, not set, with the value that another key has set. */
  Key superseded(Object by, String byPath) {
    return new Key(type, allowed, meaning, by, false, byPath, false);
  }

  /** This key, in an object without effect. */
  Key withoutEffect() {
    return new Key(type, allowed, meaning, value, given, supersededBy, true);
  }

  /** Returns true if the value is an empty text, list or object. */
  boolean isEmpty() {
    return value.equals("")
        || value instanceof JsonArray array && array.isEmpty()
        || value instanceof JsonObject object && object.isEmpty();
  }
}
