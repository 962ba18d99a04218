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

  /** Sets whether calls are answered, and notifies all watches. */
  public void serving(boolean serving) {
    this.serving = serving;
    List.copyOf(watches).forEach(watch -> watch.changed(response(true)));
  }

  /** The state of a service; empty when the service is unknown. */
  public Optional<HealthCheckResponse> check(HealthCheckRequest request) {
    return names.contains(request.getService()) ? Optional.of(response(true)) : Optional.empty();
  }

  /** The states of all services. */
  public HealthListResponse list() {
    HealthListResponse.Builder list = HealthListResponse.newBuilder();
    names.forEach(name -> list.putStatuses(name, response(true)));
    return list.build();
  }

  /**
   * The state of a service now and after each change; the stream does not end.
   *
   * <p>Keeps nothing of the request: a watch may stay open for ever, and the name may be as large
   * as a message. The services are fixed, so the state of an unknown one never changes.
   */
  public ReadStream<HealthCheckResponse> watch(HealthCheckRequest request) {
    boolean known = names.contains(request.getService());
    HealthWatch watch = new HealthWatch(watches::remove);
    if (known) {
      watches.add(watch);
    }
    watch.changed(response(known));
    return watch;
  }

  private HealthCheckResponse response(boolean known) {
    ServingStatus status =
        !known
            ? ServingStatus.SERVICE_UNKNOWN
            : serving ? ServingStatus.SERVING : ServingStatus.NOT_SERVING;
    return HealthCheckResponse.newBuilder().setStatus(status).build();
  }
}
