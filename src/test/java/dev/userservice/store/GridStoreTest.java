package dev.userservice.store;

import dev.userservice.ClusterNode;
import org.junit.jupiter.api.BeforeAll;

/** A grid of one server. */
class GridStoreTest extends GridContract {

  @BeforeAll
  static void alone() throws Exception {
    join(ClusterNode.grid(1));
  }
}
