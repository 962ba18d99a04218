package dev.userservice.web;

import com.google.protobuf.DescriptorProtos.DescriptorProto;
import com.google.protobuf.DescriptorProtos.EnumDescriptorProto;
import com.google.protobuf.DescriptorProtos.FileDescriptorProto;
import com.google.protobuf.DescriptorProtos.FileDescriptorSet;
import com.google.protobuf.DescriptorProtos.ServiceDescriptorProto;
import com.google.protobuf.DescriptorProtos.SourceCodeInfo.Location;
import io.vertx.core.internal.logging.Logger;
import io.vertx.core.internal.logging.LoggerFactory;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * The comments of {@code .proto} files, by the full name of what they describe. Generated classes
 * lack them, so a build writes them apart, as a {@link FileDescriptorSet}.
 */
public final class Comments {

  private static final Logger LOG = LoggerFactory.getLogger(Comments.class);

  private static final int MAX_BYTES = 4 << 20;

  private final Map<String, String> byName = new HashMap<>();

  private Comments(FileDescriptorSet files) {
    files.getFileList().forEach(file -> new OfFile(file).addAll());
  }

  /** No comments. */
  public static Comments none() {
    return new Comments(FileDescriptorSet.getDefaultInstance());
  }

  /** The comments of files with their source info. */
  public static Comments of(FileDescriptorSet files) {
    return new Comments(files);
  }

  /**
   * Reads a resource; blocks. Comments help people only, so that a server starts without them.
   *
   * @param path of a {@link FileDescriptorSet}
   */
  public static Comments read(String path) {
    try {
      return of(FileDescriptorSet.parseFrom(Resource.read(path, MAX_BYTES)));
    } catch (IOException e) {
      LOG.warn("the page lacks the comments of the contract: " + e.getMessage());
      return none();
    }
  }

  /**
   * Returns a comment without its markers; empty for none.
   *
   * @param name a full name; that of an enum value is below its enum
   */
  String of(String name) {
    return byName.getOrDefault(name, "");
  }

  /** The comments of one file. Its locations are paths of field numbers and indexes. */
  private final class OfFile {

    private final FileDescriptorProto file;
    private final Map<List<Integer>, String> byPath;

    OfFile(FileDescriptorProto file) {
      this.file = file;
      byPath =
          file.getSourceCodeInfo().getLocationList().stream()
              .collect(
                  Collectors.toMap(Location::getPathList, Comments::text, (one, other) -> one));
    }

    void addAll() {
      String scope = file.getPackage().isEmpty() ? "" : file.getPackage() + ".";
      for (int i = 0; i < file.getMessageTypeCount(); i++) {
        List<Integer> path = List.of(FileDescriptorProto.MESSAGE_TYPE_FIELD_NUMBER, i);
        add(scope, file.getMessageType(i), path);
      }
      for (int i = 0; i < file.getEnumTypeCount(); i++) {
        add(scope, file.getEnumType(i), List.of(FileDescriptorProto.ENUM_TYPE_FIELD_NUMBER, i));
      }
      for (int i = 0; i < file.getServiceCount(); i++) {
        add(scope, file.getService(i), List.of(FileDescriptorProto.SERVICE_FIELD_NUMBER, i));
      }
    }

    private void add(String scope, DescriptorProto message, List<Integer> path) {
      String name = put(scope, message.getName(), path);
      for (int i = 0; i < message.getFieldCount(); i++) {
        put(
            name,
            message.getField(i).getName(),
            below(path, DescriptorProto.FIELD_FIELD_NUMBER, i));
      }
      for (int i = 0; i < message.getNestedTypeCount(); i++) {
        add(
            name,
            message.getNestedType(i),
            below(path, DescriptorProto.NESTED_TYPE_FIELD_NUMBER, i));
      }
      for (int i = 0; i < message.getEnumTypeCount(); i++) {
        add(name, message.getEnumType(i), below(path, DescriptorProto.ENUM_TYPE_FIELD_NUMBER, i));
      }
    }

    private void add(String scope, EnumDescriptorProto type, List<Integer> path) {
      String name = put(scope, type.getName(), path);
      for (int i = 0; i < type.getValueCount(); i++) {
        put(
            name,
            type.getValue(i).getName(),
            below(path, EnumDescriptorProto.VALUE_FIELD_NUMBER, i));
      }
    }

    private void add(String scope, ServiceDescriptorProto service, List<Integer> path) {
      String name = put(scope, service.getName(), path);
      for (int i = 0; i < service.getMethodCount(); i++) {
        put(
            name,
            service.getMethod(i).getName(),
            below(path, ServiceDescriptorProto.METHOD_FIELD_NUMBER, i));
      }
    }

    /** Returns the scope of what is inside. */
    private String put(String scope, String name, List<Integer> path) {
      String text = byPath.getOrDefault(path, "");
      if (!text.isEmpty()) {
        byName.put(scope + name, text);
      }
      return scope + name + ".";
    }
  }

  private static List<Integer> below(List<Integer> path, int field, int index) {
    List<Integer> below = new ArrayList<>(path);
    below.add(field);
    below.add(index);
    return below;
  }

  /**
   * The comment in front of a declaration, or else behind it. Comments that an empty line separates
   * from it are about something else, such as the licence.
   */
  private static String text(Location location) {
    String comment =
        location.hasLeadingComments()
            ? location.getLeadingComments()
            : location.getTrailingComments();
    return comment
        .lines()
        .map(line -> line.startsWith(" ") ? line.substring(1) : line)
        .map(String::stripTrailing)
        .collect(Collectors.joining("\n"))
        .strip();
  }
}
