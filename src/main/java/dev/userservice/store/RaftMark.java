package dev.userservice.store;

import io.vertx.core.json.JsonObject;
import java.util.UUID;

/**
 * The identity of a server, kept beside its log.
 *
 * @param id its name for the others: its address and a random part. A server whose folder was lost
 *     gets another id, so it never votes as if it remembered earlier votes
 * @param address its address in the configuration
 * @param group the id of its log
 * @param stage the progress of its start
 */
record RaftMark(String id, String address, UUID group, Stage stage) {

  enum Stage {
    /** The server has begun the log, alone, and waits for the others to join. */
    BEGINS,
    /** The server has asked to join, and may have been accepted. */
    JOINS,
    /** The log has once had all of its planned servers. */
    COMPLETE
  }

  /** The format; a newer one is refused. */
  private static final int FORMAT = 1;

  RaftMark completed() {
    return new RaftMark(id, address, group, Stage.COMPLETE);
  }

  String encode() {
    return new JsonObject()
        .put("format", FORMAT)
        .put("id", id)
        .put("address", address)
        .put("group", group.toString())
        .put("stage", stage.name())
        .encodePrettily();
  }

  /**
   * @throws RuntimeException when it is damaged, or written by a newer version of this program
   */
  static RaftMark decode(String text) {
    JsonObject json = new JsonObject(text);
    if (json.getInteger("format") != FORMAT) {
      throw new IllegalArgumentException("format " + json.getInteger("format"));
    }
    return new RaftMark(
        json.getString("id"),
        json.getString("address"),
        UUID.fromString(json.getString("group")),
        Stage.valueOf(json.getString("stage")));
  }
}
