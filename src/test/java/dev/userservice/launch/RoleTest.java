package dev.userservice.launch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.userservice.config.ConfigException;
import java.util.Set;
import org.junit.jupiter.api.Test;

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
        .hasMessageContaining("there is no such method; did you mean \"a.B/C\"?");
  }

  @Test
  void of_aName_withItsPackageOrWithout() {
    assertThat(Role.of(null)).isEqualTo(Role.SERVER);
    assertThat(Role.of("LoadVerticle")).isEqualTo(Role.LOAD);
    assertThat(Role.of("dev.userservice.ClientVerticle")).isEqualTo(Role.CLIENT);
    assertThat(Role.of("com.example.UserVerticle")).isEqualTo(Role.OTHER);
  }
}
