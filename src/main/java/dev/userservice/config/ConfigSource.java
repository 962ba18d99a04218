package dev.userservice.config;

import io.vertx.core.json.DecodeException;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.regex.Pattern;

/**
 * A configuration merged from its sources. Later sources win: defaults, the {@code --conf} file or
 * text, environment variables, {@code -D} properties. Each value keeps its origin for error
 * messages.
 */
public final class ConfigSource {

  /**
   * Names, after the prefix, of variables that Kubernetes sets in every pod beside a Service named
   * user-service, or with such a name as user-service-headless. They configure nothing here.
   */
  private static final Pattern SERVICE_LINK =
      Pattern.compile("(.+_)?(SERVICE_(HOST|PORT(_.*)?)|PORT_\\d+_(TCP|UDP|SCTP)(_.*)?)");

  private static final Pattern SERVICE_LINK_VALUE = Pattern.compile("(tcp|udp|sctp)://.*");

  /** Null for a configuration from {@link #of}. */
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

  /** All keys of a program, with their defaults. */
  static Map<String, Key> keys(Program program) {
    ConfigSource defaults = new ConfigSource(program, new JsonObject(), "defaults");
    return defaults.readKeys(new ConfigErrors());
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
    Map<String, Key> keys = keys(program);
    boolean typed = argument != null && JsonDocument.isText(argument);
    ConfigErrors errors = new ConfigErrors();
    source.addEnvironment(keys, env, errors);
    source.addProperties(keys, properties, errors);
    source.readKeys(errors);
    keys.forEach(
        (path, key) -> {
          if (key.type() == Key.Type.SECRET && source.isTyped(path, typed)) {
            warn.accept(
                "\"%s\" is a secret, and on the command line every user of this machine can read it; %s or a file is the place for it"
                    .formatted(path, program.variable(path)));
          }
        });
    if (argument != null && !typed) {
      keys.entrySet().stream()
          .filter(key -> key.getValue().type() == Key.Type.SECRET)
          .filter(key -> source.isInDocument(key.getKey()))
          .findFirst()
          .ifPresent(key -> BoundedFile.warnIfOpen(argument, key.getKey(), warn));
    }
    return source;
  }

  /** Returns true if the command line has a value, in its text or as a property. */
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

  /**
   * Reads and checks this configuration.
   *
   * @throws ConfigException with all its errors
   */
  <T> T read(Function<ConfigReader, T> config) {
    ConfigReader reader = new ConfigReader(json, this::origin, new ConfigErrors());
    T result = config.apply(reader);
    reader.throwErrors();
    return result;
  }

  /**
   * Reads and checks this configuration.
   *
   * @param errors the errors found before
   * @return every key that was read, by its path
   */
  private Map<String, Key> readKeys(ConfigErrors errors) {
    ConfigReader reader = new ConfigReader(json, this::origin, errors);
    program.read(reader);
    reader.throwErrors();
    return reader.keys();
  }

  /** The values of all sources, checked. */
  public JsonObject json() {
    return json;
  }

  /** A listing of every key with its value in force and its origin; secrets are "***". */
  public String list() {
    return ConfigListing.of(readKeys(new ConfigErrors()), this::origin);
  }

  private String origin(String path) {
    return origins.getOrDefault(path, document);
  }

  private void addEnvironment(Map<String, Key> keys, Map<String, String> env, ConfigErrors errors) {
    Map<String, String> paths = new HashMap<>();
    keys.keySet().forEach(path -> paths.put(program.variable(path), path));
    String start = program.variablePrefix();
    new TreeMap<>(env)
        .forEach(
            (name, value) -> {
              String path = paths.get(name);
              String renamed = program.renamedVariable(name);
              if (renamed != null) {
                errors.add(
                    "unknown environment variable %s, renamed to %s".formatted(name, renamed));
                return;
              }
              if (!name.startsWith(start) || value.isEmpty() || isServiceLink(name, value)) {
                return;
              }
              if (path != null) {
                set(path, keys.get(path).type(), value, "environment variable " + name);
                return;
              }
              String rest = name.substring(start.length());
              errors.add(
                  "unknown environment variable "
                      + name
                      + UnknownKeys.ending(rest, keys.keySet(), program::variable));
            });
  }

  private boolean isServiceLink(String name, String value) {
    return SERVICE_LINK.matcher(name.substring(program.variablePrefix().length())).matches()
        || SERVICE_LINK_VALUE.matcher(value).matches();
  }

  private void addProperties(Map<String, Key> keys, Properties properties, ConfigErrors errors) {
    String prefix = program.property("");
    for (String name : new TreeSet<>(properties.stringPropertyNames())) {
      String renamed = program.renamedProperty(name);
      if (renamed != null) {
        errors.add("unknown property -D%s, renamed to -D%s".formatted(name, renamed));
        continue;
      }
      if (!name.startsWith(prefix)) {
        continue;
      }
      String path = name.substring(prefix.length());
      if (keys.containsKey(path)) {
        set(path, keys.get(path).type(), properties.getProperty(name), "-D" + name);
      } else {
        errors.add(
            "unknown property -D"
                + name
                + UnknownKeys.ending(path, keys.keySet(), key -> "-D" + prefix + key));
      }
    }
  }

  private void set(String path, Key.Type type, String text, String origin) {
    String[] steps = path.split("\\.");
    JsonObject object = json;
    for (int i = 0; i < steps.length - 1; i++) {
      if (!object.containsKey(steps[i])) {
        object.put(steps[i], new JsonObject());
      }
      if (!(object.getValue(steps[i]) instanceof JsonObject inner)) {
        return; // The document has another type there, and is refused.
      }
      object = inner;
    }
    object.put(steps[steps.length - 1], value(type, text));
    origins.put(path, origin);
  }

  /** Converts a text to a type; an unsuitable text stays, and is refused where it is read. */
  private static Object value(Key.Type type, String text) {
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
