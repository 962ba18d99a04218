package dev.userservice.attack;

import java.util.List;
import java.util.stream.Stream;

/**
 * One way to attack a server.
 *
 * @param name for reports
 * @param kind the server that it attacks
 * @param fresh true if the server is used for this attack only, because it creates users
 * @param untilDone true if the attack lasts until its calls are answered; else it lasts until it
 *     sends nothing more
 * @param byHand true if it is left out of the build, because it has never done harm
 * @param launch starts it, and returns without waiting for the server
 */
record Attack(
    String name,
    Victim.Kind kind,
    boolean fresh,
    boolean untilDone,
    boolean byHand,
    Launch launch) {

  /** The start of an attack. */
  interface Launch {
    void run(Attackers attackers) throws Exception;
  }

  /** On a server in plaintext that accepts all callers. */
  static Attack open(String name, Launch launch) {
    return new Attack(name, Victim.Kind.OPEN, false, false, false, launch);
  }

  /** On a server with TLS that requires tokens. */
  static Attack guarded(String name, Launch launch) {
    return new Attack(name, Victim.Kind.GUARDED, false, false, false, launch);
  }

  Attack on(Victim.Kind other) {
    return new Attack(name, other, fresh, untilDone, byHand, launch);
  }

  Attack onFreshServer() {
    return new Attack(name, kind, true, untilDone, byHand, launch);
  }

  Attack untilAnswered() {
    return new Attack(name, kind, fresh, true, byHand, launch);
  }

  Attack onlyByHand() {
    return new Attack(name, kind, fresh, untilDone, true, launch);
  }

  /** All attacks, grouped by their servers. */
  static List<Attack> all() {
    return Stream.of(
            MessageAttacks.ALL,
            ReaderAttacks.ALL,
            ConnectionAttacks.ALL,
            SocketAttacks.ALL,
            CpuAttacks.ALL)
        .flatMap(List::stream)
        .sorted((one, other) -> order(one) - order(other))
        .toList();
  }

  private static int order(Attack attack) {
    return attack.kind.ordinal() * 2 + (attack.fresh ? 1 : 0);
  }

  @Override
  public String toString() {
    return name;
  }
}
