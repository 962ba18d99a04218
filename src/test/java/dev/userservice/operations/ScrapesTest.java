package dev.userservice.operations;

import static org.assertj.core.api.Assertions.assertThat;

import dev.userservice.kit.Waits;
import io.micrometer.core.instrument.Tags;
import io.vertx.core.Vertx;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** Many scrapes at the same time, and a probe. */
class ScrapesTest {

  private static final int SCRAPERS = 20;

  private final HttpClient http =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
  private final AtomicInteger atATime = new AtomicInteger();
  private final AtomicInteger mostAtATime = new AtomicInteger();
  private final CountDownLatch begun = new CountDownLatch(1);
  private final CountDownLatch answered = new CountDownLatch(1);

  @Test
  void scrapes_runOneAtATime_andProbesMeanwhile() throws Exception {
    Vertx vertx = Vertx.vertx();
    Metrics metrics = new Metrics("1");
    metrics.gauge("waits", "Until the probe is answered", Tags.empty(), this::await);
    try {
      int port =
          new Management(vertx, metrics, new Probes(), host -> true).listen("127.0.0.1", 0).await();
      List<CompletableFuture<HttpResponse<String>>> scrapes = new ArrayList<>();
      scrapes.add(ask(port, "/metrics"));
      assertThat(begun.await(Waits.SECONDS, TimeUnit.SECONDS)).isTrue();
      for (int i = 1; i < SCRAPERS; i++) {
        scrapes.add(ask(port, "/metrics"));
      }

      assertThat(ask(port, "/health/live").get(Waits.SECONDS, TimeUnit.SECONDS).statusCode())
          .isEqualTo(200);
      answered.countDown();

      for (CompletableFuture<HttpResponse<String>> scrape : scrapes) {
        HttpResponse<String> all = scrape.get(Waits.SECONDS, TimeUnit.SECONDS);
        assertThat(all.statusCode()).isEqualTo(200);
        assertThat(all.body()).contains("\nwaits 1.0\n");
      }
      assertThat(mostAtATime).hasValue(1);
    } finally {
      vertx.close().await();
      metrics.close();
    }
  }

  private long await() {
    mostAtATime.accumulateAndGet(atATime.incrementAndGet(), Math::max);
    begun.countDown();
    try {
      answered.await();
      return 1;
    } catch (InterruptedException e) {
      return 0;
    } finally {
      atATime.decrementAndGet();
    }
  }

  private CompletableFuture<HttpResponse<String>> ask(int port, String path) {
    URI uri = URI.create("http://127.0.0.1:%d%s".formatted(port, path));
    return http.sendAsync(HttpRequest.newBuilder(uri).build(), BodyHandlers.ofString());
  }
}
