package dev.userservice.config;

import io.vertx.core.json.Json;
import java.util.Map;
import java.util.stream.Collectors;

/** Explains the keys of a program on the command line. */
final class KeyHelp {

  private final Program program;
  private final Map<String, Key> keys;

  KeyHelp(Program program) {
    this.program = program;
    this.keys = ConfigSource.keys(program);
  }

  /** Returns the way to set the key that an option is named after; empty without such a key. */
  String howToSet(String option) {
    return keys.keySet().stream()
        .filter(path -> Suggestion.letters(path).equals(Suggestion.letters(option)))
        .findFirst()
        .map(
            path ->
                "\"%s\" is a key of the configuration: set it in the --conf file, by %s=... or by -D%s=... before -jar"
                    .formatted(path, program.variable(path), program.property(path)))
        .orElse("");
  }

  /**
   * Explains one key, or each key of an object.
   *
   * @throws IllegalArgumentException when the key is unknown
   */
  String explain(String path) {
    if (keys.containsKey(path)) {
      return explain(path, keys.get(path));
    }
    String object =
        keys.entrySet().stream()
            .filter(key -> key.getKey().startsWith(path + "."))
            .map(key -> explain(key.getKey(), key.getValue()))
            .collect(Collectors.joining("\n"));
    if (object.isEmpty()) {
      throw new IllegalArgumentException(UnknownKeys.unknown(path, keys.keySet()));
    }
    return object;
  }

  private String explain(String path, Key key) {
    return """
    %s
      %s
      type         %s
      allowed      %s
      default      %s
      environment  %s
      property     -D%s
    """
        .formatted(
            path,
            key.meaning().replace(". ", ".\n  "),
            key.type(),
            key.allowed(),
            key.value().equals("") ? "none" : Json.encode(key.value()),
            program.variable(path),
            program.property(path));
  }
}
