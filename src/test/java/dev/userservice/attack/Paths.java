package dev.userservice.attack;

/** The paths of the methods that attackers call. */
final class Paths {

  static final String GET = "/users.v1.UserService/GetUser";
  static final String CREATE = "/users.v1.UserService/CreateUser";
  static final String LIST = "/users.v1.UserService/ListUsers";
  static final String BATCH = "/users.v1.UserService/BatchCreateUsers";
  static final String CHAT = "/users.v1.UserService/StreamUsers";
  static final String WATCH = "/grpc.health.v1.Health/Watch";
  static final String REFLECTION = "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo";

  private Paths() {}
}
