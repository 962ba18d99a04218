package dev.userservice.operations;

import io.vertx.core.Handler;
import io.vertx.core.streams.ReadStream;
import io.vertx.grpc.health.v1.HealthCheckResponse;
import java.util.function.Consumer;

/**
 * One who watches. It is told of changes only, and when it does not read, of the last one only:
 * what is past is of no use to it.
 */
final class HealthWatch implements ReadStream<HealthCheckResponse> {

  private final String name;
  private final Consumer<HealthWatch> leave;
  private Handler<HealthCheckResponse> handler;
  private HealthCheckResponse latest;
  private HealthCheckResponse told;
  private long demand = Long.MAX_VALUE;

  HealthWatch(String name, Consumer<HealthWatch> leave) {
    this.name = name;
    this.leave = leave;
  }

  String name() {
    return name;
  }

  void changed(HealthCheckResponse response) {
    latest = response;
    tell();
  }

  /** Nobody reads any more when the handler is taken away. */
  @Override
  public HealthWatch handler(Handler<HealthCheckResponse> handler) {
    this.handler = handler;
    if (handler == null) {
      leave.accept(this);
    } else {
      tell();
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
    tell();
    return this;
  }

  /** It has no end. */
  @Override
  public HealthWatch endHandler(Handler<Void> endHandler) {
    return this;
  }

  /** It does not fail. */
  @Override
  public HealthWatch exceptionHandler(Handler<Throwable> exceptionHandler) {
    return this;
  }

  private void tell() {
    if (handler != null && demand > 0 && !latest.equals(told)) {
      if (demand != Long.MAX_VALUE) {
        demand--;
      }
      told = latest;
      handler.handle(latest);
    }
  }
}
