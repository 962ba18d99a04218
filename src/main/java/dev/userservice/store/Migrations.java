package dev.userservice.store;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * The scripts that bring a database to the schema of this code: {@code db/NAME/1.sql} and so on in
 * the jar, each run once, in order. The table {@code schema_version} has the number of the last one
 * that was run.
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
   * Returns the scripts that a database still needs, starting with number {@code version + 1}.
   *
   * @param where the name of the database, for operators
   * @param version the version of its schema; 0 for none
   * @throws StoreException UNUSABLE when that is newer than this code
   */
  List<String> after(Object where, int version) {
    if (version > version()) {
      throw new StoreException(
          StoreException.Reason.UNUSABLE,
          "%s is in schema version %d, but this program knows %d%nStart the newer program that wrote it, or restore an older backup"
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
