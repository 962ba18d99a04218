package dev.userservice.config;

import io.vertx.core.json.DecodeException;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.regex.Pattern;

/**
 * A configuration on its way from where it is written to the object that the code uses. Later
 * sources win: defaults, the {@code --conf} file or text, environment variables, {@code -D}
 * properties. Each value remembers where it came from, so that a refusal can name it.
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

  private final JsonObject json;
  private final String document;
  private final Map<String, String> origins = new HashMap<>();

  private ConfigSource(JsonObject json, String document) {
    this.json = json;
    this.document = document;
  }

  /** A configuration that is there already. */
  static ConfigSource of(JsonObject json) {
    return new ConfigSource(json, "configuration");
  }

  /**
   * The configuration of a server: {@code USER_SERVICE_LIMITS_BATCH_USERS} in the environment and
   * {@code -Duser-service.limits.batchUsers} on the command line stand for {@code
   * limits.batchUsers}.
   *
   * @param argument a file, a JSON text, or null for none
   * @param warn told of a secret that stands on the command line
   * @return the configuration with everything that is set anywhere, checked
   * @throws ConfigException when it is refused
   */
  public static JsonObject server(
      String argument, Map<String, String> env, Properties properties, Consumer<String> warn) {
    return load(argument, "user-service", ServerConfig::read, env, properties, warn).json;
  }

  /**
   * The same configuration for people to read: every key with the value in force and where it comes
   * from, secrets as "***".
   *
   * @param methods all methods that there are, {@code service/method}
   * @throws ConfigException as {@link #server} and {@link ServerConfig#checkMethods}
   */
  public static String listServer(
      String argument,
      Set<String> methods,
      Map<String, String> env,
      Properties properties,
      Consumer<String> warn) {
    ConfigSource source = load(argument, "user-service", ServerConfig::read, env, properties, warn);
    source.read(ServerConfig::read).checkMethods(methods);
    return source.list(ServerConfig::read);
  }

  /**
   * As {@link #server}, for a client: {@code USER_CLIENT_ADDRESSES}, {@code
   * -Duser-client.addresses}.
   */
  public static JsonObject client(
      String argument, Map<String, String> env, Properties properties, Consumer<String> warn) {
    return load(argument, "user-client", ClientConfig::read, env, properties, warn).json;
  }

  /** As {@link #listServer}, for a client. */
  public static String listClient(
      String argument, Map<String, String> env, Properties properties, Consumer<String> warn) {
    return load(argument, "user-client", ClientConfig::read, env, properties, warn)
        .list(ClientConfig::read);
  }

  /** As {@link #server}, for a load: {@code USER_BENCH_SECONDS}, {@code -Duser-bench.seconds}. */
  public static JsonObject bench(
      String argument, Map<String, String> env, Properties properties, Consumer<String> warn) {
    return load(argument, "user-bench", BenchConfig::read, env, properties, warn).json;
  }

  /** As {@link #listServer}, for a load. */
  public static String listBench(
      String argument, Map<String, String> env, Properties properties, Consumer<String> warn) {
    return load(argument, "user-bench", BenchConfig::read, env, properties, warn)
        .list(BenchConfig::read);
  }

  /**
   * Says how to set the key of a server that a command-line option is called like: {@code --port},
   * {@code --store.type}, {@code --drain-delay-millis}.
   *
   * @return empty when there is no such key
   */
  public static String serverKey(String option) {
    return howToSet(option, "user-service", ServerConfig::read);
  }

  /** As {@link #serverKey}, for a client. */
  public static String clientKey(String option) {
    return howToSet(option, "user-client", ClientConfig::read);
  }

  /** As {@link #serverKey}, for a load. */
  public static String benchKey(String option) {
    return howToSet(option, "user-bench", BenchConfig::read);
  }

  private static String howToSet(String option, String prefix, Function<ConfigReader, ?> config) {
    return keys(config).keySet().stream()
        .filter(path -> Suggestion.letters(path).equals(Suggestion.letters(option)))
        .findFirst()
        .map(
            path ->
                "\"%s\" is a key of the configuration: set it in the --conf file, by %s=... or by -D%s.%s=... before -jar"
                    .formatted(path, variable(prefix + "." + path), prefix, path))
        .orElse("");
  }

  /** Every key there is, with its default. */
  private static Map<String, ConfigReader.Key> keys(Function<ConfigReader, ?> config) {
    ConfigReader reader = new ConfigReader(new JsonObject(), path -> "defaults");
    config.apply(reader);
    return reader.keys();
  }

  private static ConfigSource load(
      String argument,
      String prefix,
      Function<ConfigReader, ?> config,
      Map<String, String> env,
      Properties properties,
      Consumer<String> warn) {
    ConfigSource source =
        argument == null
            ? new ConfigSource(new JsonObject(), "defaults")
            : new ConfigSource(
                JsonDocument.parse("--conf", argument), JsonDocument.name("--conf", argument));
    Map<String, ConfigReader.Key> keys = keys(config);
    boolean typed = argument != null && JsonDocument.isText(argument);
    source.addEnvironment(prefix, keys, env);
    source.addProperties(prefix, keys, properties);
    source.read(config);
    keys.forEach(
        (path, key) -> {
          if (key.type() == ConfigReader.Type.SECRET && source.isTyped(path, typed)) {
            warn.accept(
                "\"%s\" is a secret, and on the command line every user of this machine can read it; %s or a file is the place for it"
                    .formatted(path, variable(prefix + "." + path)));
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

  private String list(Function<ConfigReader, ?> config) {
    ConfigReader reader = new ConfigReader(json, this::origin);
    config.apply(reader);
    return ConfigListing.of(reader.keys(), this::origin);
  }

  private String origin(String path) {
    return origins.getOrDefault(path, document);
  }

  private void addEnvironment(
      String prefix, Map<String, ConfigReader.Key> keys, Map<String, String> env) {
    Map<String, String> paths = new HashMap<>();
    keys.keySet().forEach(path -> paths.put(variable(prefix + "." + path), path));
    String start = variable(prefix) + "_";
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
                    Suggestion.nearest(name.substring(start.length()), keys.keySet())
                        .map(near -> "; did you mean " + variable(prefix + "." + near) + "?")
                        .orElse(ConfigReader.ALL_KEYS)));
      }
      set(path, keys.get(path).type(), entry.getValue(), "environment variable " + name);
    }
  }

  private void addProperties(
      String prefix, Map<String, ConfigReader.Key> keys, Properties properties) {
    for (String name : properties.stringPropertyNames()) {
      if (!name.startsWith(prefix + ".")) {
        continue;
      }
      String path = name.substring(prefix.length() + 1);
      if (!keys.containsKey(path)) {
        throw new ConfigException(
            "unknown property -D%s%s"
                .formatted(
                    name,
                    Suggestion.of(
                        path, keys.keySet(), "-D" + prefix + ".%s", ConfigReader.ALL_KEYS)));
      }
      set(path, keys.get(path).type(), properties.getProperty(name), "-D" + name);
    }
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

  /** {@code user-service.limits.batchUsers} as {@code USER_SERVICE_LIMITS_BATCH_USERS}. */
  private static String variable(String path) {
    return path.replaceAll("([a-z])([A-Z])", "$1_$2")
        .replaceAll("[.-]", "_")
        .toUpperCase(Locale.ROOT);
  }
}
