package dev.userservice.compare;

import dev.userservice.compare.Peer.Protocol;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * h2load, which costs so little that it is the server that is measured. It counts each status 200 as
 * a success, and gRPC has its failures in trailers. So the same request is made once before and
 * looked at, and afterwards the bytes must be as many times those of the answer: a call that fails
 * has none.
 */
final class H2load implements Generator {

  private static final Pattern RATE = Pattern.compile("finished in .*?, ([\\d.]+) req/s");
  private static final Pattern SUCCEEDED = Pattern.compile("(\\d+) succeeded");
  private static final Pattern DATA = Pattern.compile("\\((\\d+)\\) data");

  private static final int TIMEOUT_SECONDS = 300;

  private final Path scratch;
  private final Map<String, String> commands;

  /**
   * @param scratch for bodies
   * @param commands receives the command line of each load
   */
  H2load(Path scratch, Map<String, String> commands) {
    this.scratch = scratch;
    this.commands = commands;
  }

  @Override
  public Measured run(ServerProcess server, Load load, double seconds) throws Exception {
    Request request =
        load.request(server.peer().protocol()).with(server.peer().headers());
    int answerBytes = answerBytes(server, load, request);
    List<String> command = command(server, load, request);
    double rate = warmUp(server, load, command, answerBytes, seconds);
    long calls = Math.max(load.inFlight(), Math.round(rate * seconds));
    double before = server.cpuSeconds();
    rate = run(command, load, calls, answerBytes);
    return new Measured(calls, calls / rate, server.cpuSeconds() - before, Map.of());
  }

  private static int answerBytes(ServerProcess server, Load load, Request request)
      throws Exception {
    Exchange.Answer answer = server.ask(request);
    if (server.peer().protocol() == Protocol.GRPC) {
      int messages = Frames.count(answer.body());
      if (messages != load.messages()) {
        throw new IllegalStateException(
            "answered with " + messages + " messages, expected " + load.messages());
      }
    }
    return answer.body().length();
  }

  private List<String> command(ServerProcess server, Load load, Request request)
      throws IOException {
    List<String> line = new ArrayList<>(List.of("h2load", "-t", "1"));
    if (server.peer().http1()) {
      line.addAll(List.of("--h1", "-c", Integer.toString(load.inFlight()), "-m", "1"));
    } else {
      line.addAll(List.of("-c", Integer.toString(load.connections())));
      line.addAll(List.of("-m", Integer.toString(load.streams())));
    }
    request.headers().forEach((name, value) -> line.addAll(List.of("-H", name + ": " + value)));
    if (request.body() != null) {
      Path body = scratch.resolve(load.name() + "." + server.peer().protocol());
      Files.write(body, request.body().getBytes());
      line.addAll(List.of("-d", body.toString()));
    }
    line.add(server.address() + request.path());
    if (server.peer().isOurs()) {
      commands.put(
          load.name(),
          String.join(" ", line)
              .replace(scratch + "/", "")
              .replace(":" + server.port(), ":PORT")
              .replaceAll("-H (\\S+: \\S+)", "-H '$1'"));
    }
    return line;
  }

  /** Makes calls until the server is warm. Returns how many it then answers in a second. */
  private static double warmUp(
      ServerProcess server, Load load, List<String> command, int answerBytes, double seconds)
      throws Exception {
    WarmUp warmUp = new WarmUp(server, load, seconds);
    long calls = load.inFlight();
    double rate;
    do {
      rate = run(command, load, calls, answerBytes);
      warmUp.made(calls);
      calls = Math.max(load.inFlight(), Math.round(rate * Math.min(1, seconds)));
    } while (!warmUp.isOver());
    return rate;
  }

  /** Makes calls. Returns how many were answered in a second. */
  private static double run(List<String> command, Load load, long calls, int answerBytes)
      throws Exception {
    List<String> line = new ArrayList<>(command);
    line.addAll(1, List.of("-n", Long.toString(calls)));
    String output = Tool.run(line, TIMEOUT_SECONDS);
    long succeeded = (long) number(SUCCEEDED, output);
    long bytes = (long) number(DATA, output);
    long slack = calls * load.slackBytes();
    if (succeeded != calls || Math.abs(bytes - calls * answerBytes) > slack) {
      throw new IllegalStateException(
          "%d of %d calls succeeded, with %d bytes instead of %d"
              .formatted(succeeded, calls, bytes, calls * answerBytes));
    }
    return number(RATE, output);
  }

  private static double number(Pattern pattern, String output) {
    Matcher found = pattern.matcher(output);
    if (!found.find()) {
      throw new IllegalStateException("h2load says nothing like " + pattern + ": " + output);
    }
    return Double.parseDouble(found.group(1));
  }
}
