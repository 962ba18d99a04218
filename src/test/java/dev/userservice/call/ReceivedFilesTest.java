package dev.userservice.call;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.ByteString;
import com.google.protobuf.DescriptorProtos.FileDescriptorProto;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class ReceivedFilesTest {

  private final ReceivedFiles files = new ReceivedFiles();

  @Test
  void link_importsInAnyOrder_linksThem() {
    add("a.proto", "b.proto", "c.proto");
    assertEquals(Set.of("b.proto", "c.proto"), files.missing());
    add("c.proto");
    add("b.proto", "c.proto");
    assertEquals(Set.of(), files.missing());
    assertEquals(2, files.link("a.proto").getDependencies().size());
  }

  @Test
  void link_importMissing_namesIt() {
    add("a.proto", "b.proto");
    assertEquals("\"b.proto\" is missing from the server's reflection", refusal("a.proto"));
  }

  @Test
  void link_cycle_namesTheFile() {
    add("a.proto", "b.proto");
    add("b.proto", "a.proto");
    assertEquals("\"a.proto\" imports itself", refusal("a.proto"));
  }

  @Test
  void link_chainTooLong_isRefused() {
    for (int i = 0; i <= ReceivedFiles.MAX_DEPTH; i++) {
      add(i + ".proto", (i + 1) + ".proto");
    }
    assertEquals("\"100.proto\" is deeper than 100 imports", refusal("0.proto"));
  }

  @Test
  void link_invalidFile_isRefusedInOnePrintableLine() {
    FileDescriptorProto.Builder file = FileDescriptorProto.newBuilder().setName("\u001b[2J");
    file.addMessageTypeBuilder().setName("A").addFieldBuilder().setName("f").setTypeName(".no.B");
    files.add(file.build().toByteString());
    String refusal = refusal("\u001b[2J");
    assertTrue(refusal.startsWith("\"\\u001b[2J\" is invalid: "), refusal);
  }

  @Test
  void add_bytesOfNoDescriptor_isRefused() {
    var refused =
        assertThrows(UsageException.class, () -> files.add(ByteString.copyFromUtf8("\u000f")));
    assertEquals("the server sent a descriptor that cannot be read", refused.getMessage());
  }

  @Test
  void add_moreFilesThanTheLimit_isRefused() {
    for (int i = 0; i < ReceivedFiles.MAX_FILES; i++) {
      add(i + ".proto");
    }
    assertThrows(UsageException.class, () -> add("more.proto"));
  }

  @Test
  void add_moreBytesThanTheLimit_isRefused() {
    ByteString half =
        FileDescriptorProto.newBuilder()
            .setName("x".repeat(ReceivedFiles.MAX_BYTES / 2))
            .build()
            .toByteString();
    files.add(half);
    assertThrows(UsageException.class, () -> files.add(half));
  }

  private void add(String name, String... imports) {
    files.add(
        FileDescriptorProto.newBuilder()
            .setName(name)
            .addAllDependency(List.of(imports))
            .build()
            .toByteString());
  }

  private String refusal(String name) {
    return assertThrows(UsageException.class, () -> files.link(name)).getMessage();
  }
}
