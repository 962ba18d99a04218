package dev.userservice.config;

import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * The address of a server.
 *
 * @param host a name, an IPv4 address, or an IPv6 address without brackets
 * @param port 1 to 65535
 */
public record Address(String host, int port) {

  private static final Pattern FORM =
      Pattern.compile("(?:\\[([0-9a-fA-F:.]+)]|([^\\s:\\[\\]/]+))(?::(\\d{1,5}))?");

  private static final Pattern LOOPBACK =
      Pattern.compile("127(\\.\\d{1,3}){3}|::1|0:0:0:0:0:0:0:1");

  private static final Pattern ANY = Pattern.compile("0\\.0\\.0\\.0|\\[?[0:]+]?");

  /** Reads {@code host}, {@code host:port} or {@code [IPv6]:port}; null for another form. */
  static Address parse(String text, int defaultPort) {
    Matcher form = FORM.matcher(text);
    if (!form.matches()) {
      return null;
    }
    int port = form.group(3) == null ? defaultPort : Integer.parseInt(form.group(3));
    String host = form.group(1) != null ? form.group(1) : form.group(2);
    return port < 1 || port > 65_535 ? null : new Address(host, port);
  }

  /** Returns true if only this machine reaches a host; false for names other than localhost. */
  static boolean isLoopback(String host) {
    return host.equalsIgnoreCase("localhost")
        || LOOPBACK.matcher(host.replaceAll("[\\[\\]]", "")).matches();
  }

  /**
   * Returns true if the same port of two hosts is one port; unknown, so false, for names other than
   * localhost.
   */
  static boolean overlap(String one, String other) {
    return one.equalsIgnoreCase(other)
        || ANY.matcher(one).matches()
        || ANY.matcher(other).matches()
        || isLoopback(one)
            && isLoopback(other)
            && (one.equalsIgnoreCase("localhost") || other.equalsIgnoreCase("localhost"));
  }

  /** Addresses, separated by commas. */
  public static String list(List<Address> addresses) {
    return addresses.stream().map(Address::toString).collect(Collectors.joining(", "));
  }

  /**
   * A host and a port in one text, with an IPv6 address in brackets (RFC 3986, 3.2.2).
   *
   * @param host may have its brackets
   */
  public static String join(String host, Object port) {
    return (host.contains(":") && !host.startsWith("[") ? "[" + host + "]" : host) + ":" + port;
  }

  @Override
  public String toString() {
    return join(host, port);
  }
}
