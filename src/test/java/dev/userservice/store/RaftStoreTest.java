package dev.userservice.store;

import dev.userservice.kit.RaftConfigs;
import io.vertx.core.Vertx;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;

/** The contract kit over a log of one server. */
@Tag("slow")
class RaftStoreTest extends UserStoreContract {

  @TempDir private Path folder;

  @Override
  protected UserStore newStore(Vertx vertx) {
    return new RaftStore(
        RaftConfigs.parsed(RaftConfigs.servers(1), folder), vertx, Optional.empty());
  }
}
