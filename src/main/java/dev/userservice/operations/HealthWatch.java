package dev.userservice.operations;

import io.vertx.core.Handler;
import io.vertx.core.streams.ReadStream;
import io.vertx.grpc.health.v1.HealthCheckResponse;
import java.util.function.Consumer;

/**
 * One open Watch call. Delivers changes only, and to a caller that does not read, only the latest
 * state: earlier ones are outdated.
 */
final class HealthWatch implements ReadStream<HealthCheckResponse> {

  private final Consumer<HealthWatch> leave;
  private Handler<HealthCheckResponse> handler;
  private HealthCheckResponse latest;
  private HealthCheckResponse delivered;
  private long demand = Long.MAX_VALUE;

  /**
   * @param leave called when the call ends
   */
  HealthWatch(Consumer<HealthWatch> leave) {
    this.leave = leave;
  }

  void changed(HealthCheckResponse response) {
    latest = response;
    deliver();
  }

  /** Removing the handler ends the watch. */
  @Override
  public HealthWatch handler(Handler<HealthCheckResponse> handler) {
    this.handler = handler;
    if (handler == null) {
      leave.accept(this);
    } else {
      deliver();
    }
    return this;
  }

  @Override
  public HealthWatch pause() {
    demand = 0;
    return this;
  }

  @Override
  public HealthWatch resume() {
    return fetch(Long.MAX_VALUE);
  }

  @Override
  public HealthWatch fetch(long amount) {
    demand = demand + amount < 0 ? Long.MAX_VALUE : demand + amount;
    deliver();
    return this;
  }

  /** Never called: a watch has no end. */
  @Override
  public HealthWatch endHandler(Handler<Void> endHandler) {
    return this;
  }

  /** Never called: a watch does not fail. */
  @Override
  public HealthWatch exceptionHandler(Handler<Throwable> exceptionHandler) {
    return this;
  }

  private void deliver() {
    if (handler != null && demand > 0 && !latest.equals(delivered)) {
      if (demand != Long.MAX_VALUE) {
        demand--;
      }
      delivered = latest;
      handler.handle(latest);
    }
  }
}
