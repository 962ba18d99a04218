package dev.userservice.config;

import io.vertx.core.json.JsonObject;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import java.util.function.BiConsumer;
import java.util.function.UnaryOperator;

/** The keys of a JSON object that no record reads: misspelt, renamed, or with a dot. */
final class UnknownKeys {

  /** The end of a message about a name that no known name is near to. */
  private static final String ALL_KEYS = "; --print-config without --conf lists all keys";

  /** Keys of earlier versions, with their new names. */
  private static final Map<String, String> RENAMED =
      Map.of(
          "limits.strangers", "limits.unauthenticatedConnections",
          "limits.strangerMillis", "limits.unauthenticatedMillis",
          "store.sqlite.waiting", "store.sqlite.queueSize",
          "store.postgres.waiting", "store.postgres.queueSize",
          "store.raft.waiting", "store.raft.queueSize",
          "auth.openHealth", "auth.publicHealth");

  private final Set<String> keys;
  private final Set<String> objects;

  /**
   * @param keys the paths of all keys
   * @param objects the paths of all objects with keys
   */
  UnknownKeys(Set<String> keys, Set<String> objects) {
    this.keys = keys;
    this.objects = objects;
  }

  /**
   * Finds all unknown keys of an object.
   *
   * @param found called with the path of each, and the error
   */
  void find(JsonObject object, BiConsumer<String, String> found) {
    find(object, "", found);
  }

  private void find(JsonObject object, String prefix, BiConsumer<String, String> found) {
    for (String key : object.fieldNames()) {
      String path = prefix + key;
      // No known key has a dot in it: with one it only looks like the path of a key.
      boolean dotted = key.contains(".");
      if (objects.contains(path) && !dotted) {
        if (object.getValue(key) instanceof JsonObject inner) {
          find(inner, path + ".", found);
        }
      } else if (!keys.contains(path)) {
        Set<String> known = new LinkedHashSet<>(keys);
        known.addAll(objects);
        found.accept(path, unknown(path, known));
      } else if (dotted) {
        int dot = path.lastIndexOf('.');
        found.accept(
            path,
            "key \"%s\" has a dot in it, but must be \"%s\" in the object \"%s\""
                .formatted(path, path.substring(dot + 1), path.substring(0, dot)));
      }
    }
  }

  /** The error for an unknown key. */
  static String unknown(String path, Collection<String> known) {
    return "unknown key " + Quoted.of(path) + ending(path, known, key -> "\"" + key + "\"");
  }

  /**
   * The end of a message about an unknown name: its new name, a near one, or where to find all.
   *
   * @param name a path, or the letters of one
   * @param form makes the name that is suggested of a path
   */
  static String ending(String name, Collection<String> known, UnaryOperator<String> form) {
    return RENAMED.keySet().stream()
        .filter(old -> Suggestion.letters(old).equals(Suggestion.letters(name)))
        .findAny()
        .map(old -> ", renamed to " + form.apply(RENAMED.get(old)))
        .or(() -> Suggestion.nearest(name, known).map(near -> didYouMean(form.apply(near))))
        .orElse(ALL_KEYS);
  }

  private static String didYouMean(String name) {
    return "; did you mean " + name + "?";
  }
}
