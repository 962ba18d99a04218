package dev.userservice.compare;

import dev.userservice.proto.ListUsersRequest;
import io.vertx.core.buffer.Buffer;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * One request, as h2load repeats it.
 *
 * @param body the body of a POST; null for a GET
 */
record Request(String path, Map<String, String> headers, Buffer body) {

  private static final String SERVICE = "/users.v1.UserService/";

  static Request rpc(String name, Buffer body) {
    Map<String, String> headers = new LinkedHashMap<>();
    headers.put("content-type", "application/grpc");
    headers.put("te", "trailers");
    return new Request(SERVICE + name, headers, body);
  }

  /** Of Connect, with a message in JSON. */
  static Request json(String name, String message) {
    return new Request(
        SERVICE + name, Map.of("content-type", "application/json"), Buffer.buffer(message));
  }

  /** The same with more headers. */
  Request with(Map<String, String> more) {
    Map<String, String> all = new LinkedHashMap<>(headers);
    all.putAll(more);
    return new Request(path, all, body);
  }

  static Request getUser() {
    return rpc("GetUser", Frames.get(0));
  }

  static Request listUsers(int limit) {
    return rpc("ListUsers", Frames.of(ListUsersRequest.newBuilder().setLimit(limit).build()));
  }

  static Request rest(String path) {
    return new Request(path, Map.of(), null);
  }

  static Request restUser(int number) {
    Buffer body =
        Buffer.buffer(
            "{\"name\":\"User %d\",\"email\":\"user%09d@example.com\",\"age\":%d}"
                .formatted(number, number, number % 100));
    return new Request("/users", Map.of("content-type", "application/json"), body);
  }
}
