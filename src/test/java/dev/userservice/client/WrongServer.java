package dev.userservice.client;

import dev.userservice.fuzz.Bytes;
import dev.userservice.fuzz.Frame;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.IntFunction;

/**
 * An HTTP/2 server on loopback without an HTTP/2 implementation: it answers the first DATA frame of
 * each stream with given bytes, each array in one write.
 */
final class WrongServer implements AutoCloseable {

  /** The fate of the connection after an answer. */
  enum After {
    /** It stays open until the client closes it. */
    STAYS,
    /** The server closes it. */
    CLOSES,
    /** The server resets it. */
    RESETS
  }

  private final ServerSocket listener;
  private final IntFunction<List<byte[]>> answers;
  private final After after;
  private final Set<Socket> connections = ConcurrentHashMap.newKeySet();

  /**
   * @param answers the answers by stream
   */
  WrongServer(IntFunction<List<byte[]>> answers, After after) throws IOException {
    this.answers = answers;
    this.after = after;
    listener = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    start(this::accept);
  }

  int port() {
    return listener.getLocalPort();
  }

  @Override
  public void close() throws IOException {
    listener.close();
    for (Socket connection : connections) {
      connection.close();
    }
  }

  private static void start(Runnable task) {
    Thread thread = new Thread(null, task, "wrong-server", 128 << 10);
    thread.setDaemon(true);
    thread.start();
  }

  private void accept() {
    try {
      while (true) {
        Socket connection = listener.accept();
        connections.add(connection);
        start(() -> serve(connection));
      }
    } catch (IOException closed) {
      // Closed by the test.
    }
  }

  private void serve(Socket connection) {
    try (connection) {
      connection.setTcpNoDelay(true);
      DataInputStream in = new DataInputStream(connection.getInputStream());
      OutputStream out = connection.getOutputStream();
      in.readFully(new byte[Frame.PREFACE.length]);
      out.write(Frame.settings());
      Set<Integer> answered = ConcurrentHashMap.newKeySet();
      while (read(in, out, answered)) {
        // Runs until the client or this server closes.
      }
      if (after == After.RESETS) {
        connection.setSoLinger(true, 0);
      }
    } catch (IOException gone) {
      // The client has closed, as expected.
    } finally {
      connections.remove(connection);
    }
  }

  /** Reads a frame; returns true while the connection stays open. */
  private boolean read(DataInputStream in, OutputStream out, Set<Integer> answered)
      throws IOException {
    int lengthAndType = in.readInt();
    int flags = in.readUnsignedByte();
    int stream = in.readInt();
    byte[] payload = in.readNBytes(lengthAndType >>> 8);
    switch (lengthAndType & 0xff) {
      case Frame.SETTINGS -> {
        if ((flags & Frame.ACK) == 0) {
          out.write(Frame.frame(Frame.SETTINGS, Frame.ACK, 0, new byte[0]));
        }
      }
      case Frame.PING -> out.write(Frame.frame(Frame.PING, Frame.ACK, 0, payload));
      case Frame.DATA -> {
        if (answered.add(stream)) {
          for (byte[] bytes : answers.apply(stream)) {
            out.write(bytes);
          }
          return after == After.STAYS;
        }
      }
      default -> {}
    }
    return true;
  }

  /** A HEADERS frame. */
  static byte[] headers(int stream, boolean end, List<Frame.Header> headers) {
    return Frame.frame(
        Frame.HEADERS,
        Frame.END_HEADERS | (end ? Frame.END_STREAM : 0),
        stream,
        Frame.block(headers));
  }

  /** Headers from names and values in turn. */
  static List<Frame.Header> list(String... namesAndValues) {
    Frame.Header[] headers = new Frame.Header[namesAndValues.length / 2];
    for (int i = 0; i < headers.length; i++) {
      headers[i] = new Frame.Header(namesAndValues[2 * i], namesAndValues[2 * i + 1]);
    }
    return List.of(headers);
  }

  /** Sends all bytes in one write. */
  static List<byte[]> once(byte[]... parts) {
    return List.of(Bytes.join(parts));
  }
}
