package dev.userservice.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class MigrationsTest {

  @ParameterizedTest
  @ValueSource(strings = {"sqlite", "postgres"})
  void after_returnsTheMissingScripts(String database) {
    Migrations migrations = new Migrations(database);

    assertThat(migrations.after("here", 0))
        .hasSize(migrations.version())
        .allMatch(sql -> !sql.isBlank());
    assertThat(migrations.after("here", migrations.version())).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"sqlite", "postgres"})
  void after_aNewerSchema(String database) {
    Migrations migrations = new Migrations(database);

    StoreException refused =
        catchThrowableOfType(
            StoreException.class, () -> migrations.after("here", migrations.version() + 1));

    assertThat(refused.reason()).isEqualTo(StoreException.Reason.UNUSABLE);
    assertThat(refused)
        .hasMessageContainingAll(
            "here is in schema version " + (migrations.version() + 1),
            "knows " + migrations.version(),
            "newer program");
  }
}
