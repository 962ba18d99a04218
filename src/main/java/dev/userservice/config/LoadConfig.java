package dev.userservice.config;

import io.vertx.core.json.JsonObject;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.List;

/**
 * The configuration of a load.
 *
 * @param client the deadline in it is for each call
 * @param reportFile empty for none
 * @param chartFile empty for none
 */
public record LoadConfig(
    ClientConfig client,
    List<LoadName> loads,
    int inFlight,
    int chatInFlight,
    int callsPerSecond,
    int connections,
    int messages,
    int warmupSeconds,
    int seconds,
    String reportFile,
    String chartFile) {

  /**
   * Checks a configuration and adds the defaults.
   *
   * @throws ConfigException with a line for each unknown key, and each value of a wrong type or
   *     outside its range
   */
  public static LoadConfig from(JsonObject json) {
    return ConfigSource.of(json).read(LoadConfig::read);
  }

  static LoadConfig read(ConfigReader reader) {
    LoadConfig config =
        new LoadConfig(
            ClientConfig.readWithoutScenarios(reader),
            reader.list(
                "loads",
                List.of(LoadName.GET, LoadName.LIST),
                "Loads to run, one after the other."),
            reader.number(
                "inFlight",
                64,
                1,
                10_000,
                "Max number of concurrent calls. Each connection carries at most 100 to this"
                    + " server."),
            reader.number(
                "chatInFlight",
                1,
                1,
                1_000,
                "Max number of concurrent calls of `chat`, whose messages each go to all members."),
            reader.number(
                "callsPerSecond",
                0,
                0,
                1_000_000,
                "The rate at which calls start; with 0 a call starts when another ends."),
            reader.number(
                "connections",
                4,
                1,
                1_000,
                "Number of connections that carry the calls. In the server each belongs to one"
                    + " event loop."),
            reader.number(
                "messages",
                100,
                1,
                10_000,
                "Number of users in a `list` and a `batch`, and of messages that a caller sends in"
                    + " a `chat`."),
            reader.number(
                "warmupSeconds",
                1,
                0,
                600,
                "Duration of calls that do not count, before each load."),
            reader.number("seconds", 4, 1, 3_600, "Duration of calls that count, for each load."),
            reader.textOrNone("reportFile", "The file for the result as JSON."),
            reader.textOrNone("chartFile", "The file for a chart of the latencies as SVG."));
    reader.check(() -> config.check(reader));
    return config;
  }

  private void check(ConfigReader reader) {
    if (!chartFile.isEmpty() && chartFile.equals(reportFile)) {
      throw reader.refused("chartFile", "and \"reportFile\" are the same file");
    }
  }

  /** The max number of open calls of a load. */
  public int inFlight(LoadName load) {
    return load == LoadName.CHAT ? chatInFlight : inFlight;
  }

  /**
   * Checks that the files can be written, before minutes are spent on the loads. Blocks.
   *
   * @throws ConfigException when one cannot
   */
  public void checkFiles() {
    checkFile("reportFile", reportFile);
    checkFile("chartFile", chartFile);
  }

  private static void checkFile(String key, String file) {
    if (file.isEmpty()) {
      return;
    }
    try {
      Path path = Path.of(file).toAbsolutePath();
      if (Files.isDirectory(path)
          || !Files.isWritable(Files.exists(path) ? path : path.getParent())) {
        throw refused(key, file);
      }
    } catch (InvalidPathException e) {
      throw refused(key, file);
    }
  }

  private static ConfigException refused(String key, String file) {
    return new ConfigException(
        "configuration: \"%s\" is %s, but must be a file that can be written, in a folder that is there"
            .formatted(key, Quoted.of(file)));
  }
}
