package dev.userservice.store;

import dev.userservice.kit.RaftConfigs;
import dev.userservice.kit.Waits;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonArray;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;

/** The contract kit over a log of three servers, two of them in their own JVMs. */
@Tag("slow")
class RaftOfThreeTest extends UserStoreContract {

  @TempDir private static Path folder;

  private static final List<Process> others = new ArrayList<>();
  private static int stores;

  @BeforeAll
  static void startOthers() throws IOException {
    for (int i = 0; i < 2; i++) {
      others.add(
          new ProcessBuilder(
                  ProcessHandle.current().info().command().orElseThrow(),
                  "-Xmx256m",
                  "-cp",
                  System.getProperty("java.class.path"),
                  Other.class.getName())
              .redirectError(folder.resolve("stderr." + i).toFile())
              .start());
    }
  }

  @AfterAll
  static void stopOthers() throws InterruptedException {
    for (Process other : others) {
      other.destroyForcibly();
      other.waitFor(Waits.SECONDS, TimeUnit.SECONDS);
    }
  }

  /** A million users take three JVMs on two cores a minute. */
  @Override
  protected int manyUsers() {
    return 100_000;
  }

  /** Each test has its own servers; the two other JVMs close those of the test before. */
  @Override
  protected UserStore newStore(Vertx vertx) {
    JsonArray servers = RaftConfigs.servers(3);
    Path own = folder.resolve("" + ++stores);
    for (Process other : others) {
      PrintWriter out = new PrintWriter(other.getOutputStream(), true, StandardCharsets.UTF_8);
      out.println(own + " " + servers.encode());
    }
    return new RaftStore(RaftConfigs.parsed(servers, own), vertx, Optional.empty());
  }

  /** Opens a store for each line of its input, and closes it at the next. */
  static final class Other {

    private Other() {}

    public static void main(String[] none) throws IOException {
      Vertx vertx = Vertx.vertx();
      RaftStore store = null;
      try (BufferedReader lines =
          new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8))) {
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
          if (store != null) {
            Drafts.await(store.close());
          }
          String[] words = line.split(" ", 2);
          store =
              new RaftStore(
                  RaftConfigs.parsed(new JsonArray(words[1]), Path.of(words[0])),
                  vertx,
                  Optional.empty());
          keepOpening(store);
        }
      } finally {
        vertx.close();
      }
    }

    /** Never waits: the test may end before this server has joined. */
    private static void keepOpening(RaftStore store) {
      store
          .open()
          .onFailure(
              failure -> {
                if (((StoreException) failure).reason() == StoreException.Reason.UNAVAILABLE) {
                  keepOpening(store);
                }
              });
    }
  }
}
