package dev.userservice.launch;

import dev.userservice.cluster.ClusterException;
import dev.userservice.config.ConfigException;
import dev.userservice.config.FileName;
import dev.userservice.config.ServerConfig;
import dev.userservice.operations.Tracing;
import dev.userservice.operations.TracingException;
import dev.userservice.operations.Version;
import dev.userservice.operations.Watchdog;
import dev.userservice.server.OperationsRpcs;
import dev.userservice.tls.UnusableFileException;
import io.vertx.core.Deployable;
import io.vertx.core.internal.logging.Logger;
import io.vertx.core.internal.logging.LoggerFactory;
import io.vertx.core.json.JsonObject;
import io.vertx.launcher.application.VertxApplication;
import io.vertx.launcher.application.impl.CommandException;
import io.vertx.launcher.application.impl.VertxApplicationCommand;
import java.util.List;
import java.util.Locale;
import java.util.function.BiFunction;
import picocli.CommandLine;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParseResult;

/**
 * The Vert.x launcher with the command line of this program: configuration that is checked before
 * anything starts, failures in a line each, and the exit codes of {@link ExitCode}. The server is
 * the default verticle.
 */
public final class Launcher extends VertxApplication {

  private static final String PRINT_CONFIG = "--print-config";
  private static final String EXPLAIN = "--explain";
  private static final String VERSION = "--version";
  private static final String[] EXAMPLES = {
    "Examples:",
    "  java -jar target/user-service.jar serve --conf conf/server.json",
    "  java -jar target/user-service.jar demo --conf conf/client.json",
    "  java -jar target/user-service.jar load --conf conf/load.json",
    "  java -jar target/user-service.jar call GetUser '{\"user_id\": 1}'",
    "  java -jar target/user-service.jar --explain port",
    ""
  };

  private static final Logger LOG = LoggerFactory.getLogger(VertxApplication.class);

  private final String[] args;
  private final Lifecycle lifecycle;

  private Launcher(String[] args, Lifecycle lifecycle) {
    // Usage and exit are ours: the stock ones print a page, and know three codes.
    super(args, null, false, false);
    this.args = args;
    this.lifecycle = lifecycle;
  }

  /**
   * Starts the program, and returns while a server goes on.
   *
   * @param verticles makes the verticle of each role but {@link Role#OTHER}
   * @return {@link ExitCode#OK}, or the exit code of a start that failed
   */
  public static int run(String[] args, BiFunction<Role, Lifecycle, Deployable> verticles) {
    // In a Turkish locale JGroups reads none of its configuration; elsewhere numbers in messages
    // have digits that no program reads.
    Locale.setDefault(Locale.ROOT);
    String folder = System.getProperty("user.dir");
    String refusal = FileName.refusal(folder);
    if (refusal != null) {
      // The JDK's management beans, which the watchdog needs, could not be loaded.
      return ErrorLine.complain(
          ExitCode.CONFIGURATION, "the current folder, " + folder + ", " + refusal);
    }
    Watchdog.start(ExitCode.LAST_RESORT);
    // To HTTP/1 clients it is a way to keep us busy; HTTP/2 forbids it anyway (RFC 9113, 9.2.1).
    System.setProperty("jdk.tls.rejectClientInitiatedRenegotiation", "true");
    return new Launcher(args, new Lifecycle(verticles)).launch();
  }

  @Override
  public int launch() {
    CommandLine line = new CommandLine(new VertxApplicationCommand(this, lifecycle, LOG));
    line.getCommandSpec()
        .addOption(
            OptionSpec.builder(PRINT_CONFIG)
                .description(
                    "Prints the configuration in force and where each value comes from, and ends.")
                .build())
        .addOption(
            OptionSpec.builder(EXPLAIN)
                .paramLabel("KEY")
                .type(String.class)
                .description(
                    "Prints the type, range, default and meaning of a key of the configuration, and ends.")
                .build())
        .addOption(
            OptionSpec.builder(VERSION)
                .description("Prints the versions of this program, Vert.x and Java, and ends.")
                .build())
        .usageMessage()
        .header(EXAMPLES)
        .description(
            "Runs a verticle: UserVerticle (serve) serves, and is the default; ClientVerticle (demo) runs scenarios; LoadVerticle (load) makes load. call is a client of any server; call --help explains it.");
    line.setCommandName("java -jar target/user-service.jar");
    try {
      return line.setOptionsCaseInsensitive(true)
          .setParameterExceptionHandler(
              (failure, ignored) ->
                  ErrorLine.complain(ExitCode.USAGE, Misuse.explain(failure, List.of(args))))
          .setExecutionExceptionHandler((failure, ignored, parsed) -> failed(failure))
          .setExecutionStrategy(this::run)
          .execute(args);
    } catch (Error failure) {
      Watchdog.check(failure);
      // Such as a broken service provider on the class path; picocli lets an Error pass.
      return ErrorLine.complain(ExitCode.UNEXPECTED, failure.toString());
    }
  }

  private int run(ParseResult parsed) {
    if (parsed.isUsageHelpRequested()) {
      return new CommandLine.RunLast().execute(parsed);
    }
    if (parsed.hasMatchedOption(VERSION)) {
      System.out.println(Version.all());
      return ExitCode.OK;
    }
    if (parsed.hasMatchedOption("--worker") && parsed.hasMatchedOption("--virtual-thread")) {
      return misused("--worker and --virtual-thread exclude each other");
    }
    Role role = Role.of(parsed.matchedPositionalValue(0, null));
    boolean clustered = parsed.matchedOptionValue("--cluster", false);
    LauncherOptions options;
    JsonObject config;
    Tracing tracing;
    try {
      if (parsed.hasMatchedOption(EXPLAIN)) {
        if (role == Role.OTHER) {
          return misused(EXPLAIN + " is for the server, the client and the load");
        }
        System.out.print(role.explain(parsed.matchedOptionValue(EXPLAIN, "")));
        return ExitCode.OK;
      }
      options = LauncherOptions.take(parsed);
      String conf = LauncherOptions.take(parsed, "--conf");
      if (parsed.hasMatchedOption(PRINT_CONFIG)) {
        if (role == Role.OTHER) {
          return misused(PRINT_CONFIG + " is for the server, the client and the load");
        }
        System.out.print(role.list(conf, OperationsRpcs::allMethods, ErrorLine::warn));
        return ExitCode.OK;
      }
      config = role.configuration(conf, ErrorLine::warn);
      if (clustered && role == Role.SERVER) {
        options.checkClusterPorts(parsed, ServerConfig.from(config));
      }
      tracing =
          Tracing.from(
              System.getenv(), System.getProperties(), role.programName(), Version.ofManifest());
    } catch (ConfigException | TracingException refused) {
      return ErrorLine.complain(ExitCode.CONFIGURATION, refused.getMessage());
    } catch (IllegalArgumentException refused) {
      return ErrorLine.complain(ExitCode.USAGE, refused.getMessage());
    }
    if (role == Role.LOAD && options.instances() > 1) {
      return misused("a load has one instance; start another process for more");
    }
    if (clustered && role != Role.SERVER) {
      return misused("--cluster is for servers; a client is given their addresses");
    }
    if (!clustered && role == Role.SERVER && config.containsKey("cluster")) {
      ErrorLine.warn(
          "without --cluster the chat of this server stays alone; it is configured for a cluster");
    }
    lifecycle.prepare(role, options, config, clustered, tracing);
    return new CommandLine.RunLast().execute(parsed);
  }

  private static int misused(String why) {
    return ErrorLine.complain(ExitCode.USAGE, why + "; --help lists the options");
  }

  private int failed(Exception failure) {
    Watchdog.check(failure);
    lifecycle.endStatus();
    if (failure instanceof ClusterException refused) {
      return ErrorLine.complain(
          refused.isAddress() ? ExitCode.ADDRESS : StartFailure.VERTX, refused.getMessage());
    }
    if (failure instanceof UnusableFileException unusable) {
      return ErrorLine.complain(ExitCode.CONFIGURATION, unusable.getMessage());
    }
    if (failure instanceof CommandException stock) {
      return lifecycle.isDecided()
          ? lifecycle.exitCode()
          : ErrorLine.complain(stock.getCode(), "could not start");
    }
    return ErrorLine.complain(ExitCode.UNEXPECTED, StartFailure.reason(failure));
  }
}
