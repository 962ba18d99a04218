package dev.userservice.launch;

/**
 * The exit codes of the program, beside the launcher's own: 11 and 15, see {@link StartFailure}.
 */
public final class ExitCode {

  /** A signal stopped a server after all calls had ended, or all scenarios or loads passed. */
  public static final int OK = 0;

  /** An unexpected failure. */
  public static final int UNEXPECTED = 1;

  /** The command line has an unknown option or an invalid value. */
  public static final int USAGE = 2;

  /** The configuration is refused. */
  public static final int CONFIGURATION = 3;

  /** The server cannot listen on its address. */
  public static final int ADDRESS = 4;

  /** A scenario or a load failed, no server answered, or a signal interrupted them. */
  public static final int SCENARIO = 5;

  /** The store cannot be used, or was not reachable in time. */
  public static final int STORE = 6;

  /**
   * The process ran out of memory, or an event loop ended: restart it. EX_SOFTWARE of sysexits.h;
   * -XX:+ExitOnOutOfMemoryError exits with 3, which is {@link #CONFIGURATION} here.
   */
  public static final int LAST_RESORT = 70;

  private ExitCode() {}
}
