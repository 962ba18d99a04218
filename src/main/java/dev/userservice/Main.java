package dev.userservice;

import dev.userservice.call.CallCommand;
import dev.userservice.launch.ExitCode;
import dev.userservice.launch.Launcher;
import dev.userservice.launch.Lifecycle;
import dev.userservice.launch.Role;
import dev.userservice.launch.Signals;
import io.vertx.core.Deployable;
import java.util.List;
import java.util.function.BiFunction;

/**
 * The main class: runs {@link Launcher} with the verticles of this package, or {@link CallCommand}.
 * The exit codes are those of {@link ExitCode}.
 */
public final class Main {

  private Main() {}

  public static void main(String[] args) {
    if (args.length > 0 && args[0].equals(CallCommand.WORD)) {
      // A signal ends it, and with its connection the call.
      System.exit(CallCommand.run(List.of(args).subList(1, args.length)));
    }
    Signals.answer(args);
    int code = ExitCode.UNEXPECTED;
    try {
      code = Launcher.run(args, new Verticles());
    } finally {
      Signals.exitWith(code);
    }
    if (code != ExitCode.OK) {
      System.exit(code);
    }
  }

  /** A class of its own: loading the verticles takes long, and until then signals are the JVM's. */
  private static final class Verticles implements BiFunction<Role, Lifecycle, Deployable> {

    @Override
    public Deployable apply(Role role, Lifecycle run) {
      return switch (role) {
        case SERVER -> new UserVerticle();
        case CLIENT -> new ClientVerticle(run::isInterrupted);
        case LOAD -> new LoadVerticle(run.loadsEnd());
        case OTHER -> throw new IllegalArgumentException("deployed by its name");
      };
    }
  }
}
