package dev.userservice.kit;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.sun.tools.attach.AttachNotSupportedException;
import com.sun.tools.attach.VirtualMachine;
import java.io.IOException;
import java.net.ConnectException;
import java.net.SocketException;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * The diagnostic commands of another JVM of this user, as jcmd sends them: a line each to a socket,
 * which that JVM opens when a tool attaches. A jcmd for each would be a JVM for each.
 */
public final class JvmCommands {

  static {
    System.setProperty("sun.tools.attach.attachTimeout", Integer.toString(Waits.MILLIS));
  }

  private final UnixDomainSocketAddress socket;

  /**
   * @param pid of a JVM that runs its program: on a busy machine, one that is still starting may
   *     never answer
   */
  public JvmCommands(long pid) throws IOException {
    socket = socket(pid);
    deleteIfDead();
    try {
      VirtualMachine.attach(Long.toString(pid)).detach();
    } catch (AttachNotSupportedException e) {
      throw new IOException(e);
    }
  }

  static UnixDomainSocketAddress socket(long pid) {
    return UnixDomainSocketAddress.of(
        Path.of(System.getProperty("java.io.tmpdir"), ".java_pid" + pid));
  }

  /** A killed JVM leaves its socket, which the tool would ask when another has its number. */
  private void deleteIfDead() throws IOException {
    try {
      SocketChannel.open(socket).close();
    } catch (ConnectException dead) {
      Files.deleteIfExists(socket.getPath());
    } catch (SocketException absent) {
      // The JVM opens it when the tool attaches.
    }
  }

  /**
   * Runs one to its end.
   *
   * @param command such as {@code GC.run}, with its arguments
   * @return its output
   */
  public String run(String command) throws IOException {
    try (SocketChannel channel = SocketChannel.open(socket)) {
      // The version of the protocol, its operation, and three arguments.
      channel.write(UTF_8.encode("1\0jcmd\0" + command + "\0\0\0"));
      String answer = new String(Channels.newInputStream(channel).readAllBytes(), UTF_8);
      if (!answer.startsWith("0\n")) {
        throw new IOException(command + " failed: " + answer);
      }
      return answer.substring(2);
    }
  }
}
