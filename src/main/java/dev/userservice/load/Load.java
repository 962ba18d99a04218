package dev.userservice.load;

import dev.userservice.config.LoadName;
import dev.userservice.proto.UserServiceGrpcClient;
import io.vertx.grpc.common.ServiceMethod;
import java.util.function.IntFunction;

/**
 * One kind of call, repeated for as long as the load lasts.
 *
 * @param path of its method
 * @param exchange makes the messages of the n-th concurrent call
 */
record Load(LoadName name, String path, IntFunction<Exchange> exchange) {

  /** The number of users that "get" asks for in turn. */
  static final int GET_USERS = 1_000;

  /**
   * @param messages of one call
   */
  static Load of(LoadName name, int messages, KnownUsers known, NewUsers fresh) {
    return switch (name) {
      case GET -> new Load(name, path(UserServiceGrpcClient.GetUser), n -> new GetExchange(known));
      case CREATE ->
          new Load(name, path(UserServiceGrpcClient.CreateUser), n -> new CreateExchange(fresh));
      case LIST ->
          new Load(name, path(UserServiceGrpcClient.ListUsers), n -> new ListExchange(messages));
      case BATCH ->
          new Load(
              name,
              path(UserServiceGrpcClient.BatchCreateUsers),
              n -> new BatchExchange(fresh, messages));
      case CHAT ->
          new Load(
              name,
              path(UserServiceGrpcClient.StreamUsers),
              n -> new ChatExchange(n + 1, messages, fresh.run() + " " + n + " "));
    };
  }

  static String path(ServiceMethod<?, ?> method) {
    return method.serviceName().pathOf(method.methodName());
  }
}
