package dev.userservice.call;

import dev.userservice.client.CallException;
import dev.userservice.client.Channel;
import dev.userservice.client.ClientCall;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.grpc.common.GrpcMessageDecoder;
import io.vertx.grpc.common.GrpcMessageEncoder;
import io.vertx.grpc.common.GrpcStatus;
import io.vertx.grpc.common.ServiceMethod;
import io.vertx.grpc.common.ServiceName;
import io.vertx.grpc.reflection.v1.ServerReflectionRequest;
import io.vertx.grpc.reflection.v1.ServerReflectionResponse;
import io.vertx.grpc.reflection.v1.ServiceResponse;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Queue;
import java.util.Set;

/**
 * Asks a server for its contract ({@code grpc.reflection.v1.ServerReflection}, else v1alpha, which
 * has the same messages). What it answers is not trusted: see {@link ReceivedFiles}.
 */
final class ServerContract {

  private static final int MAX_SERVICES = 1_000;

  private final ClientCall<ServerReflectionRequest, ServerReflectionResponse> call;
  private final Promise<Contract> found = Promise.promise();
  private final List<String> services = new ArrayList<>();
  private final ReceivedFiles files = new ReceivedFiles();
  private final Queue<ServerReflectionRequest> questions = new ArrayDeque<>();
  private final Set<String> asked = new HashSet<>();

  private ServerContract(ClientCall<ServerReflectionRequest, ServerReflectionResponse> call) {
    this.call = call;
  }

  /**
   * Asks for all services.
   *
   * @return the built-in contract for a server without reflection. Fails with a {@link
   *     CallException}, or with a {@link UsageException} for a contract that cannot be used
   */
  static Future<Contract> of(Channel channel) {
    return ask(channel, "v1")
        .recover(
            failure -> isAbsent(failure) ? ask(channel, "v1alpha") : Future.failedFuture(failure))
        .recover(
            failure ->
                isAbsent(failure)
                    ? Future.succeededFuture(Contract.builtIn())
                    : Future.failedFuture(failure));
  }

  private static boolean isAbsent(Throwable failure) {
    return failure instanceof CallException call && call.status() == GrpcStatus.UNIMPLEMENTED;
  }

  private static Future<Contract> ask(Channel channel, String version) {
    ServiceMethod<ServerReflectionResponse, ServerReflectionRequest> method =
        ServiceMethod.client(
            ServiceName.create("grpc.reflection." + version + ".ServerReflection"),
            "ServerReflectionInfo",
            GrpcMessageEncoder.encoder(),
            GrpcMessageDecoder.decoder(ServerReflectionResponse.getDefaultInstance()));
    return channel.open(method, 0).compose(call -> new ServerContract(call).ask());
  }

  private Future<Contract> ask() {
    call.handler(this::received);
    call.ended()
        .onComplete(
            end ->
                found.tryFail(
                    end.failed()
                        ? end.cause()
                        : new UsageException("the server ended its reflection without an answer")));
    call.send(ServerReflectionRequest.newBuilder().setListServices("*").build());
    return found.future().onComplete(known -> call.cancel());
  }

  private void received(ServerReflectionResponse answer) {
    try {
      switch (answer.getMessageResponseCase()) {
        case LIST_SERVICES_RESPONSE ->
            answer.getListServicesResponse().getServiceList().stream()
                .map(ServiceResponse::getName)
                .limit(MAX_SERVICES)
                .forEach(this::addService);
        case FILE_DESCRIPTOR_RESPONSE ->
            answer.getFileDescriptorResponse().getFileDescriptorProtoList().forEach(files::add);
        case ERROR_RESPONSE ->
            throw new UsageException(
                "the server does not describe its services: "
                    + answer.getErrorResponse().getErrorMessage());
        default -> throw new UsageException("the server's reflection answers without an answer");
      }
      next();
    } catch (UsageException refused) {
      found.tryFail(refused);
    }
  }

  private void addService(String name) {
    services.add(name);
    questions.add(ServerReflectionRequest.newBuilder().setFileContainingSymbol(name).build());
  }

  /** Asks the next question: for the file of each service, then for imports that are absent. */
  private void next() {
    if (questions.isEmpty()) {
      files.missing().stream()
          .filter(asked::add)
          .forEach(
              name ->
                  questions.add(
                      ServerReflectionRequest.newBuilder().setFileByFilename(name).build()));
    }
    ServerReflectionRequest question = questions.poll();
    if (question != null) {
      call.send(question);
    } else {
      found.tryComplete(new Contract(services, files.linkAll()));
    }
  }
}
