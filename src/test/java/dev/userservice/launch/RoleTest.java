package dev.userservice.launch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.userservice.config.ConfigException;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RoleTest {

  @Test
  void list_ofAnUnknownMethod_isRefused() {
    assertThatThrownBy(
            () ->
                Role.SERVER.list(
                    "{\"rateLimit\":{\"methods\":{\"a.B/D\":1}}}",
                    () -> Set.of("a.B/C"),
                    warning -> {}))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("which is not a method; did you mean \"a.B/C\"?");
  }

  @Test
  void of_aName_withItsPackageOrWithout() {
    assertThat(Role.of(null)).isEqualTo(Role.SERVER);
    assertThat(Role.of("LoadVerticle")).isEqualTo(Role.LOAD);
    assertThat(Role.of("dev.userservice.ClientVerticle")).isEqualTo(Role.CLIENT);
    assertThat(Role.of("com.example.UserVerticle")).isEqualTo(Role.OTHER);
  }

  @Test
  void of_aWord() {
    assertThat(Role.of("serve")).isEqualTo(Role.SERVER);
    assertThat(Role.of("demo")).isEqualTo(Role.CLIENT);
    assertThat(Role.of("load")).isEqualTo(Role.LOAD);
    assertThat(Role.of("Serve")).isEqualTo(Role.OTHER);
  }

  @Test
  void explain_ofAKey() {
    assertThat(Role.SERVER.explain("limits.batchUsers"))
        .isEqualTo(
            """
            limits.batchUsers
              Max number of users in one `BatchCreateUsers`.
              type         number
              allowed      1 to 1,000,000
              default      10000
              environment  USER_SERVICE_LIMITS_BATCH_USERS
              property     -Duser-service.limits.batchUsers
            """);
    assertThat(Role.LOAD.explain("log"))
        .contains("  environment  USER_LOAD_LOG\n")
        .contains("  allowed      one of \"auto\", \"text\", \"json\"\n");
  }

  @Test
  void explain_ofAnObject_hasAllItsKeys() {
    assertThat(Role.CLIENT.explain("tls"))
        .contains("tls.caFile\n", "\n\ntls.serverName\n", "  default      none\n")
        .doesNotContain("token");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          SERVER | prot             | unknown key "prot"; did you mean "port"?
          SERVER | limits.strangers | unknown key "limits.strangers", renamed to "limits.unauthenticatedConnections"
          SERVER | colour           | unknown key "colour"; --print-config without --conf lists all keys
          CLIENT | inFlight         | unknown key "inFlight"; --print-config without --conf lists all keys
          LOAD   | inflight         | unknown key "inflight"; did you mean "inFlight"?
          """)
  void explain_ofAnUnknownKey_isRefused(Role role, String key, String why) {
    assertThatThrownBy(() -> role.explain(key))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(why);
  }
}
