package dev.userservice.client;

import static org.assertj.core.api.Assertions.assertThat;

import dev.userservice.config.Address;
import dev.userservice.console.StatusLine;
import dev.userservice.kit.FreePorts;
import dev.userservice.kit.Waits;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class ServerSearchTest {

  private final ByteArrayOutputStream shown = new ByteArrayOutputStream();

  @Test
  void find_onATerminal_showsTheWait() throws Exception {
    int closed = FreePorts.one();
    StatusLine line = new StatusLine(new PrintStream(shown, true, StandardCharsets.UTF_8), true);
    Vertx vertx = Vertx.vertx();
    try {
      ServerSearch search = new ServerSearch(vertx, 1_000);
      Future<Address> found = search.find(List.of(new Address("127.0.0.1", closed)), 60_000, line);
      Waits.until(
          "more than a second is shown",
          () -> shown().contains(" of 60 s, for") && !shown().matches("(\\rWaiting, 0 [^\\r]*)*"));
      try (ServerSocket server = new ServerSocket(closed, 1, InetAddress.getByName("127.0.0.1"))) {
        found.timeout(Waits.SECONDS, TimeUnit.SECONDS).await();
      }
      search.close().await();

      assertThat(shown())
          .startsWith("\rWaiting, ")
          .contains(" of 60 s, for a server at 127.0.0.1:" + closed)
          .endsWith("\r" + " ".repeat(79) + "\r");
    } finally {
      vertx.close().await();
    }
  }

  private String shown() {
    return shown.toString(StandardCharsets.UTF_8);
  }
}
