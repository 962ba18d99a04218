package dev.userservice.rpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.vertx.core.MultiMap;
import io.vertx.grpc.common.GrpcStatus;
import java.util.List;
import org.junit.jupiter.api.Test;

class BinaryMetadataTest {

  @Test
  void check_base64() {
    for (String good :
        List.of(
            "", "AAA", "AAA=", "AA", "AA==", "AAAA", "AAA,AAA=,AAAA", " AAA , AAA ", ",", ",,")) {
      BinaryMetadata.check(
          MultiMap.caseInsensitiveMultiMap().add("a-bin", good), GrpcStatus.INTERNAL);
    }
    BinaryMetadata.check(
        MultiMap.caseInsensitiveMultiMap().add("a", "!").add("bin", "!"), GrpcStatus.INTERNAL);
  }

  @Test
  void check_notBase64() {
    for (String bad :
        List.of("A", "!", "AAA,A", "A,AAA", "AAA,!,AAA", "AA=A", "A A", "AAA-", "=")) {
      MultiMap headers = MultiMap.caseInsensitiveMultiMap().add("b-bin", "AAA").add("a-bin", bad);

      RpcException refused =
          catchThrowableOfType(
              RpcException.class, () -> BinaryMetadata.check(headers, GrpcStatus.INTERNAL));

      assertThat(refused).as(bad).isNotNull();
      assertThat(refused.status().code()).isEqualTo(GrpcStatus.INTERNAL);
      assertThat(refused.status().reason()).isEqualTo("MALFORMED_METADATA");
      assertThat(refused.status().message()).contains("a-bin");
    }
  }
}
