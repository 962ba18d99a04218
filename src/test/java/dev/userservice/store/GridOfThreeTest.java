package dev.userservice.store;

import dev.userservice.ClusterNode;
import io.vertx.core.json.JsonObject;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;

/** A grid of three servers, two of them in JVMs of their own. */
class GridOfThreeTest extends GridContract {

  @TempDir private static Path folder;

  private static List<ClusterNode> others;

  @BeforeAll
  static void withTwoOthers() throws Exception {
    JsonObject server = ClusterNode.grid(3);
    others = ClusterNode.start(folder, server, 2);
    join(server);
  }

  @AfterAll
  static void stopOthers() throws Exception {
    for (ClusterNode other : others) {
      other.close();
    }
  }

  /** A million takes three JVMs on two cores a minute. */
  @Override
  protected int manyUsers() {
    return 100_000;
  }
}
