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
   * @throws RpcException with the status {@code violation} when a value is not base64
   */
  static void check(MultiMap headers, GrpcStatus violation) {
    for (Map.Entry<String, String> header : headers) {
      String name = header.getKey();
      if (name.endsWith("-bin") && !isBase64(header.getValue())) {
        throw new RpcException(
            new RpcStatus(
                violation, "MALFORMED_METADATA", "metadata " + name + " is not in base64"));
      }
    }
  }

  private static boolean isBase64(String values) {
    try {
      int start = 0;
      for (int end; (end = values.indexOf(SEPARATOR, start)) >= 0; start = end + 1) {
        Base64.getDecoder().decode(values.substring(start, end).strip());
      }
      Base64.getDecoder().decode(values.substring(start).strip());
      return true;
    } catch (IllegalArgumentException malformed) {
      return false;
    }
  }
}
