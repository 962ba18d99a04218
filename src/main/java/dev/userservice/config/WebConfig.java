package dev.userservice.config;

import java.net.URI;
import java.net.URISyntaxException;
import java.util.List;
import java.util.Locale;

/**
 * The rights of browsers.
 *
 * @param origins the origins whose pages may call, besides the server's own
 * @param page true to serve the page at {@code /}
 * @param socket true to offer calls over WebSocket
 */
public record WebConfig(List<String> origins, boolean page, boolean socket) {

  private static final int MAX_ORIGINS = 64;

  static WebConfig read(ConfigReader reader) {
    return new WebConfig(
        reader.list(
            "origins",
            List.of(),
            MAX_ORIGINS,
            WebConfig::origin,
            "origins as browsers send them, such as \"https://app.example.com\"",
            "Origins whose pages may call this server by gRPC-Web and Connect (CORS)."),
        reader.flag(
            "page", true, "Serves a page at `/`, with which people explore and call the services."),
        reader.flag(
            "socket", true, "Offers calls over WebSocket, for pages that stream to the server."));
  }

  /** Returns an origin (RFC 6454, section 6.2), or null if no browser sends it. */
  private static String origin(String text) {
    try {
      URI uri = new URI(text);
      String host = uri.getHost();
      String scheme = uri.getScheme();
      boolean known = "https".equals(scheme) || "http".equals(scheme);
      int defaultPort = "https".equals(scheme) ? 443 : 80;
      if (!known || host == null || uri.getPort() == defaultPort) {
        return null;
      }
      String port = uri.getPort() < 0 ? "" : ":" + uri.getPort();
      String origin = scheme + "://" + host.toLowerCase(Locale.ROOT) + port;
      return origin.equals(text) ? origin : null;
    } catch (URISyntaxException malformed) {
      return null;
    }
  }
}
