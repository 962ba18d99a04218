package dev.userservice.fuzz;

import dev.userservice.fuzz.Call.Ending;
import dev.userservice.fuzz.Call.Step;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import java.util.regex.Pattern;

/** The requirements for answers. */
final class Verdict {

  private static final int REFUSED_STREAM = 7;
  private static final int UNKNOWN = 2;

  /**
   * The permitted reasons of a GOAWAY: a SETTINGS that makes a window larger than 2^31-1 is an
   * error of the connection (RFC 9113, section 6.9.2), and Netty treats the third empty DATA in a
   * row as a flood.
   */
  private static final Predicate<String> ASKED_FOR =
      Pattern.compile(
              "GOAWAY 3 Window size overflow for stream: \\d+ after SETTINGS_INITIAL_WINDOW_SIZE"
                  + " change"
                  + "|GOAWAY 11 Maximum number 2 of empty data frames without end_of_stream flag"
                  + " received")
          .asMatchPredicate();

  private Verdict() {}

  /** Judges answers to any input. */
  static void of(Collection<Answer> answers, List<Fault> faults) {
    for (Answer answer : answers) {
      String message = answer.header("grpc-message");
      if (message.contains("internal error")) {
        faults.add(new Fault("INTERNAL with an error id", "" + answer));
      } else if (message.contains("Exception")
          || message.contains("at dev.")
          // JSON has a null of its own.
          || message.replace("'null'", "").contains("null")) {
        faults.add(new Fault("a status that shows internals", "" + answer));
      }
      if (answer.status() == UNKNOWN) {
        faults.add(new Fault("status UNKNOWN", "" + answer));
      }
      if (answer.httpStatus() == 500) {
        faults.add(new Fault("HTTP status 500", "" + answer));
      }
      if (answer.httpStatus() == 200
          && answer.status() > 0
          && answer.header("grpc-status-details-bin").isEmpty()) {
        faults.add(new Fault("status without details", "" + answer));
      }
      if (answer.httpStatus() == 200
          && !isOfPageOrConnect(answer)
          && answer.isEnded()
          && answer.resetCode() == Answer.NONE
          && answer.status() == Answer.NONE) {
        faults.add(new Fault("answer without a status", "" + answer));
      }
    }
  }

  private static boolean isOfPageOrConnect(Answer answer) {
    String type = answer.header("content-type");
    return !type.isEmpty() && !type.startsWith("application/grpc");
  }

  /** Judges answers to calls on a connection without an error of its own. */
  static void ofCalls(
      Map<Integer, Call> calls, Http2Answers answers, String lost, List<Fault> faults) {
    boolean isCrowd = calls.size() > Scenario.MAX_STREAMS;
    if (ASKED_FOR.test(answers.goAway())) {
      return;
    }
    if (!lost.isEmpty() || !answers.goAway().isEmpty()) {
      faults.add(new Fault("connection lost", lost + " " + answers.goAway()));
      return;
    }
    calls.forEach(
        (stream, call) -> {
          Answer answer = answers.of(stream);
          if (isCrowd && answer.resetCode() == REFUSED_STREAM) {
            return;
          }
          if (call.ending() != Ending.FREE && !answer.isEnded()) {
            faults.add(
                new Fault(
                    call.isRight() ? "right call does not end" : "odd call does not end",
                    call.rpc() + ": " + answer));
          } else if (call.isRight() && answer.status() != call.status()) {
            faults.add(new Fault("right call answered wrong", call.rpc() + ": " + answer));
          }
        });
  }

  /** Judges answers to right requests over HTTP/1.1, whose labels are the statuses. */
  static void ofRequests(List<Step> requests, List<Answer> answers, List<Fault> faults) {
    for (int i = 0; i < requests.size(); i++) {
      String status = requests.get(i).label();
      if (i >= answers.size()) {
        faults.add(new Fault("request lost", (i + 1) + " of " + requests.size()));
      } else if (!status.equals("" + answers.get(i).status())) {
        faults.add(new Fault("request answered wrong", answers.get(i) + " instead of " + status));
      }
    }
  }
}
