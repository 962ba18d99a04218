package dev.userservice.call;

import com.google.protobuf.Descriptors.MethodDescriptor;
import com.google.protobuf.Descriptors.ServiceDescriptor;
import dev.userservice.client.CallException;
import dev.userservice.client.Channel;
import dev.userservice.client.NoServerException;
import dev.userservice.client.WarmUp;
import dev.userservice.config.ConfigException;
import dev.userservice.console.StatusLine;
import dev.userservice.console.Terminal;
import dev.userservice.tls.UnusableFileException;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.grpc.common.GrpcStatus;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.CompletionException;
import java.util.stream.Collectors;
import picocli.CommandLine;
import picocli.CommandLine.ParameterException;

/** The program as a client of any gRPC server: {@code call GetUser '{"user_id": 1}'}. */
public final class CallCommand {

  /** The word of the command line. */
  public static final String WORD = "call";

  private static final int OK = 0;
  private static final int USAGE = 2;
  private static final int CONFIGURATION = 3;

  /** The exit code of a failed call is this plus its status, as of grpcurl. */
  private static final int FIRST_STATUS = 64;

  private final CallOptions options;
  private final InputStream in;
  private final Output output;

  private CallCommand(CallOptions options, InputStream in, Output output) {
    this.options = options;
    this.in = in;
    this.output = output;
  }

  /**
   * Runs a command with the streams of the process; blocks until it has ended.
   *
   * @param args the command line behind {@link #WORD}
   * @return the exit code
   */
  public static int run(List<String> args) {
    boolean terminal = Terminal.isInteractive();
    return run(
        args,
        terminal ? null : System.in,
        Terminal.output(terminal ? Terminal.charset() : StandardCharsets.UTF_8),
        System.err);
  }

  /**
   * @param in null if {@code out} is a terminal, and input would be typed
   */
  static int run(List<String> args, InputStream in, PrintStream out, PrintStream err) {
    CallOptions options = new CallOptions();
    CommandLine line = new CommandLine(options);
    String refusal = "";
    try {
      line.parseArgs(args.toArray(String[]::new));
    } catch (ParameterException refused) {
      refusal = refused.getMessage() + "; call --help lists the options";
    }
    Output output = new Output(options.json, in == null, out, err);
    if (!refusal.isEmpty()) {
      output.complain(refusal);
      return USAGE;
    }
    if (options.help) {
      line.usage(out);
      return OK;
    }
    return new CallCommand(options, in, output).run();
  }

  private int run() {
    if (options.words.isEmpty()) {
      output.complain("what to call? A method, list or describe; call --help has examples");
      return USAGE;
    }
    Vertx vertx = null;
    try {
      CallSettings settings = CallSettings.of(options, output::complain);
      vertx =
          Vertx.vertx(
              new VertxOptions()
                  .setEventLoopPoolSize(1)
                  .setMaxEventLoopExecuteTime(WarmUp.MAX_TURN_NANOS));
      Vertx running = vertx;
      Channel channel = new Channel(vertx, settings.client()).with(settings.metadata());
      // On the event loop of the channel, which is the only one.
      Future.future(
              done ->
                  running
                      .getOrCreateContext()
                      .runOnContext(turn -> run(running, channel, settings).onComplete(done)))
          .toCompletionStage()
          .toCompletableFuture()
          .join();
      return OK;
    } catch (ConfigException | UsageException refused) {
      return failed(refused);
    } catch (CompletionException failed) {
      return failed(failed.getCause());
    } finally {
      if (vertx != null) {
        vertx.close();
      }
    }
  }

  private int failed(Throwable failure) {
    if (failure instanceof CallException call) {
      output.failure(call);
      return FIRST_STATUS + call.status().code;
    }
    output.complain(String.valueOf(failure.getMessage()));
    if (failure instanceof UsageException) {
      return USAGE;
    }
    if (failure instanceof ConfigException || failure instanceof UnusableFileException) {
      return CONFIGURATION;
    }
    return FIRST_STATUS
        + (failure instanceof NoServerException ? GrpcStatus.UNAVAILABLE : GrpcStatus.UNKNOWN).code;
  }

  private Future<Void> run(Vertx vertx, Channel channel, CallSettings settings) {
    StatusLine silent = new StatusLine(new PrintStream(OutputStream.nullOutputStream()), false);
    return channel
        .findServer(silent)
        .compose(found -> ServerContract.of(channel))
        .compose(
            contract ->
                switch (options.words.get(0)) {
                  case "list" -> print(list(contract));
                  case "describe" -> print(describe(contract));
                  default -> call(vertx, channel, settings, contract);
                });
  }

  private Future<Void> print(String text) {
    output.text(text);
    return Future.succeededFuture();
  }

  private String list(Contract contract) {
    if (options.words.size() > 1) {
      return contract.service(options.words.get(1)).getMethods().stream()
          .map(method -> method.getService().getFullName() + "/" + method.getName())
          .collect(Collectors.joining("\n"));
    }
    return contract.services().stream()
        .map(ServiceDescriptor::getFullName)
        .sorted(Comparator.naturalOrder())
        .collect(Collectors.joining("\n"));
  }

  private String describe(Contract contract) {
    if (options.words.size() < 2) {
      throw new UsageException(
          "describe needs the name of a service, a method, a message or an enum");
    }
    return ProtoSource.of(contract.symbol(options.words.get(1)));
  }

  private Future<Void> call(
      Vertx vertx, Channel channel, CallSettings settings, Contract contract) {
    MethodDescriptor method = contract.method(options.words.get(0));
    List<String> messages = options.words.subList(1, options.words.size());
    try {
      return new OneCall(vertx, method, contract.registry(), output)
          .run(channel, settings, messages(method, messages));
    } catch (IOException unreadable) {
      throw new UsageException("the messages cannot be read: " + unreadable.getMessage());
    }
  }

  /** The messages of the command line, else of standard input, unless that is for a person. */
  private JsonObjects messages(MethodDescriptor method, List<String> arguments) throws IOException {
    if (arguments.isEmpty() && (in != null || method.isClientStreaming())) {
      return new JsonObjects(in == null ? System.in : in, "standard input");
    }
    String joined = String.join("\n", arguments);
    return new JsonObjects(
        new ByteArrayInputStream(joined.getBytes(StandardCharsets.UTF_8)), "the arguments");
  }
}
