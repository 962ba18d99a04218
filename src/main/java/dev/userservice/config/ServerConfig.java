package dev.userservice.config;

import io.vertx.core.json.JsonObject;

public record ServerConfig(
    String host,
    int port,
    boolean sampleUsers,
    StoreConfig store,
    Limits limits,
    int drainTimeoutMillis) {
  public static ServerConfig from(JsonObject json) {
    return new ServerConfig(
        json.getString("host", "127.0.0.1"),
        json.getInteger("port", 50051),
        json.getBoolean("sampleUsers", true),
        new StoreConfig("memory"),
        new Limits(
            json.getJsonObject("limits", new JsonObject()).getInteger("batchUsers", 10000),
            json.getJsonObject("limits", new JsonObject()).getInteger("chatQueue", 1024)),
        json.getInteger("drainTimeoutMillis", 5000));
  }
}
