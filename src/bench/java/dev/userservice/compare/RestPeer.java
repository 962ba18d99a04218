package dev.userservice.compare;

import dev.userservice.proto.CreateUserRequest;
import dev.userservice.proto.UserResponse;
import io.vertx.core.Handler;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import io.vertx.ext.web.handler.BodyHandler;

/** The unary RPCs and the list as REST with JSON, on vertx-web, over HTTP/2 too. */
final class RestPeer {

  private final PeerUsers users = new PeerUsers();

  private RestPeer() {}

  public static void main(String[] args) throws Exception {
    PeerOptions.read(args, 0).serve(new RestPeer()::router);
  }

  private Handler<HttpServerRequest> router(Vertx vertx) {
    Router router = Router.router(vertx);
    router.get("/users/:id").handler(this::get);
    router.get("/users").handler(this::list);
    router.post("/users").handler(BodyHandler.create(false)).handler(this::create);
    return router;
  }

  private void get(RoutingContext call) {
    UserResponse user = users.get(Integer.parseInt(call.pathParam("id")));
    if (user == null) {
      call.fail(404);
    } else {
      call.json(json(user));
    }
  }

  private void list(RoutingContext call) {
    int limit = Integer.parseInt(call.request().getParam("limit"));
    JsonArray list = new JsonArray();
    users.after(0).stream().limit(limit).forEach(user -> list.add(json(user)));
    call.json(list);
  }

  private void create(RoutingContext call) {
    JsonObject body = call.body().asJsonObject();
    CreateUserRequest request =
        CreateUserRequest.newBuilder()
            .setName(body.getString("name"))
            .setEmail(body.getString("email"))
            .setAge(body.getInteger("age"))
            .build();
    call.response().setStatusCode(201);
    call.json(json(users.create(request)));
  }

  private static JsonObject json(UserResponse user) {
    return new JsonObject()
        .put("user_id", user.getUserId())
        .put("name", user.getName())
        .put("email", user.getEmail())
        .put("age", user.getAge())
        .put("created_at", user.getCreatedAt());
  }
}
