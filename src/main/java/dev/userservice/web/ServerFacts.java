package dev.userservice.web;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.time.Instant;
import java.util.List;

/**
 * The state of a server, for its page.
 *
 * @param instance the address that answers
 * @param store the kind of store
 * @param members the servers that belong together; empty for a single one
 * @param health the serving status of the server
 * @param openCalls the calls in progress
 * @param auth true where callers need a token
 * @param socket true where calls over WebSocket are offered
 */
public record ServerFacts(
    String instance,
    String version,
    String store,
    List<String> members,
    String health,
    Instant started,
    int openCalls,
    boolean auth,
    boolean socket) {

  /** All facts. */
  public JsonObject toJson() {
    JsonObject json =
        new JsonObject().put("instance", instance).put("version", version).put("store", store);
    if (!members.isEmpty()) {
      json.put("members", new JsonArray(members));
    }
    return json.put("started", started.toString())
        .put("open_calls", openCalls)
        .mergeIn(toPublicJson());
  }

  /** The facts for unknown callers: what the page needs before a call, and what health says. */
  public JsonObject toPublicJson() {
    return new JsonObject().put("health", health).put("auth", auth).put("socket", socket);
  }
}
