package dev.userservice.store;

import dev.userservice.config.SqliteConfig;
import io.vertx.core.Vertx;
import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;

class SqliteStoreTest extends UserStoreContract {

  @TempDir private Path folder;

  @Override
  protected UserStore newStore(Vertx vertx) {
    return new SqliteStore(
        new SqliteConfig(folder.resolve("users.db").toString(), 2, 20_000, 30_000), vertx);
  }

  /** A million users take half a minute, of all tests the longest on one thread. */
  @Override
  protected int manyUsers() {
    return 200_000;
  }
}
