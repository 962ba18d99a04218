package dev.userservice.access;

import dev.userservice.access.AccessException.Reason;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** The roles that may call each method; immutable. */
public final class Rights {

  private static final String ALL = "*";

  private final Map<String, Set<String>> roles = new HashMap<>();

  /**
   * @param table the permitted roles by {@code service/method}, {@code service/*} or {@code *}; the
   *     most specific entry counts. The role {@code *} permits every authenticated caller
   * @param methods all known methods
   */
  public Rights(Map<String, List<String>> table, Set<String> methods) {
    for (String method : methods) {
      String service = method.substring(0, method.indexOf('/')) + "/" + ALL;
      List<String> some = table.getOrDefault(ALL, List.of());
      roles.put(
          method, new HashSet<>(table.getOrDefault(method, table.getOrDefault(service, some))));
    }
  }

  /**
   * Checks the roles of a caller. Every authenticated caller may call an unknown method, and gets
   * UNIMPLEMENTED.
   *
   * @throws AccessException when the caller may not call the method
   */
  public void check(Caller caller, String method) {
    Set<String> some = roles.get(method);
    if (some == null || some.contains(ALL) || caller.roles().stream().anyMatch(some::contains)) {
      return;
    }
    throw new AccessException(
        Reason.NOT_PERMITTED,
        some.isEmpty()
            ? "no role may call " + method
            : "%s requires a role that this caller lacks: %s"
                .formatted(method, String.join(" or ", some.stream().sorted().toList())));
  }
}
