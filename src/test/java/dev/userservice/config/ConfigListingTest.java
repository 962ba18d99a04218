package dev.userservice.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vertx.core.json.JsonObject;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The output of --print-config. */
class ConfigListingTest {

  private static final Set<String> METHODS = Set.of("a.B/C");

  @TempDir private Path folder;

  @Test
  void eachValue_saysWhereItComesFrom() throws Exception {
    Path file = Files.writeString(folder.resolve("my.json"), "{\"port\":1,\"limits\":{}}");
    Properties properties = new Properties();
    properties.setProperty("user-service.limits.chatQueue", "6");

    String list = list(file.toString(), Map.of("USER_SERVICE_LIMITS_BATCH_USERS", "5"), properties);

    assertThat(list.lines().map(line -> line.strip().replaceAll(" +", " ")))
        .contains(
            "\"host\": \"127.0.0.1\", // default",
            "\"port\": 1, // " + file,
            "\"batchUsers\": 5, // environment variable USER_SERVICE_LIMITS_BATCH_USERS",
            "\"chatQueue\": 6, // -Duser-service.limits.chatQueue",
            "// \"certificateFile\" is not set");
    assertThat(list("{\"port\":1}", Map.of(), new Properties()))
        .containsPattern("\"port\": 1, +// --conf text\n");
  }

  @Test
  void secrets_areNeverShown() {
    String list =
        list(
            """
            {"store": {"type": "postgres", "postgres": {"uri": "postgresql://me:s3cret1@db:55/x", "insecure": true}},
             "tls": {"keyStoreFile": "k.p12", "keyStorePassword": "s3cret2"},
             "auth": {"jwt": {"keysFile": "k", "issuer": "i", "audience": ["a"], "userIdClaim": "http://who:s3cret3@claims/s3cret4@x"},
                      "rights": {"a.B/C": ["r"]}}}
            """,
            Map.of("USER_SERVICE_STORE_POSTGRES_PASSWORD", "s3cret5"),
            new Properties());

    assertThat(list)
        .doesNotContain("s3cret")
        .containsPattern("\"uri\": \"\\*\\*\\*\" +// --conf text\n")
        .containsPattern("\"password\": \"\\*\\*\\*\", +// environment variable USER_SERVICE_STORE")
        .containsPattern("\"keyStorePassword\": \"\\*\\*\\*\" +// --conf text")
        .contains("\"userIdClaim\": \"http://***@x\"");
    assertThat(list)
        .as("what the URI says")
        .containsPattern("// \"host\": \"db\" +by \"store.postgres.uri\"")
        .containsPattern("// \"port\": 55 +by \"store.postgres.uri\"")
        .containsPattern("// \"user\": \"me\" +by \"store.postgres.uri\"");
    assertThat(
            Program.CLIENT
                .load("{\"token\":\"s3cret\"}", Map.of(), new Properties(), warning -> {})
                .list())
        .doesNotContain("s3cret")
        .containsPattern("\"token\": \"\\*\\*\\*\", +// --conf text\n");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{}",
        "conf/server.json",
        "conf/sqlite.json",
        "conf/cluster.json",
        "conf/postgres.json",
        "conf/secure.json",
        "{\"store\":{\"type\":\"sqlite\",\"sqlite\":{\"file\":\"a\\nb\\u202e \\\"//\\\" c\"}}}",
        "{\"insecure\":true,\"rateLimit\":{\"methods\":{}}}"
      })
  void withoutComments_itIsTheSameConfiguration(String argument) {
    JsonObject config =
        Program.SERVER.load(argument, Map.of(), new Properties(), warning -> {}).json();
    String list = Program.SERVER.load(argument, Map.of(), new Properties(), warning -> {}).list();

    assertThat(ServerConfig.from(new JsonObject(withoutComments(list))))
        .isEqualTo(ServerConfig.from(config));
  }

  @Test
  void client_withoutComments_itIsTheSameConfiguration() {
    String argument = "{\"addresses\":[\"a:1\",\"b:2\"],\"tls\":{\"caFile\":\"ca.pem\"}}";
    String list = Program.CLIENT.load(argument, Map.of(), new Properties(), warning -> {}).list();

    assertThat(ClientConfig.from(new JsonObject(withoutComments(list))))
        .isEqualTo(ClientConfig.from(new JsonObject(argument)));
  }

  @Test
  void nothingIsListed_ofWhatIsRefused() {
    assertThatThrownBy(() -> list("{\"prot\":1}", Map.of(), new Properties()))
        .isInstanceOf(ConfigException.class)
        .hasMessageStartingWith("--conf text: unknown key \"prot\"");
  }

  /** As CONFIGURATION does it with sed. */
  private static String withoutComments(String list) {
    return list.replaceAll("(?m)  *// .*$", "");
  }

  private static Set<String> methodsOf(JsonObject config) {
    return ServerConfig.from(config).auth().rights().keySet();
  }

  private static String list(String argument, Map<String, String> env, Properties properties) {
    return Program.SERVER.load(argument, env, properties, warning -> {}).list();
  }
}
