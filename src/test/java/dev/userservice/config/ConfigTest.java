package dev.userservice.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vertx.core.json.JsonObject;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ConfigTest {

  private static final Map<String, String> NO_ENV = Map.of();
  private static final Properties NO_PROPERTIES = new Properties();

  @TempDir private Path folder;

  @Test
  void server_defaults() {
    ServerConfig config = ServerConfig.from(new JsonObject());

    assertThat(config.host()).isEqualTo("127.0.0.1");
    assertThat(config.port()).isEqualTo(50051);
    assertThat(config.sampleUsers()).isTrue();
    assertThat(config.store().type()).isEqualTo(StoreType.MEMORY);
    assertThat(config.limits().batchUsers()).isEqualTo(10_000);
    assertThat(config.limits().chatQueue()).isEqualTo(1_024);
    assertThat(config.limits().messageBytes()).isEqualTo(65_536);
    assertThat(config.drainTimeoutMillis()).isEqualTo(5_000);
  }

  @Test
  void client_defaults() {
    assertThat(ClientConfig.from(new JsonObject()))
        .isEqualTo(
            new ClientConfig(
                List.of(new Address("127.0.0.1", 50051)),
                Balance.ROUND_ROBIN,
                new ClientTlsConfig(false, "", new KeyPairConfig("", "", "", "", ""), ""),
                "",
                "",
                List.of(
                    ScenarioName.GET,
                    ScenarioName.CREATE,
                    ScenarioName.LIST,
                    ScenarioName.BATCH,
                    ScenarioName.CHAT),
                10_000,
                5_000,
                0,
                "auto"));
  }

  @Test
  void management_onAnOpenAddress_hasToBeMeant() {
    JsonObject open = new JsonObject().put("host", "0.0.0.0").put("port", 9_090);

    assertThatThrownBy(() -> ServerConfig.from(new JsonObject().put("management", open)))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("\"management.host\" is refused")
        .hasMessageContaining("\"management.insecure\": true");
    assertThat(
            ServerConfig.from(new JsonObject().put("management", open.copy().put("insecure", true)))
                .management()
                .isOn())
        .isTrue();
    assertThat(ServerConfig.from(new JsonObject()).management().isOn()).isFalse();
    assertThatThrownBy(
            () ->
                ServerConfig.from(
                    new JsonObject().put("management", new JsonObject().put("port", -1))))
        .hasMessageContaining("\"management.port\" is -1, but must be a whole number from 0");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          {"port":9090,"management":{"port":9090}}                                     | refused
          {"port":9090,"host":"::","insecure":true,"management":{"port":9090}}         | refused
          {"port":9090,"host":"0.0.0.0","insecure":true,"management":{"port":9090}}    | refused
          {"port":9090,"management":{"port":9090,"host":"0.0.0.0","insecure":true}}    | refused
          {"port":9090,"host":"localhost","management":{"port":9090}}                  | refused
          {"port":9090,"host":"127.0.0.2","management":{"port":9090}}                  | taken
          {"port":9090,"host":"::1","management":{"port":9090}}                        | taken
          {"port":0,"management":{"port":0}}                                           | taken
          {"port":9090,"management":{"port":9091}}                                     | taken
          """)
  void management_onThePortOfCalls(String json, String how) {
    if (how.equals("taken")) {
      ServerConfig.from(new JsonObject(json));
      return;
    }
    assertThatThrownBy(() -> ServerConfig.from(new JsonObject(json)))
        .isInstanceOf(ConfigException.class)
        .hasMessage(
            "configuration: \"management.port\" and \"port\" are both 9090: take another, or 0 for any free one");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          {"port":7800}                      | 0     | "port" is 7800, which is among the ports of "cluster.port" (7800 to 7809 and 7900 to 7909)
          {"port":7809}                      | 0     | "port" is 7809, which is among
          {"port":7900}                      | 0     | "port" is 7900, which is among
          {"management":{"port":7801}}       | 0     | "management.port" is 7801, which is among
          {}                                 | 50051 | "port" is 50051, and so is the port of the event bus (--cluster-port)
          {"management":{"port":9090}}       | 9090  | "management.port" is 9090, and so is
          {}                                 | 7805  | the port of the event bus (--cluster-port) is 7805, which is among
          {"port":7810}                      | 7811  | ``
          {"port":0,"management":{"port":0}} | 0     | ``
          {"port":7800,"host":"127.0.0.2"}   | 0     | ``
          """)
  void cluster_onThePortOfAnother(String json, int busPort, String why) {
    ServerConfig config = ServerConfig.from(new JsonObject(json));
    if (why.isEmpty()) {
      config.checkClusterPorts("127.0.0.1", busPort);
      return;
    }
    assertThatThrownBy(() -> config.checkClusterPorts("127.0.0.1", busPort))
        .isInstanceOf(ConfigException.class)
        .hasMessageStartingWith("configuration: " + why)
        .hasMessageEndingWith(": take another");
  }

  @ParameterizedTest
  @CsvSource({"memory,true", "sqlite,false", "postgres,false", "raft,false"})
  void sampleUsers_areForTheDemo(String store, boolean expected) {
    String json = "{\"store\":{\"type\":\"%s\"}}".formatted(store);

    assertThat(ServerConfig.from(new JsonObject(json)).sampleUsers()).isEqualTo(expected);
    assertThat(ServerConfig.from(new JsonObject(json).put("sampleUsers", !expected)).sampleUsers())
        .isEqualTo(!expected);
  }

  @Test
  void filesOfTheProject_forProduction_addNoSampleUsers() {
    for (String name : List.of("sqlite", "postgres", "secure")) {
      JsonObject file = JsonDocument.parse("--conf", "conf/" + name + ".json");
      assertThat(ServerConfig.from(file).sampleUsers()).as(name).isFalse();
    }
  }

  @Test
  void filesOfTheProject_areWhatTheirNamesSay() {
    assertThat(ServerConfig.from(JsonDocument.parse("--conf", "conf/server.json")))
        .isEqualTo(ServerConfig.from(new JsonObject()));
    assertThat(ClientConfig.from(JsonDocument.parse("--conf", "conf/client.json")))
        .isEqualTo(ClientConfig.from(new JsonObject()));
    assertThat(LoadConfig.from(JsonDocument.parse("--conf", "conf/load.json")))
        .isEqualTo(LoadConfig.from(new JsonObject()));
    for (String store : List.of("sqlite", "postgres")) {
      assertThat(ServerConfig.from(JsonDocument.parse("--conf", "conf/" + store + ".json")))
          .isEqualTo(
              ServerConfig.from(
                  new JsonObject().put("store", new JsonObject().put("type", store))));
    }
    ServerConfig cluster = ServerConfig.from(JsonDocument.parse("--conf", "conf/cluster.json"));
    assertThat(cluster.cluster()).isEqualTo(ServerConfig.from(new JsonObject()).cluster());
    assertThat(cluster.store().type()).isEqualTo(StoreType.RAFT);
    assertThat(cluster.store().raft().servers()).hasSize(3);
    assertThat(cluster.store().raft())
        .usingRecursiveComparison()
        .ignoringFields("servers")
        .isEqualTo(ServerConfig.from(new JsonObject()).store().raft());
  }

  /** Addresses, places and names are there too: readers look for them. */
  private static final Pattern PLACE =
      Pattern.compile(
          "host|port|sampleUsers|addresses|scenarios|loads|cluster\\..*"
              + "|store\\.(sqlite\\.file|raft\\.folder|postgres\\.(host|port|database|user))");

  @ParameterizedTest
  @CsvSource({
    "SERVER, server",
    "SERVER, sqlite",
    "SERVER, postgres",
    "SERVER, cluster",
    "SERVER, secure",
    "CLIENT, client",
    "LOAD, load"
  })
  void filesOfTheProject_sayOnlyWhatDiffersFromTheDefaults(Program program, String name) {
    Map<String, Key> keys = ConfigSource.keys(program);
    JsonObject file = JsonDocument.parse("--conf", "conf/" + name + ".json");

    assertThat(values(file, "", new LinkedHashMap<>()))
        .allSatisfy(
            (path, value) -> {
              if (!PLACE.matcher(path).matches()) {
                assertThat(value).as(path).isNotEqualTo(keys.get(path).value());
              }
            });
  }

  /** The values by the paths of their keys; an object whose keys are not ours is a value. */
  private static Map<String, Object> values(
      JsonObject object, String prefix, Map<String, Object> values) {
    for (String key : object.fieldNames()) {
      if (object.getValue(key) instanceof JsonObject inner && !key.equals("rights")) {
        values(inner, prefix + key + ".", values);
      } else {
        values.put(prefix + key, object.getValue(key));
      }
    }
    return values;
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          {"prot":1}                  | unknown key "prot"; did you mean "port"?
          {"limits":{"batchUser":1}}  | unknown key "limits.batchUser"; did you mean "limits.batchUsers"?
          {"colour":1}                | unknown key "colour"; --print-config without --conf lists all keys
          {"limits":{"colour":1}}     | unknown key "limits.colour"; --print-config without --conf lists all keys
          {"store":{"sqlite":{"x":1}}} | unknown key "store.sqlite.x"; --print-config without --conf lists all keys
          {"limit":{"batchUsers":1}}  | unknown key "limit"; did you mean "limits"?
          {"protocol":1}              | unknown key "protocol"; --print-config without --conf lists all keys
          {"limits":{"strangers":1}}  | unknown key "limits.strangers", renamed to "limits.unauthenticatedConnections"
          {"store":{"raft":{"waiting":1}}} | unknown key "store.raft.waiting", renamed to "store.raft.queueSize"
          {"batchUsers":1}            | unknown key "batchUsers"; did you mean "limits.batchUsers"?
          {"port":"50051"}            | "port" is "50051", but must be a whole number from 0 to 65535
          {"port":50051.5}            | "port" is 50051.5, but must be a whole number from 0 to 65535
          {"port":true}               | "port" is true, but must be a whole number from 0 to 65535
          {"port":null}               | "port" is null, but must be a whole number from 0 to 65535
          {"port":[]}                 | "port" is [], but must be a whole number from 0 to 65535
          {"port":-1}                 | "port" is -1, but must be a whole number from 0 to 65535
          {"port":65536}              | "port" is 65536, but must be a whole number from 0 to 65535
          {"port":99999999999}        | "port" is 99999999999, but must be a whole number from 0 to 65535
          {"sampleUsers":1}           | "sampleUsers" is 1, but must be true or false
          {"host":" "}                | "host" is " ", but must be a text that is not empty
          {"store":{"type":"mysql"}}  | "store.type" is "mysql", but must be one of "memory", "sqlite", "postgres", "raft"
          {"store":"memory"}          | "store" is "memory", but must be an object
          {"cluster":{"port":0}}      | "cluster.port" is 0, but must be a whole number from 1 to 65535
          {"allowedHosts":["a:1"]}    | "allowedHosts" is ["a:1"], but must be a list of 0 to 64 different names without ports, such as "users.example.com"
          {"allowedHosts":["*"]}      | "allowedHosts" is ["*"], but must be a list of 0 to 64 different names without ports, such as "users.example.com"
          {"allowedHosts":[""]}       | "allowedHosts" is [""], but must be a list of 0 to 64 different names without ports, such as "users.example.com"
          {"cluster":{"members":[1]}} | "cluster.members" is [1], but must be a list of 1 to 64 different addresses such as "10.0.0.1:7800"
          {"limits":{"batchUsers":0}} | "limits.batchUsers" is 0, but must be a whole number from 1 to 1000000
          """)
  void server_refuses(String json, String why) {
    assertThatThrownBy(() -> Program.SERVER.load(json, NO_ENV, NO_PROPERTIES, warning -> {}).json())
        .isInstanceOf(ConfigException.class)
        .hasMessage("--conf text: " + why);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          {"addresses":[]}                 | "addresses" is []
          {"addresses":["a:1","a:1"]}      | "addresses" is ["a:1","a:1"]
          {"addresses":["a:0"]}            | "addresses" is ["a:0"]
          {"addresses":["a:65536"]}        | "addresses" is ["a:65536"]
          {"addresses":["http://a:1"]}     | "addresses" is ["http://a:1"]
          {"addresses":["::1"]}            | "addresses" is ["::1"]
          {"addresses":"a:1"}              | "addresses" is "a:1"
          {"scenarios":["get","fly"]}      | "scenarios" is ["get","fly"]
          {"deadlineMillis":0}             | "deadlineMillis" is 0
          """)
  void client_refuses(String json, String why) {
    assertThatThrownBy(() -> Program.CLIENT.load(json, NO_ENV, NO_PROPERTIES, warning -> {}).json())
        .isInstanceOf(ConfigException.class)
        .hasMessageStartingWith("--conf text: " + why + ", but must be ");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          {"scenarios":["get"]}   | unknown key "scenarios"; --print-config without --conf lists all keys
          {"inflight":1}          | unknown key "inflight"; did you mean "inFlight"?
          {"reportFile":"a","chartFile":"a"} | "chartFile" and "reportFile" are the same file
          {"tls":{}}              | "tls" has no effect without "enabled": true
          {"loads":["fly"]}       | "loads" is ["fly"], but must be
          {"loads":[]}            | "loads" is [], but must be
          {"inFlight":10001}      | "inFlight" is 10001, but must be a whole number from 1 to 10000
          {"chatInFlight":0}      | "chatInFlight" is 0, but must be
          {"callsPerSecond":-1}   | "callsPerSecond" is -1, but must be a whole number from 0 to
          {"connections":0}       | "connections" is 0, but must be
          {"messages":0}          | "messages" is 0, but must be
          {"seconds":0}           | "seconds" is 0, but must be a whole number from 1 to 3600
          {"reportFile":1}        | "reportFile" is 1, but must be a text
          {"token":"a b"}         | "token" is not a token
          """)
  void load_refuses(String json, String why) {
    assertThatThrownBy(() -> Program.LOAD.load(json, NO_ENV, NO_PROPERTIES, warning -> {}).json())
        .isInstanceOf(ConfigException.class)
        .hasMessageStartingWith("--conf text: " + why);
  }

  @Test
  void load_hasVariablesAndPropertiesOfItsOwn() {
    JsonObject json =
        Program.LOAD
            .load(
                null,
                Map.of("USER_LOAD_LOADS", "get,chat", "USER_CLIENT_ADDRESSES", "a"),
                properties("user-load.seconds", "7"),
                warning -> {})
            .json();

    assertThat(LoadConfig.from(json).loads()).containsExactly(LoadName.GET, LoadName.CHAT);
    assertThat(LoadConfig.from(json).seconds()).isEqualTo(7);
    assertThat(LoadConfig.from(json).inFlight(LoadName.CHAT)).isEqualTo(1);
  }

  @Test
  void addresses_inEveryForm() {
    JsonObject json =
        JsonDocument.parse("--conf", "{\"addresses\":[\"a\",\"a:1\",\"[::1]:2\",\"[::1]\"]}");

    assertThat(ClientConfig.from(json).addresses())
        .containsExactly(
            new Address("a", 50051),
            new Address("a", 1),
            new Address("::1", 2),
            new Address("::1", 50051));
    assertThat(new Address("::1", 2)).hasToString("[::1]:2");
  }

  @Test
  void precedence_laterSourcesWin() {
    String file = "{\"port\":1,\"drainTimeoutMillis\":1,\"limits\":{\"chatQueue\":1}}";
    Map<String, String> env =
        Map.of(
            "USER_SERVICE_DRAIN_TIMEOUT_MILLIS", "2",
            "USER_SERVICE_LIMITS_CHAT_QUEUE", "2",
            "USER_SERVICE_SAMPLE_USERS", "false",
            "USER_SERVICE_HOST", "");
    Properties properties = properties("user-service.limits.chatQueue", "3");

    ServerConfig config =
        ServerConfig.from(Program.SERVER.load(file, env, properties, warning -> {}).json());

    assertThat(config.host())
        .as("default, and an empty variable says nothing")
        .isEqualTo("127.0.0.1");
    assertThat(config.port()).as("file").isEqualTo(1);
    assertThat(config.drainTimeoutMillis()).as("environment").isEqualTo(2);
    assertThat(config.sampleUsers()).as("environment").isFalse();
    assertThat(config.limits().chatQueue()).as("-D").isEqualTo(3);
  }

  @Test
  void environment_listOfAddresses() {
    JsonObject json =
        Program.CLIENT
            .load(null, Map.of("USER_CLIENT_ADDRESSES", "a:1, b:2"), NO_PROPERTIES, warning -> {})
            .json();

    assertThat(ClientConfig.from(json).addresses())
        .containsExactly(new Address("a", 1), new Address("b", 2));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          USER_SERVICE_PORT | abc | environment variable USER_SERVICE_PORT: "port" is "abc", but must
          USER_SERVICE_PORT | 65536 | environment variable USER_SERVICE_PORT: "port" is 65536, but must
          USER_SERVICE_PROT | 1 | unknown environment variable USER_SERVICE_PROT; did you mean USER_SERVICE_PORT?
          USER_SERVICE_BATCH_USERS | 1 | unknown environment variable USER_SERVICE_BATCH_USERS; did you mean USER_SERVICE_LIMITS_BATCH_USERS?
          USER_SERVICE_LIMIT_BATCH_USERS | 1 | unknown environment variable USER_SERVICE_LIMIT_BATCH_USERS; did you mean USER_SERVICE_LIMITS_BATCH_USERS?
          USER_SERVICE_COLOUR | 1 | unknown environment variable USER_SERVICE_COLOUR; --print-config
          """)
  void environment_refuses(String name, String value, String why) {
    assertThatThrownBy(
            () ->
                Program.SERVER
                    .load("{\"port\":1}", Map.of(name, value), NO_PROPERTIES, warning -> {})
                    .json())
        .isInstanceOf(ConfigException.class)
        .hasMessageStartingWith(why);
  }

  @Test
  void environment_ofKubernetesIsNotOurs() {
    Map<String, String> links =
        Map.of(
            "USER_SERVICE_PORT", "tcp://10.0.0.1:50051",
            "USER_SERVICE_SERVICE_HOST", "10.0.0.1",
            "USER_SERVICE_SERVICE_PORT", "50051",
            "USER_SERVICE_SERVICE_PORT_GRPC", "50051",
            "USER_SERVICE_PORT_50051_TCP", "tcp://10.0.0.1:50051",
            "USER_SERVICE_PORT_50051_TCP_ADDR", "10.0.0.1");

    assertThat(Program.SERVER.load(null, links, NO_PROPERTIES, warning -> {}).json())
        .isEqualTo(new JsonObject());
  }

  @Test
  void properties_refuses() {
    assertThatThrownBy(
            () ->
                Program.SERVER
                    .load(null, NO_ENV, properties("user-service.prot", "1"), warning -> {})
                    .json())
        .hasMessage("unknown property -Duser-service.prot; did you mean -Duser-service.port?");
    assertThatThrownBy(
            () ->
                Program.SERVER
                    .load(null, NO_ENV, properties("user-service.colour", "1"), warning -> {})
                    .json())
        .hasMessage(
            "unknown property -Duser-service.colour; --print-config without --conf lists all keys");
    assertThatThrownBy(
            () ->
                Program.SERVER
                    .load(null, NO_ENV, properties("user-service.port", "x"), warning -> {})
                    .json())
        .hasMessageStartingWith("-Duser-service.port: \"port\" is \"x\"");
  }

  @Test
  void document_thatIsNotThere() {
    assertThatThrownBy(() -> JsonDocument.parse("--conf", "nope.json"))
        .isInstanceOf(ConfigException.class)
        .hasMessage(
            "nope.json: the file is missing (looked in " + Path.of("").toAbsolutePath() + ")");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          {"port": 1,\\n "host": }   | line 2, column 10: Unexpected character
          {"password": hunter2}      | line 1, column 14: Unrecognized token: was expecting
          {"port": 1, "port": 2}     | line 1, column 19: Duplicate field 'port'
          {"port": 1} x              | line 1, column 13:
          {"port": 1                 | line 1, column 11: Unexpected end-of-input
          [1]                        | must be a JSON object, such as {"port": 50051}, but begins with "["
          ``                         | must be a JSON object, such as {"port": 50051}, but is empty
          """)
  void document_thatIsBroken(String text, String why) throws Exception {
    Path file = folder.resolve("broken.json");
    Files.writeString(file, text.replace("\\n", "\n"));

    assertThatThrownBy(() -> JsonDocument.parse("--conf", file.toString()))
        .isInstanceOf(ConfigException.class)
        .hasMessageStartingWith(file + ": " + why)
        .hasMessageNotContaining("\n");
  }

  @Test
  void document_thatIsNoText() throws Exception {
    Path latin1 =
        Files.write(
            folder.resolve("latin1"), "{\"a\":\"\u00e4\"}".getBytes(StandardCharsets.ISO_8859_1));
    Path huge = Files.write(folder.resolve("huge"), new byte[2 << 20]);

    assertThatThrownBy(() -> JsonDocument.parse("--conf", latin1.toString()))
        .hasMessage(latin1 + ": is not in UTF-8");
    assertThatThrownBy(() -> JsonDocument.parse("--conf", huge.toString()))
        .hasMessage(huge + ": is larger than 1 MiB, but must be a JSON file");
    assertThatThrownBy(() -> JsonDocument.parse("--conf", folder.toString()))
        .hasMessage(folder + ": is a directory, but must be a JSON file");
  }

  @Test
  void document_withByteOrderMark() throws Exception {
    Path file = Files.writeString(folder.resolve("bom.json"), "\ufeff{\"port\":1}");

    assertThat(JsonDocument.parse("--conf", file.toString()))
        .isEqualTo(new JsonObject().put("port", 1));
  }

  private static Properties properties(String name, String value) {
    Properties properties = new Properties();
    properties.setProperty(name, value);
    return properties;
  }
}
