package dev.userservice.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vertx.core.json.JsonObject;
import java.util.Map;
import java.util.Properties;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class PostgresConfigTest {

  @Test
  void uri_saysTheSameAsTheFields() {
    PostgresConfig fields =
        read(
            new JsonObject()
                .put("host", "db.example.com")
                .put("port", 6432)
                .put("database", "directory")
                .put("user", "us er")
                .put("password", "p@ss:word/%")
                .put("tls", "require"));
    String uri =
        "postgresql://us%20er:p%40ss:word%2F%25@db.example.com:6432/directory?sslmode=require";

    assertThat(read(new JsonObject().put("uri", uri))).isEqualTo(fields);
    assertThat(read(new JsonObject().put("uri", "postgres://me@[::1]/db")))
        .extracting(PostgresConfig::host, PostgresConfig::port, PostgresConfig::user)
        .containsExactly("::1", 5432, "me");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "mysql://me:s3cret@host/db",
        "postgresql://host/db",
        "postgresql://me:s3cret@host",
        "postgresql://me:s3cret@host/",
        "postgresql://me:s3cret@ho st/db",
        "postgresql://me:s3cret@host:99999/db",
        "postgresql://me:s3cret@host/db?sslmode=prefer",
        "postgresql://me:s3cret@host/db?sslmode=require&password=s3cret",
        "postgresql://me:s3cret@host,other/db",
        "s3cret"
      })
  void uri_thatIsNone_isRefusedWithoutBeingShown(String uri) {
    assertThatThrownBy(() -> read(new JsonObject().put("uri", uri)))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("\"store.postgres.uri\" must be postgresql://")
        .hasMessageNotContaining("s3cret");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          {"uri":"postgresql://me@h/db","host":"h"} | "store.postgres.uri" and "host" say the same
          {"password":4711}                         | "store.postgres.password" must be a text
          {"uri":["s3cret"]}                        | "store.postgres.uri" must be a text
          {"tls":"prefer"}                          | "store.postgres.tls" is "prefer"
          {"tls":"verify-full"}                     | "store.postgres.caFile" is needed
          {"uri":"postgresql://me@h/db?sslmode=verify-full"} | "store.postgres.caFile" is needed
          {"password":"a","passwordFile":"b"}       | "store.postgres.passwordFile" and "password" say the same
          {"caFile":"ca.pem"}                       | "store.postgres.caFile" has no effect without "store.postgres.tls": "verify-full"
          {"caFile":"ca.pem","tls":"require"}       | "store.postgres.caFile" has no effect without
          {"connections":1}                         | "store.postgres.connections" is 1
          """)
  void refuses(String json, String why) {
    assertThatThrownBy(() -> read(new JsonObject(json)))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining(why)
        .hasMessageNotContaining("s3cret")
        .hasMessageNotContaining("4711");
  }

  @Test
  void password_fromTheEnvironment_andNeverShown() {
    JsonObject json =
        Program.SERVER
            .load(
                "{\"store\":{\"type\":\"postgres\"}}",
                Map.of("USER_SERVICE_STORE_POSTGRES_PASSWORD", "s3cret"),
                new Properties(),
                warning -> {})
            .json();

    PostgresConfig config = ServerConfig.from(json).store().postgres();

    assertThat(config.password()).isEqualTo("s3cret");
    assertThat(config.toString()).doesNotContain("s3cret");
    assertThat(ServerConfig.from(json).toString()).doesNotContain("s3cret");
  }

  private static PostgresConfig read(JsonObject postgres) {
    JsonObject store = new JsonObject().put("type", "postgres").put("postgres", postgres);
    return ServerConfig.from(new JsonObject().put("store", store)).store().postgres();
  }
}
