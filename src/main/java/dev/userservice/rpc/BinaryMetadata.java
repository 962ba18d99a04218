package dev.userservice.rpc;

import io.vertx.core.MultiMap;
import io.vertx.grpc.common.GrpcStatus;
import java.util.Base64;
import java.util.Map;

/** Metadata whose name ends in -bin is base64, padded or not; several values may share a header. */
final class BinaryMetadata {

  private BinaryMetadata() {}

  /**
   * @throws RpcException when a value is not in base64
   */
  static void check(MultiMap headers) {
    for (Map.Entry<String, String> header : headers) {
      if (header.getKey().endsWith("-bin")) {
        for (String value : header.getValue().split(",", -1)) {
          check(header.getKey(), value.strip());
        }
      }
    }
  }

  private static void check(String name, String value) {
    try {
      Base64.getDecoder().decode(value);
    } catch (IllegalArgumentException malformed) {
      throw new RpcException(
          new RpcStatus(
              GrpcStatus.INTERNAL, "MALFORMED_METADATA", "metadata " + name + " is not in base64"));
    }
  }
}
