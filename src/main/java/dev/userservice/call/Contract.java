package dev.userservice.call;

import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.Descriptors.FileDescriptor;
import com.google.protobuf.Descriptors.GenericDescriptor;
import com.google.protobuf.Descriptors.MethodDescriptor;
import com.google.protobuf.Descriptors.ServiceDescriptor;
import com.google.protobuf.util.JsonFormat.TypeRegistry;
import dev.userservice.config.Suggestion;
import dev.userservice.proto.UserServiceGrpcService;
import io.vertx.grpc.health.v1.HealthProto;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** The services of a server, and the types of their messages. */
final class Contract {

  private final List<ServiceDescriptor> services = new ArrayList<>();
  private final Map<String, GenericDescriptor> types = new LinkedHashMap<>();
  private final TypeRegistry.Builder registry = TypeRegistry.newBuilder();

  /**
   * @param names the services to offer, in this order
   * @param files have them, and what they import
   */
  Contract(Collection<String> names, Collection<FileDescriptor> files) {
    for (FileDescriptor file : files) {
      file.getMessageTypes().forEach(this::add);
      file.getEnumTypes().forEach(type -> types.put(type.getFullName(), type));
      registry.add(file.getMessageTypes());
    }
    for (String name : names) {
      files.stream()
          .flatMap(file -> file.getServices().stream())
          .filter(service -> service.getFullName().equals(name))
          .findFirst()
          .ifPresent(services::add);
    }
  }

  private void add(Descriptor message) {
    types.put(message.getFullName(), message);
    message.getNestedTypes().forEach(this::add);
    message.getEnumTypes().forEach(type -> types.put(type.getFullName(), type));
  }

  /** The contract of this program, for servers without reflection. */
  static Contract builtIn() {
    List<FileDescriptor> files =
        List.of(UserServiceGrpcService.SERVICE_DESCRIPTOR.getFile(), HealthProto.getDescriptor());
    List<String> names =
        files.stream()
            .flatMap(file -> file.getServices().stream())
            .map(ServiceDescriptor::getFullName)
            .toList();
    return new Contract(names, files);
  }

  List<ServiceDescriptor> services() {
    return services;
  }

  /** The types of messages inside a {@code google.protobuf.Any}. */
  TypeRegistry registry() {
    return registry.build();
  }

  /**
   * Finds a service by its name.
   *
   * @throws UsageException when it is unknown
   */
  ServiceDescriptor service(String name) {
    return services.stream()
        .filter(service -> service.getFullName().equals(name) || service.getName().equals(name))
        .findFirst()
        .orElseThrow(() -> unknown("service", name, names(services)));
  }

  /**
   * Finds a method by its name alone, or behind that of its service, with a slash or a dot.
   *
   * @throws UsageException when it is unknown, or when several have this name
   */
  MethodDescriptor method(String name) {
    String dotted = name.replace('/', '.');
    List<MethodDescriptor> all =
        services.stream().flatMap(service -> service.getMethods().stream()).toList();
    List<MethodDescriptor> found =
        all.stream()
            .filter(method -> method.getFullName().equals(dotted) || method.getName().equals(name))
            .toList();
    if (found.isEmpty()) {
      throw unknown("method", name, names(all));
    }
    if (found.size() > 1) {
      throw new UsageException(
          "several services have a method " + name + ": " + String.join(", ", names(found)));
    }
    return found.get(0);
  }

  /**
   * Finds a service, a method, a message or an enum.
   *
   * @throws UsageException when it is unknown
   */
  GenericDescriptor symbol(String name) {
    String dotted = name.replace('/', '.');
    List<GenericDescriptor> all = new ArrayList<>(types.values());
    services.forEach(
        service -> {
          all.add(service);
          all.addAll(service.getMethods());
        });
    return all.stream()
        .filter(symbol -> symbol.getFullName().equals(dotted))
        .findFirst()
        .or(() -> all.stream().filter(symbol -> symbol.getName().equals(name)).findFirst())
        .orElseThrow(() -> unknown("name", name, names(all)));
  }

  private static List<String> names(List<? extends GenericDescriptor> symbols) {
    return symbols.stream()
        .flatMap(
            symbol ->
                symbol instanceof MethodDescriptor
                    ? Stream.of(symbol.getName(), symbol.getFullName())
                    : Stream.of(symbol.getFullName()))
        .distinct()
        .toList();
  }

  private static UsageException unknown(String kind, String name, List<String> known) {
    return new UsageException(
        "unknown %s %s%s"
            .formatted(kind, name, Suggestion.of(name, known, "%s", "; \"call list\" lists them")));
  }
}
