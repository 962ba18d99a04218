package dev.userservice.config;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Authentication of callers and their rights. Without it, every caller may call everything.
 *
 * @param jwt callers with a token
 */
public record AuthConfig(
    JwtConfig jwt,
    Map<String, KnownCaller> certificates,
    Map<String, List<String>> rights,
    boolean publicHealth) {

  private static final int MAX_CERTIFICATES = 1_000;
  private static final int MAX_RIGHTS = 100;
  private static final int MAX_ROLES = 100;

  /**
   * A caller known by a certificate.
   *
   * @param userId the user that it speaks as in the chat; 0 when it may not speak
   */
  public record KnownCaller(Set<String> roles, int userId) {

    private static final Set<String> KEYS = Set.of("roles", "userId");

    /** Returns null for an invalid value. */
    private static KnownCaller parse(Object value) {
      if (!(value instanceof JsonObject json) || !KEYS.containsAll(json.fieldNames())) {
        return null;
      }
      List<String> roles = texts(json.getValue("roles"));
      return roles != null && json.getValue("userId", 0) instanceof Integer id && id >= 0
          ? new KnownCaller(new LinkedHashSet<>(roles), id)
          : null;
    }
  }

  static AuthConfig read(ConfigReader reader) {
    AuthConfig config =
        new AuthConfig(
            JwtConfig.read(reader.object("jwt")),
            reader.map(
                "certificates",
                MAX_CERTIFICATES,
                KnownCaller::parse,
                "{\"roles\": [\"a role\"], \"userId\": 1}, the latter from 1 or left out",
                "Callers without a token, by the name in their certificate: their roles, and the"
                    + " user that each speaks as in the chat."),
            reader.map(
                "rights",
                MAX_RIGHTS,
                AuthConfig::texts,
                "a list of 1 to " + MAX_ROLES + " roles, such as [\"users:read\"]",
                "Roles that may call a method, by `service/method`, `service/*` or `*`; the most"
                    + " specific entry counts. The role `*` is every authenticated caller. Methods"
                    + " without an entry are denied."),
            reader.flag(
                "publicHealth",
                true,
                "Lets callers use the health service without authentication."));
    reader.check(() -> config.check(reader));
    return config;
  }

  private void check(ConfigReader reader) {
    if (!jwt.isOn()) {
      reader.refuseIdle("jwt", "\"keysFile\" or \"jwksUri\"");
    }
    boolean known = jwt.isOn() || !certificates.isEmpty();
    if (known && rights.isEmpty()) {
      throw reader.refused(
          "rights",
          "is needed, or no caller may call anything; such as {\"users.v1.UserService/GetUser\": [\"users:read\"]}");
    }
    if (!known && !rights.isEmpty()) {
      throw reader.refused(
          "rights", "needs to know callers: by \"auth.jwt\" or by \"auth.certificates\"");
    }
  }

  /** Returns true if callers have to authenticate. */
  public boolean isOn() {
    return !rights.isEmpty();
  }

  /** Returns the different texts of a list, at least one and none blank, or null. */
  private static List<String> texts(Object value) {
    if (!(value instanceof JsonArray array) || array.isEmpty() || array.size() > MAX_ROLES) {
      return null;
    }
    boolean good = array.stream().allMatch(role -> role instanceof String s && !s.isBlank());
    return good ? array.stream().map(String.class::cast).distinct().toList() : null;
  }
}
