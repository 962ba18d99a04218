package dev.userservice.config;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Who callers are, and which of them may call what. Without any of it, all may call everything.
 *
 * @param jwt callers with a token
 * @param certificates callers without one, by the name in their certificate
 * @param rights for {@code service/method}, {@code service/*} or {@code *}, of which the nearest
 *     counts, the roles that may call; the role {@code *} is everybody who is known. What is not
 *     there may not be called
 * @param publicHealth whether the health service may be asked by anybody
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
   * A caller who is known by a certificate.
   *
   * @param roles what it may do
   * @param userId the user that it speaks as in the chat; 0 when it may not speak
   */
  public record KnownCaller(Set<String> roles, int userId) {

    private static final Set<String> KEYS = Set.of("roles", "userId");

    /** Null when it is none. */
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
                "{\"roles\": [\"a role\"], \"userId\": 1}, the latter from 1 or left out"),
            reader.map(
                "rights",
                MAX_RIGHTS,
                AuthConfig::texts,
                "a list of 1 to " + MAX_ROLES + " roles, such as [\"users:read\"]"),
            reader.flag("publicHealth", true));
    if (!config.jwt.isOn()) {
      reader.refuseIdle("jwt", "\"keysFile\" or \"jwksUri\"");
    }
    boolean known = config.jwt.isOn() || !config.certificates.isEmpty();
    if (known && config.rights.isEmpty()) {
      throw reader.refused(
          "rights",
          "is needed, or nobody may call anything; such as {\"users.v1.UserService/GetUser\": [\"users:read\"]}");
    }
    if (!known && !config.rights.isEmpty()) {
      throw reader.refused(
          "rights", "needs to know callers: by \"auth.jwt\" or by \"auth.certificates\"");
    }
    return config;
  }

  /** Whether callers have to be known. */
  public boolean isOn() {
    return !rights.isEmpty();
  }

  /** Different texts, none of them blank, at least one; null when it is no list of these. */
  private static List<String> texts(Object value) {
    if (!(value instanceof JsonArray array) || array.isEmpty() || array.size() > MAX_ROLES) {
      return null;
    }
    boolean good = array.stream().allMatch(role -> role instanceof String s && !s.isBlank());
    return good ? array.stream().map(String.class::cast).distinct().toList() : null;
  }
}
