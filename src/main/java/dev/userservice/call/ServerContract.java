package dev.userservice.call;

import com.google.protobuf.ByteString;
import com.google.protobuf.DescriptorProtos.FileDescriptorProto;
import com.google.protobuf.Descriptors.DescriptorValidationException;
import com.google.protobuf.Descriptors.FileDescriptor;
import com.google.protobuf.InvalidProtocolBufferException;
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
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Set;

/**
 * Asks a server for its contract ({@code grpc.reflection.v1.ServerReflection}, else v1alpha, which
 * has the same messages). What it answers is not trusted: files are bounded in number, and checked.
 */
final class ServerContract {

  private static final int MAX_FILES = 1_000;
  private static final int MAX_SERVICES = 1_000;

  private final ClientCall<ServerReflectionRequest, ServerReflectionResponse> call;
  private final Promise<Contract> found = Promise.promise();
  private final List<String> services = new ArrayList<>();
  private final Map<String, FileDescriptorProto> files = new LinkedHashMap<>();
  private final Queue<ServerReflectionRequest> questions = new ArrayDeque<>();
  private final Set<String> asked = new HashSet<>();

  private ServerContract(ClientCall<ServerReflectionRequest, ServerReflectionResponse> call) {
    this.call = call;
  }

  /**
   * Asks for all services.
   *
   * @return the built-in contract if the server has no reflection. Fails with a {@link
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
        case FILE_DESCRIPTOR_RESPONSE -> {
          for (ByteString file : answer.getFileDescriptorResponse().getFileDescriptorProtoList()) {
            add(FileDescriptorProto.parseFrom(file));
          }
        }
        case ERROR_RESPONSE ->
            throw new UsageException(
                "the server does not describe its services: "
                    + answer.getErrorResponse().getErrorMessage());
        default -> throw new UsageException("the server's reflection answers without an answer");
      }
      next();
    } catch (InvalidProtocolBufferException malformed) {
      fail("a file is not a FileDescriptorProto");
    } catch (UsageException refused) {
      found.tryFail(refused);
    }
  }

  private void fail(String why) {
    found.tryFail(
        new UsageException("the server's description of its services is malformed: " + why));
  }

  private void addService(String name) {
    services.add(name);
    questions.add(ServerReflectionRequest.newBuilder().setFileContainingSymbol(name).build());
  }

  private void add(FileDescriptorProto file) {
    files.putIfAbsent(file.getName(), file);
    asked.add(file.getName());
    for (String imported : file.getDependencyList()) {
      if (asked.add(imported)) {
        questions.add(ServerReflectionRequest.newBuilder().setFileByFilename(imported).build());
      }
    }
  }

  /** Asks the next question; files that came with an earlier answer need none. */
  private void next() {
    ServerReflectionRequest question = questions.poll();
    while (question != null && files.containsKey(question.getFileByFilename())) {
      question = questions.poll();
    }
    if (files.size() > MAX_FILES) {
      fail("it has more than %,d files".formatted(MAX_FILES));
    } else if (question != null) {
      call.send(question);
    } else {
      build();
    }
  }

  private void build() {
    Map<String, FileDescriptor> built = new LinkedHashMap<>();
    try {
      for (String name : files.keySet()) {
        build(name, built, new HashSet<>());
      }
      found.tryComplete(new Contract(services, built.values()));
    } catch (DescriptorValidationException malformed) {
      fail(malformed.getMessage());
    } catch (UsageException refused) {
      found.tryFail(refused);
    }
  }

  private FileDescriptor build(
      String name, Map<String, FileDescriptor> built, Set<String> importing)
      throws DescriptorValidationException {
    if (built.containsKey(name)) {
      return built.get(name);
    }
    FileDescriptorProto file = files.get(name);
    if (file == null || !importing.add(name)) {
      throw new UsageException(
          "the server's description of its services is malformed: %s is %s"
              .formatted(name, file == null ? "absent" : "imported by what it imports"));
    }
    List<FileDescriptor> imports = new ArrayList<>();
    for (String imported : file.getDependencyList()) {
      imports.add(build(imported, built, importing));
    }
    FileDescriptor descriptor =
        FileDescriptor.buildFrom(file, imports.toArray(FileDescriptor[]::new));
    built.put(name, descriptor);
    return descriptor;
  }
}
