package dev.userservice.client;

import static org.assertj.core.api.Assertions.assertThat;

import dev.userservice.Waits;
import dev.userservice.config.Address;
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

class StatusLineTest {

  private final ByteArrayOutputStream shown = new ByteArrayOutputStream();

  private StatusLine line(boolean terminal) {
    return new StatusLine(new PrintStream(shown, true, StandardCharsets.UTF_8), terminal);
  }

  private String shown() {
    return shown.toString(StandardCharsets.UTF_8);
  }

  @Test
  void terminal_oneLineThatIsRedrawnAndCleared() {
    StatusLine line = line(true);
    line.plain("not on a terminal");
    line.redraw("x".repeat(200));
    line.redraw("sho\u001bt");
    line.end();
    line.redraw("late");
    line.end();

    assertThat(shown())
        .isEqualTo(
            "\r"
                + "x".repeat(76)
                + "...\r\rsho?t"
                + " ".repeat(74)
                + "\r\r"
                + " ".repeat(79)
                + "\r");
  }

  @Test
  void elsewhere_onlyPlainLines() {
    StatusLine line = line(false);
    line.redraw("only on a terminal");
    line.plain("plain");
    line.clear();
    line.end();

    assertThat(shown()).isEqualTo("plain" + System.lineSeparator());
  }

  @Test
  void search_forAServer_showsHowLong() throws Exception {
    int closed;
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getByName("127.0.0.1"))) {
      closed = socket.getLocalPort();
    }
    Vertx vertx = Vertx.vertx();
    try {
      ServerSearch search = new ServerSearch(vertx, 1_000);
      Future<Address> found =
          search.find(List.of(new Address("127.0.0.1", closed)), 60_000, line(true));
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
}
