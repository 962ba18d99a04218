package dev.userservice.access;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.userservice.access.AccessException.Reason;
import dev.userservice.config.JwtConfig;
import dev.userservice.config.ServerConfig;
import dev.userservice.kit.Certificate;
import dev.userservice.kit.Issuer;
import dev.userservice.kit.Waits;
import dev.userservice.tls.UnusableFileException;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The tokens that are accepted, and the callers made of them. */
class TokensTest {

  private static final JsonObject RS256 = new JsonObject().put("alg", "RS256");

  private final Vertx vertx = Vertx.vertx();
  private final JsonObject jwt =
      new JsonObject()
          .put("issuer", Issuer.NAME)
          .put("audience", new JsonArray().add(Issuer.AUDIENCE).add("another"));

  private static Issuer issuer;

  @TempDir private Path folder;

  private TokenKeys keys;

  @BeforeAll
  static void makeIssuer() throws Exception {
    issuer = Issuer.make();
  }

  @AfterEach
  void stop() {
    vertx.close().timeout(Waits.SECONDS, TimeUnit.SECONDS).await();
  }

  @Test
  void goodToken_givesNameRolesAndExpiry() throws Exception {
    String token = issuer.token("users:read", "users:write");

    Caller caller = take(tokens(issuer.pem()), token);

    assertThat(caller.name()).isEqualTo("grace");
    assertThat(caller.roles()).containsExactlyInAnyOrder("users:read", "users:write");
    assertThat(caller.userId()).isEqualTo(7);
    long exp = Issuer.claims().getLong("exp");
    assertThat(caller.untilMillis()).isBetween((exp + 25) * 1_000, (exp + 31) * 1_000);
  }

  @Test
  void roles_atEachUsualClaim() throws Exception {
    jwt.put("roleClaims", new JsonArray().add("roles").add("realm_access.roles").add("a.b"));
    Consumer<JsonObject> claims =
        c ->
            c.put("roles", new JsonArray().add("one").add(2).add("three"))
                .put("realm_access", new JsonObject().put("roles", new JsonArray().add("four")))
                .put("a.b", " five  six ");

    assertThat(take(tokens(issuer.pem()), issuer.token(claims, "not:this")).roles())
        .containsExactlyInAnyOrder("one", "three", "four", "five", "six");
  }

  @Test
  void userId_inEveryForm() throws Exception {
    Tokens tokens = tokens(issuer.pem());
    assertThat(userId(tokens, "42")).isEqualTo(42);
    assertThat(userId(tokens, 42)).isEqualTo(42);
    assertThat(userId(tokens, "999999999")).isEqualTo(999_999_999);
    for (Object none :
        List.of("", "0", 0, -1, "-1", "07", "1e3", "\u0661", 1.5, "1234567890", new JsonArray())) {
      assertThat(userId(tokens, none)).as("%s", none).isZero();
    }
  }

  private int userId(Tokens tokens, Object value) {
    return take(tokens, issuer.token(c -> c.put("user_id", value))).userId();
  }

  @Test
  void invalidClaims_areRefused() throws Exception {
    Tokens tokens = tokens(issuer.pem());
    long now = System.currentTimeMillis() / 1_000;
    assertRefused(tokens, c -> c.remove("exp"), Reason.TOKEN_MALFORMED);
    assertRefused(tokens, c -> c.putNull("exp"), Reason.TOKEN_MALFORMED);
    assertRefused(tokens, c -> c.put("exp", "tomorrow"), Reason.TOKEN_MALFORMED);
    assertRefused(tokens, c -> c.put("exp", 1e300), Reason.TOKEN_MALFORMED);
    assertRefused(tokens, c -> c.put("exp", -1), Reason.TOKEN_MALFORMED);
    assertRefused(tokens, c -> c.put("exp", now - 31), Reason.TOKEN_EXPIRED);
    assertRefused(tokens, c -> c.put("nbf", now + 40), Reason.TOKEN_NOT_YET_VALID);
    assertRefused(tokens, c -> c.put("nbf", "now"), Reason.TOKEN_MALFORMED);
    assertRefused(tokens, c -> c.remove("iss"), Reason.TOKEN_OF_ANOTHER_ISSUER);
    assertRefused(tokens, c -> c.put("iss", Issuer.NAME + "/"), Reason.TOKEN_OF_ANOTHER_ISSUER);
    assertRefused(tokens, c -> c.put("iss", new JsonArray()), Reason.TOKEN_OF_ANOTHER_ISSUER);
    assertRefused(tokens, c -> c.remove("aud"), Reason.TOKEN_FOR_ANOTHER_AUDIENCE);
    assertRefused(tokens, c -> c.put("aud", "user-service x"), Reason.TOKEN_FOR_ANOTHER_AUDIENCE);
    assertRefused(tokens, c -> c.put("aud", new JsonArray()), Reason.TOKEN_FOR_ANOTHER_AUDIENCE);
    assertRefused(tokens, c -> c.put("aud", 1), Reason.TOKEN_FOR_ANOTHER_AUDIENCE);
    assertRefused(tokens, c -> c.remove("sub"), Reason.TOKEN_MALFORMED);
    assertRefused(tokens, c -> c.put("sub", " "), Reason.TOKEN_MALFORMED);
    assertRefused(tokens, c -> c.put("sub", 1), Reason.TOKEN_MALFORMED);
    assertRefused(tokens, c -> c.put("sub", "x".repeat(256)), Reason.TOKEN_MALFORMED);

    take(tokens, issuer.token(c -> c.put("exp", now - 20)));
    take(tokens, issuer.token(c -> c.put("nbf", now + 20)));
    take(tokens, issuer.token(c -> c.put("exp", now + 60.5)));
    take(tokens, issuer.token(c -> c.put("aud", new JsonArray().add("x").add("another"))));
  }

  private void assertRefused(Tokens tokens, Consumer<JsonObject> change, Reason reason) {
    String token = issuer.token(change);
    assertThat(refused(tokens, token)).as(text(token)).isEqualTo(reason);
  }

  private static String text(String token) {
    byte[] claims = Base64.getUrlDecoder().decode(token.split("\\.")[1]);
    return new String(claims, StandardCharsets.UTF_8);
  }

  @Test
  void malformedToken_isRefused() throws Exception {
    Tokens tokens = tokens(issuer.pem());
    String good = issuer.token();
    for (String bad :
        List.of(
            "",
            ".",
            "..",
            "a.b",
            "a..c",
            good + ".",
            "." + good,
            good + ".a",
            good + "=",
            good + "\n")) {
      assertThat(refused(tokens, bad)).as(bad).isEqualTo(Reason.TOKEN_MALFORMED);
    }
    assertThat(refused(tokens, "a".repeat(10_000))).isEqualTo(Reason.TOKEN_MALFORMED);
    // The library pads a short signature with zeros: one byte less passes once in 256 times.
    for (String bad : List.of(good.substring(0, good.length() - 16), good + "AA", "e30." + good)) {
      assertThat(refused(tokens, bad))
          .as(bad)
          .isIn(Reason.TOKEN_NOT_TRUSTED, Reason.TOKEN_MALFORMED);
    }
    JsonObject critical = RS256.copy().put("crit", new JsonArray().add("exp")).put("exp", 1);
    assertThat(refused(tokens, issuer.sign(critical, Issuer.claims())))
        .isEqualTo(Reason.TOKEN_MALFORMED);
    JsonObject own = RS256.copy().put("jwk", issuer.jwk("x")).put("kid", "x");
    assertThat(refused(tokens, Issuer.make().sign(own, Issuer.claims())))
        .as("a key in the token's own header")
        .isEqualTo(Reason.TOKEN_NOT_TRUSTED);
  }

  /** The library parses a token before it checks the signature. */
  @Test
  void deeplyNestedToken_isRefused() throws Exception {
    Tokens tokens = tokens(issuer.pem());
    for (int levels : new int[] {900, 3_000}) {
      String deep = "{\"alg\":\"RS256\",\"a\":" + "[".repeat(levels) + "]".repeat(levels) + "}";
      String part = Issuer.base64(deep.getBytes(StandardCharsets.US_ASCII));
      assertThat(refused(tokens, part + ".e30.AAAA"))
          .as("a header of %d levels", levels)
          .isIn(Reason.TOKEN_NOT_TRUSTED, Reason.TOKEN_MALFORMED);
      assertThat(
              refused(
                  tokens,
                  Issuer.base64("{\"alg\":\"RS256\"}".getBytes(StandardCharsets.US_ASCII))
                      + "."
                      + part
                      + ".AAAA"))
          .as("claims of %d levels", levels)
          .isIn(Reason.TOKEN_NOT_TRUSTED, Reason.TOKEN_MALFORMED);
    }
  }

  /** RFC 8725, 3.11: a token made for another purpose is invalid, even with a good signature. */
  @Test
  void typeOfAnotherKindOfToken_isRefused() throws Exception {
    Tokens tokens = tokens(issuer.pem());
    for (String access :
        List.of("JWT", "jwt", "at+jwt", "AT+JWT", "application/at+jwt", "Application/JWT")) {
      take(tokens, issuer.sign(RS256.copy().put("typ", access), Issuer.claims()));
    }
    take(tokens, issuer.sign(RS256, Issuer.claims()));
    for (Object other :
        new Object[] {"dpop+jwt", "logout+jwt", "JOSE", "", "text/jwt", 1, new JsonArray(), null}) {
      String token = issuer.sign(RS256.copy().put("typ", other), Issuer.claims());
      assertThat(refused(tokens, token)).as("%s", other).isEqualTo(Reason.TOKEN_OF_ANOTHER_TYPE);
    }
  }

  @Test
  void unlistedAlgorithm_isRefused() throws Exception {
    String rs512 = issuer.sign(new JsonObject().put("alg", "RS512"), Issuer.claims());
    assertThat(refused(tokens(issuer.pem()), rs512)).isEqualTo(Reason.TOKEN_NOT_TRUSTED);

    jwt.put("algorithms", new JsonArray().add("RS512"));
    take(tokens(issuer.pem()), rs512);
    assertThat(refused(tokens(issuer.pem()), issuer.token())).isEqualTo(Reason.TOKEN_NOT_TRUSTED);
  }

  @Test
  void keys_ofEveryKind() throws Exception {
    jwt.put("algorithms", new JsonArray().add("ES256").add("ES384").add("EdDSA").add("RS256"));
    Issuer p256 = Issuer.make("EC", 256);
    Issuer p384 = Issuer.make("EC", 384);
    Issuer ed25519 = Issuer.make("Ed25519", 0);
    Certificate certificate = Certificate.make(folder, "signer");
    Tokens tokens = tokens(p256.pem() + issuer.pem() + "\n" + p384.pem() + ed25519.pem());

    take(tokens, issuer.token());
    take(tokens, p256.sign(new JsonObject().put("alg", "ES256"), Issuer.claims()));
    take(tokens, p384.sign(new JsonObject().put("alg", "ES384"), Issuer.claims()));
    take(tokens, ed25519.sign(new JsonObject().put("alg", "EdDSA"), Issuer.claims()));
    String pem = Files.readString(certificate.certificate());
    assertThat(keys(pem).keys()).isNotNull();
    assertThat(keys(pem.replace(" CERTIFICATE", " X509 CERTIFICATE")).keys()).isNotNull();
    assertThat(keys("\uFEFF" + issuer.jwks("one")).keys()).isNotNull();
    String wrongCurve = p384.sign(new JsonObject().put("alg", "ES384"), Issuer.claims());
    assertThat(refused(tokens(p256.pem()), wrongCurve)).isEqualTo(Reason.TOKEN_NOT_TRUSTED);
  }

  @Test
  void keySet_withSeveralKeys_skipsTheUnusable() throws Exception {
    Issuer second = Issuer.make();
    JsonObject set =
        new JsonObject()
            .put(
                "keys",
                new JsonArray()
                    .add(new JsonObject().put("kty", "oct").put("k", "c2VjcmV0"))
                    .add(new JsonObject().put("kty", "new").put("x", 1))
                    .add("nonsense")
                    .add(issuer.jwk("first").put("use", "enc"))
                    .add(issuer.jwk("first"))
                    .add(second.jwk("second").put("alg", "RS256")));
    Tokens tokens = tokens(set.encode());

    take(tokens, issuer.sign(RS256.copy().put("kid", "first"), Issuer.claims()));
    take(tokens, second.sign(RS256.copy().put("kid", "second"), Issuer.claims()));
    take(tokens, second.token());
    assertThat(refused(tokens, second.sign(RS256.copy().put("kid", "first"), Issuer.claims())))
        .isEqualTo(Reason.TOKEN_NOT_TRUSTED);
    assertThat(refused(tokens, second.sign(RS256.copy().put("kid", "third"), Issuer.claims())))
        .isEqualTo(Reason.TOKEN_NOT_TRUSTED);
  }

  @Test
  void fileWithoutAUsableKey_isRefused() throws Exception {
    Issuer weak = Issuer.make("RSA", 1_024);
    String secret = new JsonObject().put("kty", "oct").put("k", "c2VjcmV0").encode();
    String deep = "{\"keys\":" + "[".repeat(100_000) + "]".repeat(100_000) + "}";
    String secretKey = issuer.pem().replace("PUBLIC KEY", "PRIVATE KEY");
    for (String bad :
        List.of("", "{}", "{", "text", secret, secretKey, weak.pem(), weak.jwks("x"), deep)) {
      Future<?> opened = open(bad);
      assertThat(opened.cause())
          .as(bad)
          .isInstanceOf(UnusableFileException.class)
          .hasMessageContaining("has no public key for RS256 or ES256")
          .hasMessageContaining("auth.jwt.keysFile");
    }
  }

  @Test
  void remembered_endsWithTheKeys() throws Exception {
    MovingClock clock = new MovingClock();
    Tokens tokens = new Tokens(vertx, config(), keys(issuer.pem()), clock);
    String token = issuer.token();
    assertThat(tokens.remembered(token)).isNull();
    take(tokens, token);
    assertThat(tokens.remembered(token).name()).isEqualTo("grace");

    clock.move(Duration.ofSeconds(100));
    assertThat(catchThrowable(() -> tokens.remembered(token)))
        .isInstanceOfSatisfying(
            AccessException.class, e -> assertThat(e.reason()).isEqualTo(Reason.TOKEN_EXPIRED));

    clock.move(Duration.ofSeconds(-100));
    take(tokens, token);
    Files.writeString(folder.resolve("keys"), Issuer.make().pem());
    awaitOtherKeys();
    assertThat(tokens.remembered(token)).as("with other keys").isNull();
    assertThat(refused(tokens, token)).isEqualTo(Reason.TOKEN_NOT_TRUSTED);
  }

  private void awaitOtherKeys() {
    Object before = keys.keys();
    Waits.until("other keys are read", () -> keys.keys() != before);
  }

  private static final class MovingClock extends Clock {

    private Duration moved = Duration.ZERO;

    void move(Duration by) {
      moved = moved.plus(by);
    }

    @Override
    public Instant instant() {
      return Instant.now().plus(moved);
    }

    @Override
    public ZoneId getZone() {
      return ZoneOffset.UTC;
    }

    @Override
    public Clock withZone(ZoneId zone) {
      return this;
    }
  }

  private static Caller take(Tokens tokens, String token) {
    return tokens.check(token).timeout(Waits.SECONDS, TimeUnit.SECONDS).await();
  }

  private static Reason refused(Tokens tokens, String token) {
    Future<Caller> checked = tokens.check(token);
    assertThat(checked.failed()).as(token).isTrue();
    return ((AccessException) checked.cause()).reason();
  }

  private Tokens tokens(String text) throws Exception {
    return new Tokens(vertx, config(), keys(text), Clock.systemUTC());
  }

  private TokenKeys keys(String text) throws Exception {
    open(text).timeout(Waits.SECONDS, TimeUnit.SECONDS).await();
    return keys;
  }

  private Future<Void> open(String text) throws Exception {
    jwt.put("keysFile", Files.writeString(folder.resolve("keys"), text).toString());
    keys = new TokenKeys(vertx, config());
    Future<Void> opened = keys.open();
    opened.otherwiseEmpty().timeout(Waits.SECONDS, TimeUnit.SECONDS).await();
    return opened;
  }

  private JwtConfig config() {
    jwt.put("keysFile", folder.resolve("keys").toString());
    JsonObject rights = new JsonObject().put("*", new JsonArray().add("*"));
    JsonObject auth = new JsonObject().put("jwt", jwt).put("rights", rights);
    return ServerConfig.from(new JsonObject().put("auth", auth)).auth().jwt();
  }
}
