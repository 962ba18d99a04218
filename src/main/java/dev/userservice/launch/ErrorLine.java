package dev.userservice.launch;

/** The messages of the program on standard error. */
final class ErrorLine {

  private ErrorLine() {}

  static void print(String message) {
    System.err.println("user-service: " + message);
  }

  /** Prints a message unless a signal ends the process; returns {@code code}. */
  static int complain(int code, String message) {
    if (!Signals.isEnding()) {
      print(message);
    }
    return code;
  }

  static void warn(String message) {
    complain(ExitCode.OK, message);
  }
}
