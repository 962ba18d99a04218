package dev.userservice.call;

import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.Descriptors.EnumDescriptor;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.Descriptors.FieldDescriptor.JavaType;
import com.google.protobuf.Descriptors.GenericDescriptor;
import com.google.protobuf.Descriptors.MethodDescriptor;
import com.google.protobuf.Descriptors.OneofDescriptor;
import com.google.protobuf.Descriptors.ServiceDescriptor;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Collectors;

/** Writes parts of a contract as a {@code .proto} file has them. */
final class ProtoSource {

  private ProtoSource() {}

  static String of(GenericDescriptor symbol) {
    if (symbol instanceof ServiceDescriptor service) {
      return service.getMethods().stream()
          .map(ProtoSource::method)
          .map(line -> "  " + line + "\n")
          .collect(Collectors.joining("", "service " + service.getFullName() + " {\n", "}"));
    }
    if (symbol instanceof MethodDescriptor method) {
      return method(method);
    }
    if (symbol instanceof EnumDescriptor type) {
      return type.getValues().stream()
          .map(value -> "  %s = %d;\n".formatted(value.getName(), value.getNumber()))
          .collect(Collectors.joining("", "enum " + type.getFullName() + " {\n", "}"));
    }
    return message((Descriptor) symbol);
  }

  private static String method(MethodDescriptor method) {
    return "rpc %s(%s%s) returns (%s%s);"
        .formatted(
            method.getName(),
            method.isClientStreaming() ? "stream " : "",
            method.getInputType().getFullName(),
            method.isServerStreaming() ? "stream " : "",
            method.getOutputType().getFullName());
  }

  private static String message(Descriptor message) {
    StringBuilder source = new StringBuilder("message " + message.getFullName() + " {\n");
    Set<OneofDescriptor> written = new HashSet<>();
    for (FieldDescriptor field : message.getFields()) {
      OneofDescriptor oneof = field.getRealContainingOneof();
      if (oneof == null) {
        source.append("  ").append(field(field)).append('\n');
      } else if (written.add(oneof)) {
        source.append("  oneof ").append(oneof.getName()).append(" {\n");
        oneof.getFields().forEach(one -> source.append("    ").append(field(one)).append('\n'));
        source.append("  }\n");
      }
    }
    return source.append('}').toString();
  }

  private static String field(FieldDescriptor field) {
    String label = "";
    if (field.isRepeated() && !field.isMapField()) {
      label = "repeated ";
    } else if (field.hasPresence()
        && field.getJavaType() != JavaType.MESSAGE
        && field.getRealContainingOneof() == null) {
      label = "optional ";
    }
    return "%s%s %s = %d;".formatted(label, type(field), field.getName(), field.getNumber());
  }

  private static String type(FieldDescriptor field) {
    if (field.isMapField()) {
      List<FieldDescriptor> entry = field.getMessageType().getFields();
      return "map<%s, %s>".formatted(type(entry.get(0)), type(entry.get(1)));
    }
    return switch (field.getJavaType()) {
      case MESSAGE -> field.getMessageType().getFullName();
      case ENUM -> field.getEnumType().getFullName();
      default -> field.getType().name().toLowerCase(Locale.ROOT);
    };
  }
}
