package dev.userservice.bench;

import dev.userservice.proto.UserServiceGrpcClient;
import io.vertx.grpc.common.ServiceMethod;
import java.util.function.IntFunction;

/**
 * One kind of call, to be made over and over.
 *
 * @param path of its method
 * @param exchange makes what the n-th of the calls at a time says
 */
record Load(String name, String path, IntFunction<Exchange> exchange) {

  /** How many users "get" asks for in turn. */
  static final int GET_USERS = 1_000;

  /**
   * @param messages of one call
   */
  static Load of(String name, int messages, KnownUsers known, NewUsers fresh) {
    return switch (name) {
      case "get" ->
          new Load(name, path(UserServiceGrpcClient.GetUser), n -> new GetExchange(known));
      case "create" ->
          new Load(name, path(UserServiceGrpcClient.CreateUser), n -> new CreateExchange(fresh));
      case "list" ->
          new Load(name, path(UserServiceGrpcClient.ListUsers), n -> new ListExchange(messages));
      case "batch" ->
          new Load(
              name,
              path(UserServiceGrpcClient.BatchCreateUsers),
              n -> new BatchExchange(fresh, messages));
      case "chat" ->
          new Load(
              name,
              path(UserServiceGrpcClient.StreamUsers),
              n -> new ChatExchange(n + 1, messages, fresh.run() + " " + n + " "));
      default -> throw new IllegalArgumentException("there is no load " + name);
    };
  }

  static String path(ServiceMethod<?, ?> method) {
    return method.serviceName().pathOf(method.methodName());
  }
}
