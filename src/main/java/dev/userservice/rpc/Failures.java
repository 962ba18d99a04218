package dev.userservice.rpc;

import io.vertx.core.internal.logging.Logger;
import io.vertx.core.internal.logging.LoggerFactory;
import io.vertx.grpc.common.GrpcStatus;
import java.util.HexFormat;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Function;

/** Turns failures into the status of a call. */
final class Failures {

  private static final Logger LOG = LoggerFactory.getLogger(Failures.class);

  private final String domain;
  private final Function<Throwable, RpcStatus> table;

  /**
   * @param domain the {@code google.rpc.ErrorInfo} domain of every error
   * @param table maps the service's own failures; returns null for an unknown one
   */
  Failures(String domain, Function<Throwable, RpcStatus> table) {
    this.domain = domain;
    this.table = table;
  }

  String domain() {
    return domain;
  }

  RpcStatus status(Throwable failure, String method) {
    if (failure instanceof RpcException known) {
      return known.status();
    }
    RpcStatus status = table.apply(failure);
    return status != null ? status : unexpected(failure, method);
  }

  /** Returns a status with an id only; logs the failure with the same id. */
  private static RpcStatus unexpected(Throwable failure, String method) {
    String id = HexFormat.of().toHexDigits(ThreadLocalRandom.current().nextInt());
    LOG.error("Call of " + method + " failed, error id " + id, failure);
    return new RpcStatus(GrpcStatus.INTERNAL, "INTERNAL", "internal error, id " + id);
  }
}
