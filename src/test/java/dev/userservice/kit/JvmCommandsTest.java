package dev.userservice.kit;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.StandardProtocolFamily;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

@Tag("slow")
class JvmCommandsTest {

  @RegisterExtension private final JavaProcesses programs = new JavaProcesses();
  @TempDir private Path folder;

  @Test
  void socketOfADeadJvm_isReplaced_andThatOfALivingOneStays() throws Exception {
    JavaProcess program = programs.start(folder, Map.of(), List.of(), "--conf", "{\"port\":0}");
    program.port();
    long pid = program.process().pid();
    try (ServerSocketChannel dead = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
      dead.bind(JvmCommands.socket(pid));
    }

    assertThat(new JvmCommands(pid).run("VM.version")).contains("JDK");
    assertThat(new JvmCommands(pid).run("VM.version")).contains("JDK");
  }
}
