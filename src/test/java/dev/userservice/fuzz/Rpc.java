package dev.userservice.fuzz;

import java.util.List;

/** The methods that are bound, each with messages whose status is known. */
enum Rpc {
  GET_USER("users.v1.UserService/GetUser"),
  CREATE_USER("users.v1.UserService/CreateUser"),
  LIST_USERS("users.v1.UserService/ListUsers"),
  BATCH_CREATE_USERS("users.v1.UserService/BatchCreateUsers"),
  STREAM_USERS("users.v1.UserService/StreamUsers"),
  HEALTH_CHECK("grpc.health.v1.Health/Check"),
  HEALTH_LIST("grpc.health.v1.Health/List"),
  HEALTH_WATCH("grpc.health.v1.Health/Watch"),
  REFLECTION("grpc.reflection.v1.ServerReflection/ServerReflectionInfo"),
  REFLECTION_ALPHA("grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo");

  /**
   * A request that is right.
   *
   * @param fields of its message
   * @param status the code of its answer
   */
  record Sample(Rpc rpc, List<byte[]> fields, int status) {

    byte[] message() {
      return Bytes.join(fields);
    }
  }

  private static final int OK = 0;
  private static final int INVALID_ARGUMENT = 3;
  private static final int NOT_FOUND = 5;
  private static final int ALREADY_EXISTS = 6;

  /** The path of the method, without its first slash. */
  final String fullName;

  Rpc(String fullName) {
    this.fullName = fullName;
  }

  String path() {
    return "/" + fullName;
  }

  /** Returns true if a call stays open after the half-close of its caller. */
  boolean isEndless() {
    return this == HEALTH_WATCH;
  }

  Sample sample(Dice dice) {
    return switch (this) {
      case GET_USER ->
          dice.pick(
              sample(OK, Fields.number(1, dice.between(1, 5))),
              sample(NOT_FOUND, Fields.number(1, 2_000_000_000)),
              sample(INVALID_ARGUMENT, Fields.number(1, -dice.below(3))));
      case CREATE_USER ->
          dice.pick(
              sample(ALREADY_EXISTS, user("A", "alice@example.com", 28)),
              sample(INVALID_ARGUMENT, user("", "not-an-address", -1)));
      case LIST_USERS ->
          dice.pick(
              sample(OK, Fields.number(1, dice.between(1, 5))),
              sample(OK, Fields.number(1, 3), Fields.number(2, 2)),
              sample(INVALID_ARGUMENT, Fields.number(1, -1)));
      case BATCH_CREATE_USERS -> sample(INVALID_ARGUMENT, user("A", "a@example.com", 151));
      case STREAM_USERS ->
          dice.pick(
              sample(OK, Fields.number(1, 1), Fields.text(2, "hello")),
              sample(INVALID_ARGUMENT, Fields.number(1, 1)));
      case HEALTH_CHECK ->
          dice.pick(sample(OK), sample(NOT_FOUND, Fields.text(1, "no.such.Service")));
      case HEALTH_LIST -> sample(OK);
      case HEALTH_WATCH -> sample(OK, Fields.text(1, "users.v1.UserService"));
      case REFLECTION, REFLECTION_ALPHA ->
          dice.pick(
              sample(OK, Fields.text(7, "")),
              sample(OK, Fields.text(4, "users.v1.UserService")),
              sample(OK, Fields.text(3, "no.such.file")));
    };
  }

  private Sample sample(int status, byte[]... fields) {
    return new Sample(this, List.of(fields), status);
  }

  private static byte[] user(String name, String email, int age) {
    return Bytes.join(Fields.text(1, name), Fields.text(2, email), Fields.number(3, age));
  }
}
