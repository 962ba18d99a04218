package dev.userservice.operations;

import io.vertx.core.streams.ReadStream;
import io.vertx.grpc.health.v1.HealthCheckRequest;
import io.vertx.grpc.health.v1.HealthCheckResponse;
import io.vertx.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.vertx.grpc.health.v1.HealthListResponse;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * The answers of {@code grpc.health.v1.Health}: for the services by name, and for the server as a
 * whole under the empty name. Belongs to one event loop.
 */
public final class Health {

  private static final String SERVER = "";

  private final Set<String> names;
  private final Set<HealthWatch> watches = new HashSet<>();
  private boolean serving;

  /**
   * @param services the full names of the services; nothing is served yet
   */
  public Health(Set<String> services) {
    names = new HashSet<>(services);
    names.add(SERVER);
  }

  /** Says from now on that calls are answered, or that they are not, and tells whoever watches. */
  public void serving(boolean serving) {
    this.serving = serving;
    List.copyOf(watches).forEach(watch -> watch.changed(response(watch.name())));
  }

  /** The state of a service; empty when there is no such service. */
  public Optional<HealthCheckResponse> check(HealthCheckRequest request) {
    return names.contains(request.getService())
        ? Optional.of(response(request.getService()))
        : Optional.empty();
  }

  /** The states of all services. */
  public HealthListResponse list() {
    HealthListResponse.Builder list = HealthListResponse.newBuilder();
    names.forEach(name -> list.putStatuses(name, response(name)));
    return list.build();
  }

  /** The state of a service now and after each change, without end; a service may be unknown. */
  public ReadStream<HealthCheckResponse> watch(HealthCheckRequest request) {
    HealthWatch watch = new HealthWatch(request.getService(), watches::remove);
    watches.add(watch);
    watch.changed(response(request.getService()));
    return watch;
  }

  private HealthCheckResponse response(String name) {
    ServingStatus status =
        !names.contains(name)
            ? ServingStatus.SERVICE_UNKNOWN
            : serving ? ServingStatus.SERVING : ServingStatus.NOT_SERVING;
    return HealthCheckResponse.newBuilder().setStatus(status).build();
  }
}
