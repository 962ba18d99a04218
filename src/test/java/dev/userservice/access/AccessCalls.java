package dev.userservice.access;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.userservice.kit.DeadlineForEachCall;
import dev.userservice.kit.ErrorDetails;
import dev.userservice.kit.Issuer;
import dev.userservice.kit.RunningServer;
import dev.userservice.kit.Waits;
import dev.userservice.proto.UserServiceGrpc;
import dev.userservice.proto.UserServiceGrpc.UserServiceBlockingStub;
import io.grpc.Status.Code;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.MetadataUtils;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A server that lets some callers in, and calls with the tokens of one issuer. */
@Timeout(Waits.TEST_SECONDS)
abstract class AccessCalls {

  static final String USERS = "users.v1.UserService/";

  static Issuer issuer;

  @TempDir Path folder;

  RunningServer server;

  @BeforeAll
  static void makeIssuer() throws Exception {
    issuer = Issuer.make();
  }

  @AfterEach
  void stop() {
    if (server != null) {
      server.close();
    }
  }

  static JsonArray roles(String... roles) {
    return new JsonArray(List.of(roles));
  }

  void start(JsonObject rights, JsonObject more) throws Exception {
    JsonObject config = new JsonObject().put("auth", issuer.auth(folder, rights));
    server = RunningServer.start(2, config.mergeIn(more, true));
  }

  void start(JsonObject rights) throws Exception {
    start(rights, new JsonObject());
  }

  UserServiceBlockingStub as(String token) {
    return UserServiceGrpc.newBlockingStub(server.channel())
        .withInterceptors(
            MetadataUtils.newAttachHeadersInterceptor(Issuer.bearer(token)),
            new DeadlineForEachCall(Waits.SECONDS, TimeUnit.SECONDS));
  }

  static StatusRuntimeException refused(ThrowingCallable call) {
    StatusRuntimeException refused = catchThrowableOfType(StatusRuntimeException.class, call);
    assertThat(refused).as("refused").isNotNull();
    return refused;
  }

  static void assertRefused(StatusRuntimeException refused, Code code, String reason) {
    assertThat(refused.getStatus().getCode()).as("%s", refused).isEqualTo(code);
    assertThat(ErrorDetails.of(refused).reason()).isEqualTo("userservice.dev/" + reason);
  }
}
