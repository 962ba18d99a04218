import java.io.FileInputStream;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.Signature;
import java.util.Base64;

/**
 * Signs a JSON Web Token that conf/secure.json takes, for ten minutes. For trying it out only: real
 * tokens come from an issuer.
 *
 * <p>{@code java src/demo/Token.java issuer.p12 "users:read users:write"}, with the password of the
 * PKCS12 file, in which the key is called "issuer", in the environment variable SECRET.
 */
class Token {

  public static void main(String[] args) throws Exception {
    char[] secret = System.getenv("SECRET").toCharArray();
    KeyStore store = KeyStore.getInstance("PKCS12");
    try (InputStream file = new FileInputStream(args[0])) {
      store.load(file, secret);
    }
    String claims =
        """
        {"iss": "https://issuer.example.com", "aud": "user-service", "sub": "demo",
         "user_id": 1, "scope": "%s", "exp": %d}"""
            .formatted(args[1], System.currentTimeMillis() / 1_000 + 600);
    String token = base64("{\"alg\": \"RS256\"}") + "." + base64(claims);
    Signature signature = Signature.getInstance("SHA256withRSA");
    signature.initSign((PrivateKey) store.getKey("issuer", secret));
    signature.update(token.getBytes(StandardCharsets.US_ASCII));
    System.out.println(token + "." + base64(signature.sign()));
  }

  private static String base64(String text) {
    return base64(text.getBytes(StandardCharsets.UTF_8));
  }

  private static String base64(byte[] bytes) {
    return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
  }
}
