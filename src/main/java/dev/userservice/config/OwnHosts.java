package dev.userservice.config;

import io.netty.util.NetUtil;
import java.util.Collection;
import java.util.HashSet;
import java.util.Locale;
import java.util.Set;
import java.util.function.Predicate;

/**
 * The Host headers that a server answers. A page can have its name re-bound to the address of this
 * machine, and then read answers as its own; but it cannot change its name, which the browser
 * sends.
 *
 * <p>Accepted are {@code localhost} and names below it (RFC 6761, section 6.3), the configured
 * names, and every address: an address is not looked up, so that nothing can be re-bound.
 */
public final class OwnHosts implements Predicate<String> {

  private static final String LOCALHOST = "localhost";

  /** RFC 1035, section 2.3.4, as text. */
  private static final int MAX_NAME_CHARS = 253;

  private final Set<String> names = new HashSet<>();

  /**
   * @param names without ports
   */
  OwnHosts(Collection<String> names) {
    names.forEach(name -> this.names.add(normal(name)));
  }

  /** Returns a name of the configuration, or null if no Host header can match it. */
  static String parse(String name) {
    boolean matches =
        name.chars().allMatch(c -> Character.isLetterOrDigit(c) || "-_.".indexOf(c) >= 0);
    return matches && !name.isEmpty() && name.length() <= MAX_NAME_CHARS ? name : null;
  }

  /** Returns true if a Host header, a host with or without a port, is one of these. */
  @Override
  public boolean test(String authority) {
    if (authority.startsWith("[")) {
      int end = authority.indexOf(']');
      return end > 0 && NetUtil.isValidIpV6Address(authority.substring(1, end));
    }
    int port = authority.indexOf(':');
    String host = normal(port < 0 ? authority : authority.substring(0, port));
    return host.equals(LOCALHOST)
        || host.endsWith("." + LOCALHOST)
        || NetUtil.isValidIpV4Address(host)
        || names.contains(host);
  }

  /** Ignores case and a final dot. */
  private static String normal(String name) {
    String host = name.toLowerCase(Locale.ROOT);
    return host.endsWith(".") ? host.substring(0, host.length() - 1) : host;
  }
}
