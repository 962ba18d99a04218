package dev.userservice.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The keys that keep strangers out are hard to get wrong. */
class SecurityConfigTest {

  private static final String JWT =
      "'jwt':{'keysFile':'k','issuer':'i','audience':['a']},'rights':{'*':['*']}";
  private static final String TLS = "'tls':{'certificateFile':'c','keyFile':'k'}";

  private final List<String> warnings = new ArrayList<>();

  @TempDir private Path folder;

  private static JsonObject json(String text) {
    return new JsonObject(text.replace('\'', '"'));
  }

  @Test
  void clusterWithTls_isNotOpen() {
    String open = "{'cluster':{'host':'10.0.0.1','insecure':true}}";
    String tls = "{'cluster':{'host':'10.0.0.1','tls':{'keyStoreFile':'k','caFile':'a'}}}";
    assertThat(ServerConfig.from(json(open)).cluster().isOpen()).isTrue();
    assertThat(ServerConfig.from(json(tls)).cluster().isOpen()).isFalse();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{}",
        "{'host':'127.3.2.1'}",
        "{'host':'::1'}",
        "{'host':'localhost'}",
        "{'host':'0.0.0.0','insecure':true}",
        "{'host':'0.0.0.0','tls':{'certificateFile':'c','keyFile':'k','clientCaFile':'a'}}",
        "{'host':'0.0.0.0'," + TLS + ",'auth':{" + JWT + "}}",
        "{'auth':{" + JWT + "}}",
        "{'tls':{'keyStoreFile':'f'}}",
        "{'cluster':{'host':'10.0.0.1','insecure':true}}",
        "{'cluster':{'host':'10.0.0.1','tls':{'certificateFile':'c','keyFile':'k','caFile':'a'}}}",
        "{'cluster':{'host':'10.0.0.1','tls':{'keyStoreFile':'k','caFile':'a'}}}",
        "{'store':{'type':'postgres','postgres':{'host':'::1'}}}",
        "{'store':{'type':'postgres','postgres':{'host':'/var/run/postgresql'}}}",
        "{'store':{'type':'postgres','postgres':{'host':'db','tls':'require'}}}",
        "{'store':{'type':'postgres','postgres':{'host':'db','insecure':true}}}",
        "{'store':{'type':'postgres','postgres':{'uri':'postgresql://me@db/users','insecure':true}}}",
        "{'store':{'type':'postgres','postgres':{'uri':'postgresql://me@db/users?sslmode=require'}}}"
      })
  void server_takes(String text) {
    ServerConfig.from(json(text));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          {'host':'0.0.0.0'} | "host" is refused, since calls come to 0.0.0.0 in plaintext: set "tls" and "auth"
          {'host':'::'} | "host" is refused, since calls come to :: in plaintext
          {'host':'example.com'} | "host" is refused
          {'host':'127.0.0.1.example.com'} | "host" is refused
          {'host':'0.0.0.0','tls':{'certificateFile':'c','keyFile':'k'}} | since every caller that reaches 0.0.0.0 may call everything
          {'host':'0.0.0.0','auth':{'jwt':{'keysFile':'k','issuer':'i','audience':['a']},'rights':{'*':['*']}}} | in plaintext
          {'cluster':{'host':'10.0.0.1'}} | "cluster.host" is refused, since what servers tell each other at 10.0.0.1 is neither encrypted nor checked: set "cluster.tls" or, on a network of their own, "cluster.insecure": true
          {'cluster':{'tls':{'certificateFile':'c','keyFile':'k'}}} | "cluster.tls.caFile" is needed beside the certificate of this server
          {'cluster':{'tls':{'keyStoreFile':'k'}}} | "cluster.tls.caFile" is needed beside the certificate of this server
          {'cluster':{'tls':{'caFile':'a'}}} | "cluster.tls.caFile" needs a certificate of this server
          {'cluster':{'tls':{'certificateFile':'c','caFile':'a'}}} | "cluster.tls.keyFile" is needed beside "certificateFile"
          {'store':{'type':'postgres','postgres':{'host':'db'}}} | "store.postgres.host" is refused, since users and the password go to db in plaintext: set "store.postgres.tls": "verify-full", or, on a network that is safe, "store.postgres.insecure": true
          {'store':{'type':'postgres','postgres':{'host':'10.0.0.1','tls':'disable'}}} | "store.postgres.host" is refused
          {'store':{'type':'postgres','postgres':{'uri':'postgresql://me@db/users'}}} | "store.postgres.uri" is refused, since users and the password go to db in plaintext: add "?sslmode=verify-full" to it, or
          {'tls':{'certificateFile':'c'}} | "tls.keyFile" is needed beside "certificateFile"
          {'tls':{'keyFile':'c'}} | "tls.certificateFile" is needed beside "keyFile"
          {'tls':{'certificateFile':'c','keyFile':'k','keyStoreFile':'s'}} | "tls.keyStoreFile" and the PEM files say the same
          {'tls':{'keyStoreFile':'s','keyStorePassword':'x','keyStorePasswordFile':'y'}} | "tls.keyStorePasswordFile" and "keyStorePassword" say the same
          {'tls':{'clientCaFile':'c'}} | "tls.clientCaFile" is for TLS
          {'auth':{'jwt':{'keysFile':'k','issuer':'i','audience':['a']}}} | "auth.rights" is needed, or no caller may call anything
          {'auth':{'rights':{'*':['*']}}} | "auth.rights" needs to know callers
          {'auth':{'certificates':{'a':{'roles':['x']}},'rights':{'*':['*']}}} | "auth.certificates" needs callers that show one
          {'auth':{'certificates':{'a':{'role':['x']}}}} | "auth.certificates" has "a": {"role":["x"]}, but must be an object
          {'auth':{'certificates':{'a':{'roles':['x'],'userId':-1}}}} | "auth.certificates" has "a"
          {'auth':{'rights':{'x':'y'}}} | "auth.rights" has "x": "y", but must be an object of at most 100 keys, each with a list
          {'auth':{'rights':{'x':[]}}} | "auth.rights" has "x": []
          {'auth':{'jwt':{'keysFile':'k','audience':['a']}}} | "auth.jwt.issuer" is needed
          {'auth':{'jwt':{'keysFile':'k','issuer':'i'}}} | "auth.jwt.audience" is needed
          {'auth':{'jwt':{'issuer':'i'}}} | "auth.jwt.issuer" needs keys to check tokens with
          {'auth':{'jwt':{'keysFile':'k','jwksUri':'https://h/'}}} | "auth.jwt.jwksUri" and "keysFile" say the same
          {'auth':{'jwt':{'jwksUri':'http://example.com/'}}} | "auth.jwt.jwksUri" must be a URL that begins with https://
          {'auth':{'jwt':{'jwksUri':'https://a:b@example.com/'}}} | "auth.jwt.jwksUri" must be
          {'auth':{'jwt':{'jwksUri':'nonsense'}}} | "auth.jwt.jwksUri" must be
          {'auth':{'jwt':{'jwksUri':'http://127.0.0.1/','jwksCaFile':'c'}}} | "auth.jwt.jwksCaFile" is for
          {'auth':{'jwt':{'algorithms':['none']}}} | "auth.jwt.algorithms" is ["none"], but must be
          {'auth':{'jwt':{'algorithms':['HS256']}}} | "auth.jwt.algorithms" is ["HS256"], but must be
          {'auth':{'jwt':{'leewaySeconds':301}}} | "auth.jwt.leewaySeconds" is 301
          {'rateLimit':{'methods':{'x':0}}} | "rateLimit.methods" has "x": 0
          {'rateLimit':{'burstSeconds':0}} | "rateLimit.burstSeconds" is 0
          {'tsl':{}} | unknown key "tsl"; did you mean "tls"?
          {'auth':{'right':{}}} | unknown key "auth.right"; did you mean "auth.rights"?
          """)
  void server_refuses(String text, String why) {
    assertThatThrownBy(() -> ServerConfig.from(json(text)))
        .isInstanceOf(ConfigException.class)
        .hasMessageStartingWith("configuration: ")
        .hasMessageContaining(why);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          {'tls':{}} | "tls" has no effect without "certificateFile" and "keyFile", or "keyStoreFile"
          {'tls':{'certificateFile':''}} | "tls" has no effect without
          {'tls':{'keyStorePasswordFile':'p'}} | "tls" has no effect without
          {'cluster':{'tls':{}}} | "cluster.tls" has no effect without "certificateFile" and "keyFile", or "keyStoreFile", and "caFile"
          {'cluster':{'tls':{'keyStorePasswordFile':'p'}}} | "cluster.tls" has no effect without
          {'auth':{}} | "auth" has no effect without "jwt" or "certificates", and "rights"
          {'auth':{'publicHealth':false}} | "auth" has no effect without
          {'auth':{'jwt':{}}} | "auth.jwt" has no effect without "keysFile" or "jwksUri"
          {'management':{}} | "management" has no effect without "port"
          {'management':{'host':'0.0.0.0','insecure':true}} | "management" has no effect without "port"
          {'rateLimit':{}} | "rateLimit" has no effect without "callsPerSecond", "methods" or "refusedPerSecond"
          {'rateLimit':{'burstSeconds':2}} | "rateLimit" has no effect without
          {'store':{'sqlite':{'file':'f'}}} | "store.sqlite" has no effect without "store.type": "sqlite"
          {'store':{'postgres':{}}} | "store.postgres" has no effect without "store.type": "postgres"
          {'store':{'type':'raft'},'limits':{'batchUsers':30001}} | "limits.batchUsers" is 30001, but with "store.type": "raft" a batch is one entry of the log, and has at most 30000
          {'store':{'type':'raft','raft':{'servers':['10.0.0.1']}}} | "store.raft.servers" is refused, since what servers tell each other there is neither encrypted nor checked: set "cluster.tls" or, on a network of their own, "cluster.insecure": true
          {'store':{'type':'raft','raft':{'servers':['127.0.0.1:1','127.0.0.1:2']}}} | "store.raft.servers" has 2 addresses, and needs an odd number: with 2, no more servers may fail than with 1
          {'store':{'raft':{'folder':'x'}}} | "store.raft" has no effect without "store.type": "raft"
          {'tls':{'certFile':'c'}} | unknown key "tls.certFile"
          """)
  void server_refusesWhatWouldHaveNoEffect(String text, String why) {
    assertThatThrownBy(() -> ServerConfig.from(json(text)))
        .isInstanceOf(ConfigException.class)
        .hasMessageStartingWith("configuration: " + why);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{'rateLimit':{'callsPerSecond':0}}",
        "{'store':{'type':'memory','sqlite':{'file':'f'}}}",
        "{'store':{}}",
        "{'limits':{},'keepalive':{},'cluster':{}}"
      })
  void server_takesWhatIsSaidOnPurpose(String text) {
    ServerConfig.from(json(text));
  }

  @Test
  void variable_thatWouldHaveNoEffect_isNamed() {
    assertThatThrownBy(
            () ->
                Program.SERVER
                    .load(
                        null,
                        Map.of("USER_SERVICE_STORE_POSTGRES_PASSWORD", "s3cret"),
                        new Properties(),
                        warnings::add)
                    .json())
        .isInstanceOf(ConfigException.class)
        .hasMessage(
            "environment variable USER_SERVICE_STORE_POSTGRES_PASSWORD: \"store.postgres\" has no effect without \"store.type\": \"postgres\"");
  }

  @Test
  void client_withAnEmptyTls() {
    for (String tls : List.of("{}", "{'keyStorePasswordFile':'p'}", "{'caFile':''}")) {
      assertThatThrownBy(() -> ClientConfig.from(json("{'tls':" + tls + "}")))
          .isInstanceOf(ConfigException.class)
          .hasMessageStartingWith("configuration: \"tls\" has no effect without \"enabled\": true");
    }
    assertThat(ClientConfig.from(json("{'tls':{'enabled':false}}")).tls().enabled()).isFalse();
  }

  @Test
  void fileOfTheProject_hasTheDefaultsAndNoSecret() throws Exception {
    ServerConfig secure = ServerConfig.from(JsonDocument.parse("--conf", "conf/secure.json"));
    ServerConfig defaults = ServerConfig.from(new JsonObject());

    assertThat(secure.tls().isMutual()).isTrue();
    assertThat(secure.auth().isOn()).isTrue();
    assertThat(secure.limits()).isEqualTo(defaults.limits());
    assertThat(secure.rateLimit()).isEqualTo(defaults.rateLimit());
    assertThat(Files.readString(Path.of("conf/secure.json"))).doesNotContain("assword", "PRIVATE");
  }

  @ParameterizedTest
  @ValueSource(strings = {"README.md", "src/docs/SECURITY.md"})
  void pages_showWhatIsAccepted(Path page) throws Exception {
    Matcher json =
        Pattern.compile("```json\\n(.*?)```", Pattern.DOTALL).matcher(Files.readString(page));
    int found = 0;
    for (; json.find(); found++) {
      assertThat(ServerConfig.from(new JsonObject(json.group(1))).openTo()).isEmpty();
    }
    assertThat(found).isPositive();
  }

  @Test
  void methods_haveToExist() {
    ServerConfig config =
        ServerConfig.from(json("{'auth':{" + JWT.replace("'*':['*']", "'a/c':['*']") + "}}"));

    config.checkMethods(Set.of("a/b", "a/c"));
    assertThatThrownBy(() -> config.checkMethods(Set.of("a/b")))
        .hasMessageContaining("\"auth.rights\" has \"a/c\", which is not a method");
    assertThatThrownBy(() -> config.checkMethods(Set.of("b/c", "b/d")))
        .isInstanceOf(ConfigException.class);
  }

  @Test
  void secret_onTheCommandLineIsWarnedOf() {
    Properties properties = new Properties();
    properties.setProperty("user-service.store.postgres.password", "s3cret");
    properties.setProperty("user-service.store.type", "postgres");
    Program.SERVER.load(null, Map.of(), properties, warnings::add).json();
    String text = "{\"tls\":{\"keyStoreFile\":\"f\",\"keyStorePassword\":\"s3cret\"}}";
    Program.SERVER.load(text, Map.of(), new Properties(), warnings::add).json();
    properties.clear();
    properties.setProperty("user-client.token", "s3cret");
    Program.CLIENT.load(null, Map.of(), properties, warnings::add).json();

    assertThat(warnings)
        .hasSize(3)
        .noneMatch(line -> line.contains("s3cret"))
        .satisfiesExactly(
            one ->
                assertThat(one)
                    .startsWith("\"store.postgres.password\" is a secret")
                    .contains("USER_SERVICE_STORE_POSTGRES_PASSWORD or a file"),
            two -> assertThat(two).startsWith("\"tls.keyStorePassword\" is a secret"),
            three -> assertThat(three).startsWith("\"token\" is a secret"));
  }

  @Test
  void secret_inAFileOrTheEnvironmentIsNot() throws Exception {
    Path file = folder.resolve("conf.json");
    Files.writeString(
        file, "{\"store\":{\"type\":\"postgres\",\"postgres\":{\"password\":\"s3cret\"}}}");
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r-----"));
    Program.SERVER.load(file.toString(), Map.of(), new Properties(), warnings::add).json();
    JsonObject client =
        Program.CLIENT
            .load(null, Map.of("USER_CLIENT_TOKEN", "s3cret"), new Properties(), warnings::add)
            .json();

    assertThat(warnings).isEmpty();
    assertThat(ClientConfig.from(client).token()).isEqualTo("s3cret");
    assertThat(ClientConfig.from(client).toString()).doesNotContain("s3cret");
  }

  @Test
  void secret_inAFileThatOthersCanRead_isWarnedOf() throws Exception {
    Path file = folder.resolve("conf.json");
    Files.writeString(file, "{\"port\":1}");
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r--r--"));
    Program.SERVER.load(file.toString(), Map.of(), new Properties(), warnings::add).json();
    assertThat(warnings).as("without a secret").isEmpty();

    Files.writeString(
        file, "{\"store\":{\"type\":\"postgres\",\"postgres\":{\"password\":\"s3cret\"}}}");
    Program.SERVER.load(file.toString(), Map.of(), new Properties(), warnings::add).json();

    assertThat(warnings)
        .containsExactly(
            "%s can be read by every user of this machine (rw-r--r--): chmod 600 %s (\"store.postgres.password\")"
                .formatted(file, file));
  }

  @Test
  void secret_isNeverShown() {
    JsonObject tls = new JsonObject().put("keyStoreFile", "f").put("keyStorePassword", "s3cret");
    assertThat(ServerConfig.from(new JsonObject().put("tls", tls)).toString())
        .doesNotContain("s3cret");
    JsonObject wrong = new JsonObject().put("keyStorePassword", new JsonArray().add("s3cret"));
    assertThatThrownBy(() -> ServerConfig.from(new JsonObject().put("tls", wrong)))
        .hasMessageContaining("\"tls.keyStorePassword\" must be a text")
        .hasMessageNotContaining("s3cret");
  }

  @Test
  void table_fromTheEnvironment() {
    String rights = "{\"users.v1.UserService/GetUser\":[\"users:read\"]}";
    JsonObject json =
        Program.SERVER
            .load(
                "{\"auth\":{\"jwt\":{\"keysFile\":\"k\",\"issuer\":\"i\",\"audience\":[\"a\"]}}}",
                Map.of("USER_SERVICE_AUTH_RIGHTS", rights),
                new Properties(),
                warnings::add)
            .json();

    assertThat(ServerConfig.from(json).auth().rights())
        .isEqualTo(Map.of("users.v1.UserService/GetUser", List.of("users:read")));
    assertThatThrownBy(
            () ->
                Program.SERVER
                    .load(
                        null,
                        Map.of("USER_SERVICE_AUTH_RIGHTS", "{broken"),
                        new Properties(),
                        warnings::add)
                    .json())
        .hasMessageStartingWith("environment variable USER_SERVICE_AUTH_RIGHTS: \"auth.rights\"");
  }
}
