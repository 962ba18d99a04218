package dev.userservice.operations;

import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.Descriptors.EnumDescriptor;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.Descriptors.FileDescriptor;
import com.google.protobuf.Descriptors.ServiceDescriptor;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.streams.ReadStream;
import io.vertx.core.streams.WriteStream;
import io.vertx.grpc.common.GrpcStatus;
import io.vertx.grpc.reflection.v1.ErrorResponse;
import io.vertx.grpc.reflection.v1.ExtensionNumberResponse;
import io.vertx.grpc.reflection.v1.ExtensionRequest;
import io.vertx.grpc.reflection.v1.FileDescriptorResponse;
import io.vertx.grpc.reflection.v1.ListServiceResponse;
import io.vertx.grpc.reflection.v1.ServerReflectionRequest;
import io.vertx.grpc.reflection.v1.ServerReflectionResponse;
import io.vertx.grpc.reflection.v1.ServiceResponse;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * The answers of {@code grpc.reflection.v1.ServerReflection}, which tells tools such as grpcurl the
 * services of this server. The messages of v1alpha are the same on the wire.
 */
public final class Reflection {

  private final List<String> services;
  private final Map<String, FileDescriptor> files = new LinkedHashMap<>();
  private final Map<String, FileDescriptor> symbols = new HashMap<>();
  private final Map<String, Map<Integer, FileDescriptor>> extensions = new HashMap<>();

  /**
   * @param services all services of the server
   * @param more files that no service imports, such as those of error details
   */
  public Reflection(List<ServiceDescriptor> services, List<FileDescriptor> more) {
    this.services = services.stream().map(ServiceDescriptor::getFullName).sorted().toList();
    services.forEach(service -> add(service.getFile()));
    more.forEach(this::add);
  }

  /** Answers requests in order, at the pace of the reader. */
  public Future<Void> answer(
      ReadStream<ServerReflectionRequest> in, WriteStream<ServerReflectionResponse> out) {
    Promise<Void> end = Promise.promise();
    out.drainHandler(drained -> in.resume());
    in.exceptionHandler(end::tryFail)
        .endHandler(end::tryComplete)
        .handler(
            request -> {
              out.write(answer(request));
              if (out.writeQueueFull()) {
                in.pause();
              }
            });
    return end.future();
  }

  private ServerReflectionResponse answer(ServerReflectionRequest request) {
    ServerReflectionResponse.Builder response =
        ServerReflectionResponse.newBuilder()
            .setValidHost(request.getHost())
            .setOriginalRequest(request);
    switch (request.getMessageRequestCase()) {
      case LIST_SERVICES -> response.setListServicesResponse(list());
      case FILE_BY_FILENAME ->
          file(response, files.get(request.getFileByFilename()), request.getFileByFilename());
      case FILE_CONTAINING_SYMBOL ->
          file(
              response,
              symbols.get(request.getFileContainingSymbol()),
              request.getFileContainingSymbol());
      case FILE_CONTAINING_EXTENSION -> {
        ExtensionRequest extension = request.getFileContainingExtension();
        file(
            response,
            extensionsOf(extension.getContainingType()).get(extension.getExtensionNumber()),
            extension.getContainingType() + " " + extension.getExtensionNumber());
      }
      case ALL_EXTENSION_NUMBERS_OF_TYPE ->
          extensionNumbers(response, request.getAllExtensionNumbersOfType());
      default -> error(response, GrpcStatus.INVALID_ARGUMENT, "the request has no question");
    }
    return response.build();
  }

  private ListServiceResponse list() {
    ListServiceResponse.Builder list = ListServiceResponse.newBuilder();
    services.forEach(name -> list.addService(ServiceResponse.newBuilder().setName(name)));
    return list.build();
  }

  private void extensionNumbers(ServerReflectionResponse.Builder response, String type) {
    if (symbols.containsKey(type)) {
      response.setAllExtensionNumbersResponse(
          ExtensionNumberResponse.newBuilder()
              .setBaseTypeName(type)
              .addAllExtensionNumber(extensionsOf(type).keySet()));
    } else {
      error(response, GrpcStatus.NOT_FOUND, type + " is unknown");
    }
  }

  private Map<Integer, FileDescriptor> extensionsOf(String type) {
    return extensions.getOrDefault(type, Map.of());
  }

  /** Sets a file as the answer, behind all files that it imports, as most clients expect. */
  private void file(ServerReflectionResponse.Builder response, FileDescriptor file, String name) {
    if (file == null) {
      error(response, GrpcStatus.NOT_FOUND, name + " is unknown");
      return;
    }
    Map<String, FileDescriptor> closure = new LinkedHashMap<>();
    collect(file, closure);
    FileDescriptorResponse.Builder descriptors = FileDescriptorResponse.newBuilder();
    closure.values().forEach(f -> descriptors.addFileDescriptorProto(f.toProto().toByteString()));
    response.setFileDescriptorResponse(descriptors);
  }

  private static void collect(FileDescriptor file, Map<String, FileDescriptor> closure) {
    if (!closure.containsKey(file.getName())) {
      closure.put(file.getName(), file);
      file.getDependencies().forEach(imported -> collect(imported, closure));
    }
  }

  private static void error(
      ServerReflectionResponse.Builder response, GrpcStatus status, String message) {
    response.setErrorResponse(
        ErrorResponse.newBuilder().setErrorCode(status.code).setErrorMessage(message));
  }

  private void add(FileDescriptor file) {
    if (files.putIfAbsent(file.getName(), file) != null) {
      return;
    }
    file.getServices()
        .forEach(
            service -> {
              symbols.put(service.getFullName(), file);
              service.getMethods().forEach(method -> symbols.put(method.getFullName(), file));
            });
    file.getMessageTypes().forEach(this::add);
    file.getEnumTypes().forEach(this::add);
    file.getExtensions().forEach(this::add);
    file.getDependencies().forEach(this::add);
  }

  private void add(Descriptor message) {
    symbols.put(message.getFullName(), message.getFile());
    message.getFields().forEach(field -> symbols.put(field.getFullName(), message.getFile()));
    message.getOneofs().forEach(oneof -> symbols.put(oneof.getFullName(), message.getFile()));
    message.getNestedTypes().forEach(this::add);
    message.getEnumTypes().forEach(this::add);
    message.getExtensions().forEach(this::add);
  }

  /** Adds values in the scope of their type, as in C++; protobuf-java names them differently. */
  private void add(EnumDescriptor type) {
    String name = type.getFullName();
    symbols.put(name, type.getFile());
    String scope = name.substring(0, name.length() - type.getName().length());
    type.getValues().forEach(value -> symbols.put(scope + value.getName(), type.getFile()));
  }

  private void add(FieldDescriptor extension) {
    symbols.put(extension.getFullName(), extension.getFile());
    extensions
        .computeIfAbsent(extension.getContainingType().getFullName(), type -> new TreeMap<>())
        .put(extension.getNumber(), extension.getFile());
  }
}
