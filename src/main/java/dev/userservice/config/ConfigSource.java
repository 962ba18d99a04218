package dev.userservice.config;

import io.vertx.core.json.DecodeException;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import java.util.regex.Pattern;

/**
 * A configuration merged from its sources. Later sources win: defaults, the {@code --conf} file or
 * text, environment variables, {@code -D} properties. Each value keeps its origin for error
 * messages.
 */
public final class ConfigSource {

  /**
   * What Kubernetes puts, after the prefix, into the environment of every pod beside a Service that
   * is named user-service, or has a name that begins so, as user-service-headless: none of it is
   * meant for us.
   */
  private static final Pattern SERVICE_LINK =
      Pattern.compile("(.+_)?(SERVICE_(HOST|PORT(_.*)?)|PORT_\\d+_(TCP|UDP|SCTP)(_.*)?)");

  private static final Pattern SERVICE_LINK_VALUE = Pattern.compile("(tcp|udp|sctp)://.*");

  /** Null for a configuration that was loaded before. */
  private final Program program;

  private final JsonObject json;
  private final String document;
  private final Map<String, String> origins = new HashMap<>();

  private ConfigSource(Program program, JsonObject json, String document) {
    this.program = program;
    this.json = json;
    this.document = document;
  }

  /** A configuration that was loaded before. */
  static ConfigSource of(JsonObject json) {
    return new ConfigSource(null, json, "configuration");
  }

  static String howToSet(Program program, String option) {
    return keys(program).keySet().stream()
        .filter(path -> Suggestion.letters(path).equals(Suggestion.letters(option)))
        .findFirst()
        .map(
            path ->
                "\"%s\" is a key of the configuration: set it in the --conf file, by %s=... or by -D%s.%s=... before -jar"
                    .formatted(path, program.variable(path), program.prefix(), path))
        .orElse("");
  }

  /** All keys of a program, with their defaults. */
  static Map<String, ConfigReader.Key> keys(Program program) {
    ConfigReader reader = new ConfigReader(new JsonObject(), path -> "defaults");
    program.read(reader);
    return reader.keys();
  }

  static ConfigSource load(
      Program program,
      String argument,
      Map<String, String> env,
      Properties properties,
      Consumer<String> warn) {
    ConfigSource source =
        argument == null
            ? new ConfigSource(program, new JsonObject(), "defaults")
            : new ConfigSource(
                program,
                JsonDocument.parse("--conf", argument),
                JsonDocument.name("--conf", argument));
    Map<String, ConfigReader.Key> keys = keys(program);
    boolean typed = argument != null && JsonDocument.isText(argument);
    source.addEnvironment(keys, env);
    source.addProperties(keys, properties);
    source.read(program::read);
    keys.forEach(
        (path, key) -> {
          if (key.type() == ConfigReader.Type.SECRET && source.isTyped(path, typed)) {
            warn.accept(
                "\"%s\" is a secret, and on the command line every user of this machine can read it; %s or a file is the place for it"
                    .formatted(path, program.variable(path)));
          }
        });
    if (argument != null && !typed) {
      keys.entrySet().stream()
          .filter(key -> key.getValue().type() == ConfigReader.Type.SECRET)
          .filter(key -> source.isInDocument(key.getKey()))
          .findFirst()
          .ifPresent(key -> BoundedFile.warnIfOpen(argument, key.getKey(), warn));
    }
    return source;
  }

  /** Whether a value stands on the command line, in its text or as a property. */
  private boolean isTyped(String path, boolean document) {
    return isInDocument(path) ? document : origins.getOrDefault(path, "").startsWith("-D");
  }

  private boolean isInDocument(String path) {
    Object value = json;
    for (String step : path.split("\\.")) {
      value = value instanceof JsonObject object ? object.getValue(step) : null;
    }
    return value != null && !value.equals("") && !origins.containsKey(path);
  }

  <T> T read(Function<ConfigReader, T> config) {
    ConfigReader reader = new ConfigReader(json, this::origin);
    T result = config.apply(reader);
    reader.refuseRest();
    return result;
  }

  /** Everything that is set anywhere, checked. */
  public JsonObject json() {
    return json;
  }

  /** Every key with its value in force and its origin, for people; secrets as "***". */
  public String list() {
    ConfigReader reader = new ConfigReader(json, this::origin);
    program.read(reader);
    return ConfigListing.of(reader.keys(), this::origin);
  }

  private String origin(String path) {
    return origins.getOrDefault(path, document);
  }

  private void addEnvironment(Map<String, ConfigReader.Key> keys, Map<String, String> env) {
    Map<String, String> paths = new HashMap<>();
    keys.keySet().forEach(path -> paths.put(program.variable(path), path));
    String start = program.variablePrefix();
    for (Map.Entry<String, String> entry : env.entrySet()) {
      String name = entry.getKey();
      if (!name.startsWith(start)
          || entry.getValue().isEmpty()
          || SERVICE_LINK.matcher(name.substring(start.length())).matches()
          || SERVICE_LINK_VALUE.matcher(entry.getValue()).matches()) {
        continue;
      }
      String path = paths.get(name);
      if (path == null) {
        throw new ConfigException(
            "unknown environment variable %s%s"
                .formatted(
                    name,
                    renamed(name, program::variable)
                        .or(
                            () ->
                                Suggestion.nearest(name.substring(start.length()), keys.keySet())
                                    .map(near -> "; did you mean " + program.variable(near) + "?"))
                        .orElse(ConfigReader.ALL_KEYS)));
      }
      set(path, keys.get(path).type(), entry.getValue(), "environment variable " + name);
    }
  }

  private void addProperties(Map<String, ConfigReader.Key> keys, Properties properties) {
    String prefix = program.property("");
    for (String name : properties.stringPropertyNames()) {
      if (!name.startsWith(prefix)) {
        continue;
      }
      String path = name.substring(prefix.length());
      if (!keys.containsKey(path)) {
        throw new ConfigException(
            "unknown property -D%s%s"
                .formatted(
                    name,
                    renamed("-D" + name, key -> "-D" + prefix + key)
                        .orElseGet(
                            () ->
                                Suggestion.of(
                                    path,
                                    keys.keySet(),
                                    "-D" + prefix + "%s",
                                    ConfigReader.ALL_KEYS))));
      }
      set(path, keys.get(path).type(), properties.getProperty(name), "-D" + name);
    }
  }

  /**
   * The end of a message about a name of an earlier version; empty for another name.
   *
   * @param form makes the name of a key in this source
   */
  private static Optional<String> renamed(String name, UnaryOperator<String> form) {
    return ConfigReader.RENAMED.entrySet().stream()
        .filter(renamed -> form.apply(renamed.getKey()).equals(name))
        .findAny()
        .map(renamed -> ", renamed to " + form.apply(renamed.getValue()));
  }

  private void set(String path, ConfigReader.Type type, String text, String origin) {
    String[] steps = path.split("\\.");
    JsonObject object = json;
    for (int i = 0; i < steps.length - 1; i++) {
      if (!object.containsKey(steps[i])) {
        object.put(steps[i], new JsonObject());
      }
      if (!(object.getValue(steps[i]) instanceof JsonObject inner)) {
        return; // The file has something else there, and is refused for it.
      }
      object = inner;
    }
    object.put(steps[steps.length - 1], value(type, text));
    origins.put(path, origin);
  }

  /** What a text means; one that means nothing stays a text, and is refused where it is read. */
  private static Object value(ConfigReader.Type type, String text) {
    String trimmed = text.strip();
    return switch (type) {
      case NUMBER -> trimmed.matches("[+-]?\\d{1,9}") ? (Object) Integer.valueOf(trimmed) : text;
      case BOOLEAN -> trimmed.matches("true|false") ? (Object) Boolean.valueOf(trimmed) : text;
      case LIST -> new JsonArray(List.of(trimmed.split("\\s*,\\s*")));
      case TEXT, SECRET -> text;
      case MAP -> object(text);
    };
  }

  private static Object object(String text) {
    try {
      return new JsonObject(text);
    } catch (DecodeException e) {
      return text;
    }
  }
}
