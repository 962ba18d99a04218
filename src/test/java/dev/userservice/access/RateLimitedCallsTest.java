package dev.userservice.access;

import static dev.userservice.kit.Requests.get;
import static dev.userservice.kit.Requests.list;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.rpc.RetryInfo;
import dev.userservice.kit.ErrorDetails;
import dev.userservice.kit.Issuer;
import dev.userservice.kit.RunningServer;
import dev.userservice.proto.UserServiceGrpc.UserServiceBlockingStub;
import dev.userservice.rpc.SourceAddress;
import io.grpc.Status.Code;
import io.grpc.StatusRuntimeException;
import io.vertx.core.json.JsonObject;
import io.vertx.core.net.SocketAddress;
import org.junit.jupiter.api.Test;

/** The number of calls that a caller, or an unknown one, may make in a time. */
class RateLimitedCallsTest extends AccessCalls {

  @Test
  void rateLimit_ofACallerAndAMethod() throws Exception {
    start(
        new JsonObject().put("*", roles("*")),
        new JsonObject()
            .put(
                "rateLimit",
                new JsonObject()
                    .put("methods", new JsonObject().put(USERS + "GetUser", 2))
                    .put("burstSeconds", 10)));
    UserServiceBlockingStub grace = as(issuer.token());
    UserServiceBlockingStub again = as(issuer.token());
    for (int i = 0; i < 10; i++) {
      grace.getUser(get(1));
      again.getUser(get(1));
    }

    StatusRuntimeException refused = refused(() -> loop(grace));
    assertRefused(refused, Code.RESOURCE_EXHAUSTED, "TOO_MANY_CALLS");
    var delay = ErrorDetails.of(refused).get(RetryInfo.class).getRetryDelay();
    assertThat(delay.getSeconds() * 1_000 + delay.getNanos() / 1_000_000).isBetween(1L, 501L);
    assertThat(grace.listUsers(list(1, 0)).next().getUserId()).as("another method").isEqualTo(1);
    UserServiceBlockingStub other = as(issuer.token(claims -> claims.put("sub", "ada")));
    assertThat(other.getUser(get(1)).getUserId()).as("another caller").isEqualTo(1);
  }

  private static void loop(UserServiceBlockingStub stub) {
    for (int i = 0; i < 1_000; i++) {
      stub.getUser(get(1));
    }
  }

  @Test
  void rateLimit_perAddressWithoutAuthentication() throws Exception {
    server =
        RunningServer.start(
            2, new JsonObject("{\"rateLimit\":{\"callsPerSecond\":5,\"burstSeconds\":2}}"));

    assertRefused(
        refused(() -> loop(server.blocking())), Code.RESOURCE_EXHAUSTED, "TOO_MANY_CALLS");
    assertThat(server.blocking().listUsers(list(1, 0)).next().getUserId()).isEqualTo(1);
  }

  @Test
  void rateLimit_ofRefusedTokens() throws Exception {
    start(
        new JsonObject().put("*", roles("*")),
        new JsonObject("{\"rateLimit\":{\"refusedPerSecond\":1,\"burstSeconds\":5}}"));
    UserServiceBlockingStub known = as(issuer.token());
    assertThat(known.getUser(get(1)).getUserId()).isEqualTo(1);
    Issuer other = Issuer.make();
    UserServiceBlockingStub stranger = as(other.token());
    StatusRuntimeException first = refused(() -> stranger.getUser(get(1)));
    assertRefused(first, Code.UNAUTHENTICATED, "TOKEN_NOT_TRUSTED");
    StatusRuntimeException last = first;
    for (int i = 0; i < 1_000 && last.getStatus().getCode() == Code.UNAUTHENTICATED; i++) {
      last = refused(() -> stranger.getUser(get(1)));
    }

    assertRefused(last, Code.RESOURCE_EXHAUSTED, "TOO_MANY_CALLS");
    assertThat(known.getUser(get(1)).getUserId()).as("an accepted token").isEqualTo(1);
  }

  @Test
  void rateLimit_countsIpv6ByNetwork() {
    SocketAddress one = SocketAddress.inetSocketAddress(1, "2001:db8:1:2:3:4:5:6");
    SocketAddress near = SocketAddress.inetSocketAddress(2, "2001:db8:1:2:ffff::1");
    SocketAddress far = SocketAddress.inetSocketAddress(3, "2001:db8:1:3::1");
    SocketAddress four = SocketAddress.inetSocketAddress(4, "192.0.2.1");

    assertThat(SourceAddress.of(one)).isEqualTo(SourceAddress.of(near));
    assertThat(SourceAddress.of(one)).isNotEqualTo(SourceAddress.of(far));
    assertThat(SourceAddress.of(four)).isEqualTo("192.0.2.1");
  }
}
