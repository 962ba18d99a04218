package dev.userservice.compare;

import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.proc.SecurityContext;
import com.nimbusds.jose.proc.SingleKeyJWSKeySelector;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.proc.DefaultJWTClaimsVerifier;
import com.nimbusds.jwt.proc.DefaultJWTProcessor;
import dev.userservice.kit.Issuer;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.Status;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyFactory;
import java.security.spec.X509EncodedKeySpec;
import java.util.Base64;
import java.util.Set;

/** Checks the token of each call, as services on grpc-java do: by an interceptor, with a library. */
final class TokenCheck implements ServerInterceptor {

  private static final String SCHEME = "Bearer ";

  private static final Metadata.Key<String> AUTHORIZATION =
      Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER);

  private final DefaultJWTProcessor<SecurityContext> tokens = new DefaultJWTProcessor<>();

  /**
   * @param key the public key of the issuer, in PEM
   */
  TokenCheck(Path key) throws Exception {
    byte[] bytes =
        Base64.getMimeDecoder().decode(Files.readString(key).replaceAll("-----.*-----", ""));
    tokens.setJWSKeySelector(
        new SingleKeyJWSKeySelector<>(
            JWSAlgorithm.RS256,
            KeyFactory.getInstance("RSA").generatePublic(new X509EncodedKeySpec(bytes))));
    tokens.setJWTClaimsSetVerifier(
        new DefaultJWTClaimsVerifier<>(
            Issuer.AUDIENCE,
            new JWTClaimsSet.Builder().issuer(Issuer.NAME).build(),
            Set.of("sub", "exp")));
  }

  @Override
  public <Q, R> ServerCall.Listener<Q> interceptCall(
      ServerCall<Q, R> call, Metadata headers, ServerCallHandler<Q, R> next) {
    String value = headers.get(AUTHORIZATION);
    try {
      if (value == null || !value.startsWith(SCHEME)) {
        throw new IllegalArgumentException("no token");
      }
      tokens.process(value.substring(SCHEME.length()), null);
    } catch (Exception refused) {
      call.close(Status.UNAUTHENTICATED, new Metadata());
      return new ServerCall.Listener<>() {};
    }
    return next.startCall(call, headers);
  }
}
