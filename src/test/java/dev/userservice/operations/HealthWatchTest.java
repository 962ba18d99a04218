package dev.userservice.operations;

import static io.vertx.grpc.health.v1.HealthCheckResponse.ServingStatus.NOT_SERVING;
import static io.vertx.grpc.health.v1.HealthCheckResponse.ServingStatus.SERVICE_UNKNOWN;
import static io.vertx.grpc.health.v1.HealthCheckResponse.ServingStatus.SERVING;
import static org.assertj.core.api.Assertions.assertThat;

import dev.userservice.kit.Waits;
import io.vertx.core.streams.ReadStream;
import io.vertx.grpc.health.v1.HealthCheckRequest;
import io.vertx.grpc.health.v1.HealthCheckResponse;
import io.vertx.grpc.health.v1.HealthCheckResponse.ServingStatus;
import java.lang.ref.WeakReference;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class HealthWatchTest {

  private static final String KNOWN = "users.v1.UserService";

  private final Health health = new Health(Set.of(KNOWN));

  @Test
  void watch_knownService_getsChanges() {
    List<ServingStatus> seen = seen(health.watch(request(KNOWN)));
    List<ServingStatus> whole = seen(health.watch(request("")));
    health.serving(true);
    health.serving(true);
    health.serving(false);

    assertThat(seen).containsExactly(NOT_SERVING, SERVING, NOT_SERVING);
    assertThat(whole).isEqualTo(seen);
  }

  @Test
  void watch_unknownService_staysUnknown() {
    List<ServingStatus> seen = seen(health.watch(request("none")));
    health.serving(true);

    assertThat(seen).containsExactly(SERVICE_UNKNOWN);
  }

  @Test
  void watch_callerThatDoesNotRead_getsTheLatestStateOnly() {
    List<ServingStatus> seen = new ArrayList<>();
    ReadStream<HealthCheckResponse> watch = health.watch(request(KNOWN)).pause();
    watch.handler(response -> seen.add(response.getStatus()));
    health.serving(true);
    health.serving(false);
    health.serving(true);
    assertThat(seen).isEmpty();

    watch.fetch(1);

    assertThat(seen).containsExactly(SERVING);
  }

  @Test
  void watch_withoutAHandler_getsNothingMore() {
    List<ServingStatus> seen = new ArrayList<>();
    ReadStream<HealthCheckResponse> watch = health.watch(request(KNOWN));
    watch.handler(response -> seen.add(response.getStatus()));
    watch.handler(null);
    health.serving(true);

    assertThat(seen).containsExactly(NOT_SERVING);
  }

  @Test
  void watch_keepsNothingOfTheRequest() throws InterruptedException {
    for (String service : List.of(KNOWN, "x".repeat(4 << 20))) {
      HealthCheckRequest request = request(new StringBuilder(service).toString());
      WeakReference<String> name = new WeakReference<>(request.getService());
      ReadStream<HealthCheckResponse> watch = health.watch(request);
      request = null;

      awaitCollected(name);
      assertThat(seen(watch)).as("of a watch that is still open").hasSize(1);
    }
  }

  private static void awaitCollected(WeakReference<?> reference) throws InterruptedException {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(Waits.SECONDS);
    while (reference.get() != null) {
      assertThat(System.nanoTime()).as("collected in time").isLessThan(end);
      System.gc();
      TimeUnit.MILLISECONDS.sleep(10);
    }
  }

  private static HealthCheckRequest request(String service) {
    return HealthCheckRequest.newBuilder().setService(service).build();
  }

  private static List<ServingStatus> seen(ReadStream<HealthCheckResponse> watch) {
    List<ServingStatus> seen = new ArrayList<>();
    watch.handler(response -> seen.add(response.getStatus()));
    return seen;
  }
}
