package dev.userservice.rpc;

import io.vertx.core.internal.logging.Logger;
import io.vertx.core.internal.logging.LoggerFactory;
import io.vertx.grpc.common.GrpcStatus;
import java.util.HexFormat;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Function;

/** Turns whatever failed into the status of the call. */
final class Failures {

  private static final Logger LOG = LoggerFactory.getLogger(Failures.class);

  private final String domain;
  private final Function<Throwable, RpcStatus> table;

  /**
   * @param domain the {@code google.rpc.ErrorInfo} domain of every error
   * @param table the service's own failures; null for one that it does not know
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

  /** The caller gets an id and nothing else; the log has the same id and everything. */
  private static RpcStatus unexpected(Throwable failure, String method) {
    String id = HexFormat.of().toHexDigits(ThreadLocalRandom.current().nextInt());
    LOG.error("Call of " + method + " failed, error id " + id, failure);
    return new RpcStatus(GrpcStatus.INTERNAL, "INTERNAL", "internal error, id " + id);
  }
}
