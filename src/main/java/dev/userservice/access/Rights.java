package dev.userservice.access;

import dev.userservice.access.AccessException.Reason;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Who may call what: a table that does not change. */
public final class Rights {

  private static final String ALL = "*";

  private final Map<String, Set<String>> roles = new HashMap<>();

  /**
   * @param table for {@code service/method}, {@code service/*} or {@code *}, of which the nearest
   *     counts, the roles that may call; the role {@code *} is everybody who is known
   * @param methods all methods that there are
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
   * A method that there is not may be called by everybody who is known: they learn that it is not
   * there.
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
            ? "nobody may call " + method
            : "%s takes a role that this caller does not have: %s"
                .formatted(method, String.join(" or ", some.stream().sorted().toList())));
  }
}
