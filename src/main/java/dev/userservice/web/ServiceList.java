package dev.userservice.web;

import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.Descriptors.EnumDescriptor;
import com.google.protobuf.Descriptors.EnumValueDescriptor;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.Descriptors.FieldDescriptor.JavaType;
import com.google.protobuf.Descriptors.MethodDescriptor;
import com.google.protobuf.Descriptors.OneofDescriptor;
import com.google.protobuf.Descriptors.ServiceDescriptor;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.ArrayDeque;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Queue;
import java.util.Set;
import java.util.function.Function;
import java.util.function.ToIntFunction;
import java.util.stream.Collector;

/** The description of services in JSON, with all messages and enums that their methods reach. */
public final class ServiceList {

  private final Comments comments;
  private final ToIntFunction<MethodDescriptor> maxBytes;
  private final JsonObject messages = new JsonObject();
  private final JsonObject enums = new JsonObject();

  /** The types that have been met, and those of them that are not yet described. */
  private final Set<String> known = new LinkedHashSet<>();

  private final Queue<Descriptor> open = new ArrayDeque<>();

  private ServiceList(Comments comments, ToIntFunction<MethodDescriptor> maxBytes) {
    this.comments = comments;
    this.maxBytes = maxBytes;
  }

  /**
   * Describes services, in their order.
   *
   * @param maxBytes the max size of a request message of a method
   */
  public static JsonObject of(
      List<ServiceDescriptor> services,
      Comments comments,
      ToIntFunction<MethodDescriptor> maxBytes) {
    return new ServiceList(comments, maxBytes).describe(services);
  }

  private JsonObject describe(List<ServiceDescriptor> services) {
    JsonArray described = array(services, this::service);
    while (!open.isEmpty()) {
      Descriptor message = open.remove();
      messages.put(message.getFullName(), message(message));
    }
    return new JsonObject()
        .put("services", described)
        .put("messages", messages)
        .put("enums", enums);
  }

  private JsonObject service(ServiceDescriptor service) {
    return new JsonObject()
        .put("name", service.getFullName())
        .put("comment", comments.of(service.getFullName()))
        .put("methods", array(service.getMethods(), this::method));
  }

  private JsonObject method(MethodDescriptor method) {
    return new JsonObject()
        .put("name", method.getName())
        .put("path", "/" + method.getService().getFullName() + "/" + method.getName())
        .put("kind", kind(method))
        .put("comment", comments.of(method.getFullName()))
        .put("input", reach(method.getInputType()))
        .put("output", reach(method.getOutputType()))
        .put("max_message_bytes", maxBytes.applyAsInt(method));
  }

  private static String kind(MethodDescriptor method) {
    if (method.isClientStreaming()) {
      return method.isServerStreaming() ? "bidirectional" : "client_stream";
    }
    return method.isServerStreaming() ? "server_stream" : "unary";
  }

  private JsonObject message(Descriptor message) {
    return new JsonObject()
        .put("comment", comments.of(message.getFullName()))
        .put("fields", array(message.getFields(), this::field));
  }

  private JsonObject field(FieldDescriptor field) {
    JsonObject json = new JsonObject().put("name", field.getName());
    if (field.isMapField()) {
      List<FieldDescriptor> entry = field.getMessageType().getFields();
      type(json, entry.get(1)).put("map", true).put("key", type(entry.get(0)));
    } else {
      type(json, field);
      modifiers(json, field);
    }
    return json.put("comment", comments.of(field.getFullName()));
  }

  private static void modifiers(JsonObject json, FieldDescriptor field) {
    // Not that of "optional", for which the compiler makes up a oneof.
    OneofDescriptor oneof = field.getRealContainingOneof();
    if (field.isRepeated()) {
      json.put("repeated", true);
    } else if (oneof != null) {
      json.put("oneof", oneof.getName());
    } else if (field.hasPresence() && field.getJavaType() != JavaType.MESSAGE) {
      json.put("optional", true);
    }
  }

  private JsonObject type(JsonObject json, FieldDescriptor field) {
    return switch (field.getJavaType()) {
      case MESSAGE -> json.put("type", "message").put("type_name", reach(field.getMessageType()));
      case ENUM -> json.put("type", "enum").put("type_name", reach(field.getEnumType()));
      default -> json.put("type", type(field));
    };
  }

  /** The name of a scalar type in a {@code .proto}. */
  private static String type(FieldDescriptor field) {
    return field.getType().name().toLowerCase(Locale.ROOT);
  }

  private String reach(Descriptor message) {
    if (known.add(message.getFullName())) {
      open.add(message);
    }
    return message.getFullName();
  }

  private String reach(EnumDescriptor type) {
    String name = type.getFullName();
    if (known.add(name)) {
      enums.put(
          name,
          new JsonObject()
              .put("comment", comments.of(name))
              .put("values", array(type.getValues(), this::value)));
    }
    return name;
  }

  private JsonObject value(EnumValueDescriptor value) {
    return new JsonObject()
        .put("name", value.getName())
        .put("number", value.getNumber())
        .put("comment", comments.of(value.getType().getFullName() + "." + value.getName()));
  }

  private static <T> JsonArray array(Collection<T> all, Function<T, JsonObject> json) {
    return all.stream()
        .map(json)
        .collect(Collector.of(JsonArray::new, JsonArray::add, JsonArray::addAll));
  }
}
