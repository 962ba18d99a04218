package dev.userservice.web;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.userservice.kit.Waits;
import io.vertx.core.Vertx;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpClient.Version;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(Waits.TEST_SECONDS)
class PageFileTest {

  /** Some pieces, and a part of one. */
  private static final byte[] BYTES = new byte[100_000];

  static {
    new Random(1).nextBytes(BYTES);
  }

  private final Vertx vertx = Vertx.vertx();

  @AfterEach
  void stop() {
    vertx.close().timeout(Waits.SECONDS, TimeUnit.SECONDS).await();
  }

  @Test
  void file_ofManyPieces_arrivesWhole() throws Exception {
    URI uri = serve(new PageFile("page.js", BYTES));
    for (Version version : Version.values()) {
      HttpClient client = HttpClient.newBuilder().version(version).build();
      // On a busy machine the JDK's client loses its place in a large answer to its upgrade to
      // HTTP/2, whose frames are whole on the wire; so the upgrade has a small one.
      ask(client, "HEAD", uri);
      // The second request has the connection of the first.
      for (int i = 0; i < 2; i++) {
        HttpResponse<byte[]> answer = ask(client, "GET", uri);

        assertThat(answer.version()).isEqualTo(version);
        assertThat(answer.body()).isEqualTo(BYTES);
        assertThat(answer.headers().firstValue("content-length")).hasValue("100000");
      }
    }
  }

  @Test
  void head_hasTheLengthAlone() throws Exception {
    URI uri = serve(new PageFile("page.js", BYTES));
    for (Version version : Version.values()) {
      HttpClient client = HttpClient.newBuilder().version(version).build();
      HttpResponse<byte[]> answer = ask(client, "HEAD", uri);

      assertThat(answer.statusCode()).isEqualTo(200);
      assertThat(answer.body()).isEmpty();
      assertThat(answer.headers().firstValue("content-length")).hasValue("100000");
      assertThat(ask(client, "GET", uri).body()).as("the next response").isEqualTo(BYTES);
    }
  }

  @Test
  void emptyFile_isAnswered() throws Exception {
    HttpResponse<byte[]> answer =
        ask(HttpClient.newHttpClient(), "GET", serve(new PageFile("page.css", new byte[0])));

    assertThat(answer.statusCode()).isEqualTo(200);
    assertThat(answer.body()).isEmpty();
  }

  @Test
  void contentType_isThatOfTheExtension() throws Exception {
    assertThat(type("index.html")).isEqualTo("text/html; charset=utf-8");
    assertThat(type("page.css")).isEqualTo("text/css; charset=utf-8");
    assertThat(type("page.js")).isEqualTo("text/javascript; charset=utf-8");
    assertThat(type("icon.svg")).isEqualTo("image/svg+xml");
    assertThatThrownBy(() -> new PageFile("page.exe", BYTES))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("page.exe");
  }

  @Test
  void files_thatAreAbsentOrTooLarge_areNamed() {
    assertThatThrownBy(() -> PageFiles.read("web", List.of("index.html", "other.js")))
        .isInstanceOf(UncheckedIOException.class)
        .hasMessageContaining("web/other.js is missing");
    assertThatThrownBy(() -> Resource.read("web/index.html", 10))
        .isInstanceOf(IOException.class)
        .hasMessage("web/index.html has more than 10 bytes");
  }

  private String type(String name) throws Exception {
    return ask(HttpClient.newHttpClient(), "HEAD", serve(new PageFile(name, BYTES)))
        .headers()
        .firstValue("content-type")
        .orElseThrow();
  }

  private URI serve(PageFile file) {
    int port =
        vertx
            .createHttpServer()
            .requestHandler(file)
            .listen(0, "127.0.0.1")
            .timeout(Waits.SECONDS, TimeUnit.SECONDS)
            .await()
            .actualPort();
    return URI.create("http://127.0.0.1:" + port + "/");
  }

  private static HttpResponse<byte[]> ask(HttpClient client, String method, URI uri)
      throws Exception {
    HttpRequest request =
        HttpRequest.newBuilder(uri).method(method, BodyPublishers.noBody()).build();
    return client
        .sendAsync(request, BodyHandlers.ofByteArray())
        .get(Waits.SECONDS, TimeUnit.SECONDS);
  }
}
