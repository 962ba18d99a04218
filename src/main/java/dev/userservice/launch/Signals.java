package dev.userservice.launch;

import java.util.Optional;
import java.util.stream.Stream;

/**
 * The answer to a signal before the launcher has its own shutdown hook, which in a cluster takes
 * seconds. Without it, a signal ends the JVM with 128 plus its number (143 for SIGTERM).
 */
public final class Signals {

  private static final int UNDECIDED = -1;

  /** The exit code of a start that is over, or {@link #UNDECIDED}. */
  private static volatile int exitCode = UNDECIDED;

  /** True once the launcher's shutdown hook closes Vert.x and ends the process. */
  private static volatile boolean handedOver;

  private Signals() {}

  /** Answers signals from now on. */
  public static void answer(String[] args) {
    Runtime.getRuntime()
        .addShutdownHook(
            // A lambda would take ten milliseconds, in which a signal is still the JVM's.
            new Thread("signal-while-starting") {
              @Override
              public void run() {
                end(args);
              }
            });
  }

  /** Sets the exit code of a start that is over, unless a signal has ended it. */
  public static void exitWith(int code) {
    if (!isEnding()) {
      exitCode = code;
    }
  }

  /** From now on the launcher's shutdown hook chooses the exit code. */
  static void handOver() {
    handedOver = true;
  }

  /**
   * Returns true while a signal ends the process here. The start then fails, because the JVM
   * accepts no more shutdown hooks; that failure is not reported.
   */
  static boolean isEnding() {
    if (handedOver) {
      return false;
    }
    Thread any = new Thread(() -> {});
    try {
      Runtime.getRuntime().addShutdownHook(any);
      return !Runtime.getRuntime().removeShutdownHook(any);
    } catch (IllegalStateException ending) {
      return true;
    }
  }

  /**
   * Runs at a signal, and when the JVM ends by itself. Halts, because after a return the JVM would
   * add 128 to the number of the signal. Nothing is open yet that needs closing.
   */
  private static void end(String[] args) {
    if (handedOver) {
      return;
    }
    int code = ExitCode.UNEXPECTED;
    try {
      code = exitCode == UNDECIDED ? interrupted(args) : exitCode;
      System.out.flush();
    } finally {
      Runtime.getRuntime().halt(code);
    }
  }

  /** The exit code of a run that did not begin. */
  private static int interrupted(String[] args) {
    Optional<Role> run = Stream.of(args).map(Role::of).filter(Role::ends).findFirst();
    run.ifPresent(role -> ErrorLine.print(role.interrupted));
    return run.isPresent() ? ExitCode.SCENARIO : ExitCode.OK;
  }
}
