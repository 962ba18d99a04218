package dev.userservice.attack;

import dev.userservice.kit.Waits;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** One attack on one server, measured. */
final class Trial {

  private static final long ATTACK_SECONDS = 30;
  private static final long RECOVERY_SECONDS = Waits.SECONDS;
  private static final int CALLS_DURING = 3;

  /** Errors of the JVM, errors with an id, and stack traces, of blocked threads too. */
  private static final Pattern ALARM =
      Pattern.compile("OutOfMemoryError|error id|SEVERE|^\\s+at |\\\\n\\\\tat ");

  private final Victim victim;
  private JvmMemory.Use last;

  private Trial(Victim victim) {
    this.victim = victim;
  }

  static Outcome of(Attack attack, Victim victim) throws Exception {
    return new Trial(victim).run(attack);
  }

  private Outcome run(Attack attack) throws Exception {
    JvmMemory.Use idle = victim.memory().measure();
    last = idle;
    int written = victim.errors().length();
    long cpu;
    long sent;
    int closed;
    JvmMemory.Use held;
    OtherCallers.Result result;
    try (OtherCallers others = new OtherCallers(victim);
        Attackers attackers = new Attackers(victim)) {
      long cpuBefore = victim.cpu().toMillis();
      attack.launch().run(attackers);
      held = idle;
      long until = System.nanoTime() + TimeUnit.SECONDS.toNanos(ATTACK_SECONDS);
      do {
        held = held.max(measure());
      } while (!attackers.haveSettled(attack.untilDone()) && System.nanoTime() < until);
      others.awaitCalls(CALLS_DURING);
      held = held.max(measure());
      cpu = victim.cpu().toMillis() - cpuBefore;
      sent = attackers.bytesSent();
      closed = attackers.closedByServer();
      result = others.result();
    }
    long until = System.nanoTime() + TimeUnit.SECONDS.toNanos(RECOVERY_SECONDS);
    JvmMemory.Use after;
    do {
      after = measure();
      held = held.max(after);
    } while (victim.isAlive() && !Outcome.isBack(idle, after) && System.nanoTime() < until);
    return new Outcome(
        attack.name(),
        sent,
        idle,
        held,
        after,
        cpu,
        closed,
        result,
        victim.isAlive(),
        alarms(written));
  }

  /** Measures; a server that has ended, or is about to, leaves the measurement before. */
  private JvmMemory.Use measure() {
    try {
      last = victim.memory().measure();
    } catch (IOException unmeasurable) {
      // The outcome says whether the process is alive, and whether it answers.
    }
    return last;
  }

  private List<String> alarms(int written) {
    String errors = victim.errors();
    return errors
        .substring(Math.min(written, errors.length()))
        .lines()
        .map(ALARM::matcher)
        .filter(Matcher::find)
        .map(alarm -> alarm.group().strip())
        .distinct()
        .toList();
  }
}
