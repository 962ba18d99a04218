package dev.userservice.load;

import dev.userservice.client.CallException;
import dev.userservice.client.Channel;
import dev.userservice.client.Connection;
import dev.userservice.config.Address;
import dev.userservice.config.LoadConfig;
import dev.userservice.config.LoadName;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;

/** Runs one load after the other, and prints the result of each. */
public final class LoadSequence {

  private static final long PROGRESS_MILLIS = 200;

  private final Vertx vertx;
  private final LoadConfig config;
  private final Channel channel;
  private final PrintStream out;
  private final Progress progress;
  private final NewUsers fresh = new NewUsers();
  private final List<LoadResult> results = new ArrayList<>();
  private KnownUsers known;

  /**
   * @param channel a channel that has found a server
   * @param terminal true when printed text can be redrawn
   */
  public LoadSequence(
      Vertx vertx, LoadConfig config, Channel channel, PrintStream out, boolean terminal) {
    this.vertx = vertx;
    this.config = config;
    this.channel = channel;
    this.out = out;
    this.progress = new Progress(out, terminal);
  }

  /**
   * Runs all loads, prints a table and writes the files of the configuration.
   *
   * @return fails with a {@link LoadException} when a load could not run, or a call failed
   */
  public Future<Void> run() {
    Future<Void> chain = channel.connect().compose(this::findUsers);
    for (LoadName name : config.loads()) {
      chain = chain.compose(before -> load(name));
    }
    return chain.transform(
        end -> {
          String failure = end.failed() ? explained(end.cause()) : "";
          return results.isEmpty() ? ended(failure) : show().compose(shown -> ended(failure));
        });
  }

  private Future<Void> findUsers(Connection connection) {
    int needed = config.loads().contains(LoadName.GET) ? Load.GET_USERS : 0;
    if (config.loads().contains(LoadName.LIST)) {
      needed = Math.max(needed, config.messages());
    }
    return KnownUsers.find(connection, needed, config.client().deadlineMillis())
        .onSuccess(found -> known = found)
        .eventually(connection::close)
        .mapEmpty();
  }

  private Future<Void> load(LoadName name) {
    Load load = Load.of(name, config.messages(), known, fresh);
    List<Connection> open = new ArrayList<>();
    return connect(name, open).compose(ready -> measure(load, open)).eventually(() -> close(open));
  }

  private Future<Void> connect(LoadName name, List<Connection> open) {
    int inFlight = config.inFlight(name);
    int count = Math.min(config.connections(), inFlight);
    int each = (inFlight + count - 1) / count;
    Future<Void> chain = Future.succeededFuture();
    for (int i = 0; i < count; i++) {
      chain = chain.compose(before -> channel.connect()).onSuccess(open::add).mapEmpty();
    }
    return chain.compose(
        all -> {
          long most = open.stream().mapToLong(Connection::maxCalls).min().orElseThrow();
          return each <= most
              ? Future.succeededFuture()
              : Future.failedFuture(
                  new LoadException(
                      "%s: %d calls at a time over %d connections are up to %d on each, but the server allows %d; raise \"connections\" or lower \"inFlight\""
                          .formatted(name, inFlight, count, each, most)));
        });
  }

  private Future<Void> measure(Load load, List<Connection> connections) {
    progress.start(load.name().toString(), config.warmupSeconds(), config.seconds());
    LoadRun run = new LoadRun(vertx, config, load, connections);
    long redraw =
        vertx.setPeriodic(
            PROGRESS_MILLIS,
            time -> progress.update(load.name().toString(), run.done(), run.ended()));
    return run.run()
        .onSuccess(results::add)
        .onComplete(
            end -> {
              vertx.cancelTimer(redraw);
              progress.end();
            })
        .mapEmpty();
  }

  private static Future<Void> close(List<Connection> connections) {
    return Future.join(connections.stream().map(Connection::close).toList()).mapEmpty();
  }

  private static String explained(Throwable failure) {
    if (failure instanceof CallException call) {
      return "cannot connect for a load: %s: %s".formatted(call.status().name(), call.getMessage());
    }
    // Anything else is a bug of this program; its class helps to find it.
    return failure instanceof LoadException ? failure.getMessage() : failure.toString();
  }

  /** Fails when calls failed, or a load could not run. */
  private Future<Void> ended(String failure) {
    List<String> lines = new ArrayList<>();
    for (LoadResult result : results) {
      if (result.failures().all() > 0) {
        lines.add("%s: calls failed, %s".formatted(result.name(), result.failures().explained()));
      }
    }
    if (!failure.isEmpty()) {
      lines.add(failure);
    }
    return lines.isEmpty()
        ? Future.succeededFuture()
        : Future.failedFuture(new LoadException(String.join(System.lineSeparator(), lines)));
  }

  private Future<Void> show() {
    out.println();
    out.print(ResultTable.of(results));
    for (LoadResult result : results) {
      if (result.unstarted() > 0) {
        out.printf(
            "%s: %,d calls had not started by the end, and are counted with the time they waited%n",
            result.name(), result.unstarted());
      }
    }
    return write(config.reportFile(), Report.of(config, results).encodePrettily() + "\n")
        .compose(report -> write(config.chartFile(), Chart.of(results, about())));
  }

  private String about() {
    return "%s, %d at a time%s, %d messages in each list, batch and chat"
        .formatted(
            Address.list(config.client().addresses()),
            config.inFlight(),
            config.callsPerSecond() == 0 ? "" : ", %,d a second".formatted(config.callsPerSecond()),
            config.messages());
  }

  private Future<Void> write(String file, String content) {
    return file.isEmpty()
        ? Future.succeededFuture()
        : vertx
            .fileSystem()
            .writeFile(file, Buffer.buffer(content))
            .recover(
                failure ->
                    Future.failedFuture(new LoadException("%s cannot be written".formatted(file))));
  }
}
