package dev.userservice.fuzz;

import dev.userservice.fuzz.Scenario.Kind;
import dev.userservice.fuzz.Scenario.Leaving;
import dev.userservice.fuzz.Scenario.Script;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.util.ArrayList;
import java.util.List;

/** Plays one scenario against a server, over a connection of its own. */
final class Conversation implements AutoCloseable {

  private static final long MARK = 0x46555a5aL;
  private static final int ROOM = 1 << 20;

  private final Scenario scenario;
  private final Script script;
  private final Socket socket = new Socket();
  private final InputStream in;
  private final OutputStream out;
  private final int waitMillis;
  private final List<Fault> faults = new ArrayList<>();

  /**
   * @param waitMillis the max time for a required answer
   */
  Conversation(Scenario scenario, int port, int waitMillis) throws IOException {
    this.scenario = scenario;
    this.waitMillis = waitMillis;
    script = scenario.script();
    socket.connect(
        new java.net.InetSocketAddress(InetAddress.getLoopbackAddress(), port), waitMillis);
    socket.setTcpNoDelay(true);
    in = new BufferedInputStream(socket.getInputStream());
    out = socket.getOutputStream();
  }

  /**
   * Plays the scenario until the caller is about to disconnect.
   *
   * @return the faults of the server
   */
  List<Fault> play() {
    String lost = write();
    if (scenario.isHttp2()) {
      Http2Answers answers = new Http2Answers(in, out);
      // Also when it was lost while writing: a GOAWAY has the reason.
      String unread = readHttp2(answers);
      lost = lost.isEmpty() ? unread : lost;
      Verdict.of(answers.answers().values(), faults);
      if (scenario.kind() == Kind.CALLS) {
        Verdict.ofCalls(script.streams(), answers, lost, faults);
      }
    } else {
      Http1Answers answers = new Http1Answers(in);
      readHttp1(answers);
      Verdict.of(answers.answers(), faults);
      if (scenario.kind() == Kind.REQUESTS) {
        Verdict.ofRequests(scenario.chunks(), answers.answers(), faults);
      }
    }
    if (scenario.leaving() == Leaving.HALF_CLOSE) {
      halfClose();
    }
    return faults;
  }

  /** Disconnects, unless {@link Leaving#LATE}. */
  void leave() {
    try {
      if (scenario.leaving() == Leaving.RESET) {
        socket.setSoLinger(true, 0);
      }
      if (scenario.leaving() != Leaving.LATE) {
        socket.close();
      }
    } catch (IOException alreadyLost) {
      // Judged before.
    }
  }

  @Override
  public void close() {
    try {
      socket.close();
    } catch (IOException alreadyLost) {
      // Judged before.
    }
  }

  /** Returns the reason of a lost connection, or an empty string. */
  private String write() {
    try {
      for (byte[] bytes : script.writes()) {
        out.write(bytes);
      }
      if (scenario.kind() == Kind.CALLS) {
        // A window for all waiting data, and then a PING to learn that everything was read.
        out.write(
            Bytes.join(Frame.settings(4, ROOM), Frame.windowUpdate(0, ROOM), Frame.ping(MARK)));
      } else if (scenario.kind() == Kind.FRAMES) {
        out.write(Frame.ping(MARK));
      }
      return "";
    } catch (IOException lost) {
      return "" + lost.getMessage();
    }
  }

  private String readHttp2(Http2Answers answers) {
    long end = System.nanoTime() + waitMillis * 1_000_000L;
    try {
      while (!isAnswered(answers)) {
        awaitInput(end);
        answers.readFrame();
      }
      return "";
    } catch (SocketTimeoutException silence) {
      return scenario.isStrict()
          ? "no answer within %d ms: %s".formatted(waitMillis, unanswered(answers))
          : "";
    } catch (IOException lost) {
      return "closed by the server: " + lost.getMessage();
    }
  }

  private boolean isAnswered(Http2Answers answers) {
    boolean all = answers.ponged() == MARK;
    if (scenario.kind() == Kind.CALLS) {
      for (var call : script.streams().entrySet()) {
        all &= call.getValue().ending() == Call.Ending.FREE || answers.of(call.getKey()).isEnded();
      }
    }
    return all;
  }

  private List<String> unanswered(Http2Answers answers) {
    return script.streams().entrySet().stream()
        .filter(call -> call.getValue().ending() != Call.Ending.FREE)
        .filter(call -> !answers.of(call.getKey()).isEnded())
        .map(call -> call.getKey() + " " + call.getValue().rpc())
        .toList();
  }

  private void readHttp1(Http1Answers answers) {
    long end = System.nanoTime() + waitMillis * 1_000_000L;
    try {
      while (scenario.kind() == Kind.TEXT || answers.answers().size() < scenario.chunks().size()) {
        awaitInput(end);
        answers.readAnswer();
      }
    } catch (SocketTimeoutException | RuntimeException silence) {
      // Missing answers are judged later.
    } catch (IOException lost) {
      // The same.
    }
  }

  /** Waits briefly where nothing is owed, else up to the end. */
  private void awaitInput(long end) throws IOException {
    long millis = Math.max(1, (end - System.nanoTime()) / 1_000_000);
    socket.setSoTimeout((int) (scenario.isStrict() ? millis : Math.min(millis, 30)));
  }

  /** Half-closes the connection, after which the server has to close its side. */
  private void halfClose() {
    try {
      socket.shutdownOutput();
      socket.setSoTimeout(waitMillis);
      in.transferTo(OutputStream.nullOutputStream());
    } catch (SocketTimeoutException silence) {
      faults.add(new Fault("connection stays open after the half-close of its caller"));
    } catch (IOException lost) {
      // Closed by a reset, which is allowed.
    }
  }
}
