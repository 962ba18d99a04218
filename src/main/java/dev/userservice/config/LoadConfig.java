package dev.userservice.config;

import io.vertx.core.json.JsonObject;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.List;

/**
 * The configuration of a load.
 *
 * @param client where servers are, how to speak to them, and as whom; its deadline is for each call
 * @param loads the loads to run, in this order
 * @param inFlight how many calls are open at a time, at most, 1 to 10,000
 * @param chatInFlight the same for the load "chat", 1 to 1,000: each of its messages goes to all
 *     who chat
 * @param callsPerSecond at which rate calls are to begin, whatever becomes of those before, up to
 *     1,000,000; 0 lets a call begin when another ends
 * @param connections how many connections carry the calls, 1 to 1,000, but no more than there are
 *     calls at a time
 * @param messages how many messages one call of "list", "batch" and "chat" has, 1 to 10,000
 * @param warmupSeconds how long calls are made before they count, 0 to 600
 * @param seconds how long they count, 1 to 3,600
 * @param reportFile where to write the result as JSON; empty for nowhere
 * @param chartFile where to draw the latencies as SVG; empty for nowhere
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
   * Checks a configuration and fills in what is missing.
   *
   * @throws ConfigException when a key is unknown, or a value is not of its type or range
   */
  public static LoadConfig from(JsonObject json) {
    return ConfigSource.of(json).read(LoadConfig::read);
  }

  static LoadConfig read(ConfigReader reader) {
    LoadConfig config =
        new LoadConfig(
            ClientConfig.readWithoutScenarios(reader),
            reader.list("loads", List.of(LoadName.GET, LoadName.LIST)),
            reader.number("inFlight", 64, 1, 10_000),
            reader.number("chatInFlight", 1, 1, 1_000),
            reader.number("callsPerSecond", 0, 0, 1_000_000),
            reader.number("connections", 4, 1, 1_000),
            reader.number("messages", 100, 1, 10_000),
            reader.number("warmupSeconds", 1, 0, 600),
            reader.number("seconds", 4, 1, 3_600),
            reader.textOrNone("reportFile"),
            reader.textOrNone("chartFile"));
    if (!config.chartFile.isEmpty() && config.chartFile.equals(config.reportFile)) {
      throw reader.refused("chartFile", "and \"reportFile\" are the same file");
    }
    return config;
  }

  /** The max number of open calls of a load. */
  public int inFlight(LoadName load) {
    return load == LoadName.CHAT ? chatInFlight : inFlight;
  }

  /**
   * Looks whether the files can be written, before minutes are spent on what they are for. Blocks.
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
