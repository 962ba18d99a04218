package dev.userservice.store;

import io.vertx.core.json.JsonObject;
import java.util.UUID;

/**
 * What a server remembers of itself beside its log.
 *
 * @param id by which the others know it: its address and a random part, so that a server whose
 *     folder was lost is another one, and never votes as if it remembered
 * @param address of the configuration
 * @param group the servers that it belongs to
 * @param stage how far it has come
 */
record RaftMark(String id, String address, UUID group, Stage stage) {

  enum Stage {
    /** It has begun the log, alone, and waits for the others to come in. */
    BEGINS,
    /** It has asked to be taken in, and may have been. */
    JOINS,
    /** The log has once had the servers that it was planned for. */
    COMPLETE
  }

  /** A server reads no format that is newer than its own. */
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
   * @throws RuntimeException when no version of this program up to this one has written it
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
