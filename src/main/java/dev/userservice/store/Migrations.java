package dev.userservice.store;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * The scripts that bring a database to the schema of this code: {@code db/NAME/1.sql} and so on in
 * the jar, each run once, in order. The number of the last one that was run stands in the table
 * {@code schema_version}.
 */
final class Migrations {

  private final String database;
  private final List<String> scripts = new ArrayList<>();

  /**
   * @param database "sqlite" or "postgres"
   */
  Migrations(String database) {
    this.database = database;
    for (String script = script(1); script != null; script = script(scripts.size() + 1)) {
      scripts.add(script);
    }
  }

  /** The version of the schema that this code works with. */
  int version() {
    return scripts.size();
  }

  /**
   * The scripts that a database still needs, the first being number {@code version + 1}.
   *
   * @param where the database is, for an operator
   * @param version of the schema that is there; 0 for none
   * @throws StoreException UNUSABLE when it is newer than this code
   */
  List<String> after(Object where, int version) {
    if (version > version()) {
      throw new StoreException(
          StoreException.Reason.UNUSABLE,
          "%s is in schema version %d, this program knows %d%nStart the newer program that has made it, or restore the backup from before"
              .formatted(where, version, version()));
    }
    return scripts.subList(version, scripts.size());
  }

  private String script(int number) {
    try (InputStream script =
        Migrations.class.getResourceAsStream("/db/" + database + "/" + number + ".sql")) {
      return script == null ? null : new String(script.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
