package dev.userservice.call;

import com.google.protobuf.ByteString;
import com.google.protobuf.DescriptorProtos.FileDescriptorProto;
import com.google.protobuf.Descriptors.DescriptorValidationException;
import com.google.protobuf.Descriptors.FileDescriptor;
import com.google.protobuf.InvalidProtocolBufferException;
import dev.userservice.console.Printable;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/**
 * The {@code .proto} files that a server's reflection sent, in any order. The server is not
 * trusted: count, bytes and depth of imports are bounded, and messages are safe to print.
 */
final class ReceivedFiles {

  static final int MAX_FILES = 1_000;
  static final int MAX_BYTES = 16 << 20;

  /** The max length of a chain of imports; linking recurses once for each. */
  static final int MAX_DEPTH = 100;

  private final Map<String, FileDescriptorProto> files = new HashMap<>();
  private final Map<String, FileDescriptor> linked = new HashMap<>();
  private long bytes;

  /**
   * Adds a file; a file of a known name is ignored.
   *
   * @throws UsageException when it cannot be read, or a limit is exceeded
   */
  void add(ByteString file) {
    bytes += file.size();
    if (bytes > MAX_BYTES) {
      throw new UsageException(
          "the server's descriptors exceed " + MAX_BYTES + " bytes; describe fewer services");
    }
    try {
      FileDescriptorProto read = FileDescriptorProto.parseFrom(file);
      files.putIfAbsent(read.getName(), read);
    } catch (InvalidProtocolBufferException wrong) {
      throw new UsageException("the server sent a descriptor that cannot be read");
    }
    if (files.size() > MAX_FILES) {
      throw new UsageException("the server's descriptors exceed " + MAX_FILES + " files");
    }
  }

  /** Returns the imports still to request, sorted. */
  Set<String> missing() {
    Set<String> missing = new TreeSet<>();
    files.values().forEach(file -> missing.addAll(file.getDependencyList()));
    missing.removeAll(files.keySet());
    return missing;
  }

  /** Returns all files, each with its imports; fails like {@link #link}. */
  List<FileDescriptor> linkAll() {
    return files.keySet().stream().sorted().map(this::link).toList();
  }

  /**
   * Returns a file with its imports.
   *
   * @throws UsageException when it, or an import, is missing, invalid or imports itself
   */
  FileDescriptor link(String name) {
    return link(name, new HashSet<>());
  }

  private FileDescriptor link(String name, Set<String> importing) {
    FileDescriptor known = linked.get(name);
    if (known != null) {
      return known;
    }
    FileDescriptorProto file = files.get(name);
    if (file == null) {
      throw wrong(name, "is missing from the server's reflection");
    }
    if (!importing.add(name)) {
      throw wrong(name, "imports itself");
    }
    if (importing.size() > MAX_DEPTH) {
      throw wrong(name, "is deeper than " + MAX_DEPTH + " imports");
    }
    FileDescriptor[] imports =
        file.getDependencyList().stream()
            .map(dependency -> link(dependency, importing))
            .toArray(FileDescriptor[]::new);
    importing.remove(name);
    FileDescriptor result = build(file, imports);
    linked.put(name, result);
    return result;
  }

  private static FileDescriptor build(FileDescriptorProto file, FileDescriptor[] imports) {
    try {
      return FileDescriptor.buildFrom(file, imports);
    } catch (DescriptorValidationException | RuntimeException invalid) {
      // Some invalid descriptors fail in protobuf-java with other exceptions than its own.
      throw wrong(file.getName(), "is invalid: " + invalid.getMessage());
    }
  }

  private static UsageException wrong(String name, String what) {
    return new UsageException(Printable.line("\"" + name + "\" " + what));
  }
}
