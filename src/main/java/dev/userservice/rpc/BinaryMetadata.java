package dev.userservice.rpc;

import io.vertx.core.MultiMap;
import io.vertx.grpc.common.GrpcStatus;
import java.util.Base64;
import java.util.Map;

/**
 * Checks binary metadata: a value whose name ends in -bin is base64, with or without padding, and a
 * header may hold several values, separated by commas.
 */
final class BinaryMetadata {

  private static final char SEPARATOR = ',';

  private BinaryMetadata() {}

  /**
   * @throws RpcException when a value is not base64
   */
  static void check(MultiMap headers) {
    for (Map.Entry<String, String> header : headers) {
      if (header.getKey().endsWith("-bin")) {
        check(header.getKey(), header.getValue());
      }
    }
  }

  private static void check(String name, String values) {
    int start = 0;
    for (int end; (end = values.indexOf(SEPARATOR, start)) >= 0; start = end + 1) {
      checkOne(name, values.substring(start, end));
    }
    checkOne(name, values.substring(start));
  }

  private static void checkOne(String name, String value) {
    try {
      Base64.getDecoder().decode(value.strip());
    } catch (IllegalArgumentException malformed) {
      throw new RpcException(
          new RpcStatus(
              GrpcStatus.INTERNAL, "MALFORMED_METADATA", "metadata " + name + " is not in base64"));
    }
  }
}
