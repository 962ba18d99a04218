package dev.userservice.web;

import io.vertx.core.Handler;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.json.JsonObject;
import java.util.function.Function;

/** A response in JSON, which browsers do not keep. */
public final class JsonAnswer implements Handler<HttpServerRequest> {

  private final int status;
  private final Function<HttpServerRequest, Buffer> body;

  private JsonAnswer(int status, Function<HttpServerRequest, Buffer> body) {
    this.status = status;
    this.body = body;
  }

  /** The same bytes for each request. */
  public static JsonAnswer of(JsonObject json) {
    Buffer bytes = json.toBuffer();
    return new JsonAnswer(200, request -> bytes);
  }

  /** An object made for each request. */
  public static JsonAnswer of(Function<HttpServerRequest, JsonObject> json) {
    return new JsonAnswer(200, json.andThen(JsonObject::toBuffer));
  }

  /** The status 404, with a reason for people. */
  public static JsonAnswer notFound(String message) {
    Buffer bytes = new JsonObject().put("message", message).toBuffer();
    return new JsonAnswer(404, request -> bytes);
  }

  @Override
  public void handle(HttpServerRequest request) {
    request.response().setStatusCode(status);
    PageHeaders.put(request.response(), "application/json", "no-store");
    Body.send(request, body.apply(request));
  }
}
