package dev.userservice.rpc;

import dev.userservice.kit.Waits;
import io.vertx.core.json.JsonObject;
import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** One WebSocket that sends any frames. */
public final class RawSocket implements AutoCloseable {

  public static final int CONTINUATION = 0;
  public static final int TEXT = 1;
  public static final int BINARY = 2;
  public static final int CLOSE = 8;
  public static final int PING = 9;
  public static final int PONG = 10;

  private static final int FINAL = 0x80;
  private static final int MASKED = 0x80;
  private static final byte[] MASK = {1, 2, 3, 4};

  private final Socket socket;
  private final DataInputStream in;
  private final String head;

  /** A received frame. */
  public record Frame(int type, byte[] payload) {

    public String text() {
      return new String(payload, StandardCharsets.UTF_8);
    }

    public int closeCode() {
      return ByteBuffer.wrap(payload).getShort();
    }
  }

  /**
   * @param method one of {@code UserService}, or of another service with its name and a slash
   * @param headers further lines of the request, each with its end
   */
  public RawSocket(int port, String method, String headers) throws IOException {
    socket = new Socket("127.0.0.1", port);
    socket.setSoTimeout(Waits.MILLIS);
    socket.setTcpNoDelay(true);
    in = new DataInputStream(new BufferedInputStream(socket.getInputStream()));
    write(request(port, method, headers).getBytes(StandardCharsets.ISO_8859_1));
    StringBuilder read = new StringBuilder();
    while (read.indexOf("\r\n\r\n") < 0) {
      read.append((char) in.readUnsignedByte());
    }
    head = read.toString();
  }

  public RawSocket(int port, String method) throws IOException {
    this(port, method, "");
  }

  /** The request for a WebSocket. */
  public static String request(int port, String method, String headers) {
    String path = method.contains("/") ? method : "users.v1.UserService/" + method;
    return """
        GET /%s HTTP/1.1\r
        host: 127.0.0.1:%d\r
        upgrade: websocket\r
        connection: upgrade\r
        sec-websocket-version: 13\r
        sec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r
        %s\r
        """
        .formatted(path, port, headers);
  }

  /** The head of the response to the request for the WebSocket. */
  public String head() {
    return head;
  }

  public RawSocket text(String text) throws IOException {
    return frame(FINAL | TEXT, text.getBytes(StandardCharsets.UTF_8));
  }

  public RawSocket binary(byte[] bytes) throws IOException {
    return frame(FINAL | BINARY, bytes);
  }

  /** Sends a whole control or data frame. */
  public RawSocket whole(int type, byte[] payload) throws IOException {
    return frame(FINAL | type, payload);
  }

  /** Sends a frame that others continue. */
  public RawSocket part(int type, byte[] payload) throws IOException {
    return frame(type, payload);
  }

  private RawSocket frame(int first, byte[] payload) throws IOException {
    return write(encoded(first, payload));
  }

  /** The bytes of a whole frame, masked. */
  public static byte[] encoded(int type, byte[] payload, boolean isFinal) {
    return encoded(isFinal ? FINAL | type : type, payload);
  }

  private static byte[] encoded(int first, byte[] payload) {
    ByteArrayOutputStream frame = new ByteArrayOutputStream();
    frame.write(first);
    if (payload.length < 126) {
      frame.write(MASKED | payload.length);
    } else if (payload.length < 65_536) {
      frame.write(MASKED | 126);
      frame.writeBytes(ByteBuffer.allocate(2).putShort((short) payload.length).array());
    } else {
      frame.write(MASKED | 127);
      frame.writeBytes(ByteBuffer.allocate(8).putLong(payload.length).array());
    }
    frame.writeBytes(MASK);
    for (int i = 0; i < payload.length; i++) {
      frame.write(payload[i] ^ MASK[i % MASK.length]);
    }
    return frame.toByteArray();
  }

  /** Sends any bytes. */
  public RawSocket write(byte[] bytes) throws IOException {
    socket.getOutputStream().write(bytes);
    return this;
  }

  /** Reads a frame. */
  public Frame read() throws IOException {
    int type = in.readUnsignedByte() & 0x0f;
    int length = in.readUnsignedByte();
    if (length == 126) {
      length = in.readUnsignedShort();
    } else if (length == 127) {
      length = Math.toIntExact(in.readLong());
    }
    return new Frame(type, in.readNBytes(length));
  }

  /** Reads all frames, the last of which closes; answers that one. */
  public List<Frame> rest() throws IOException {
    List<Frame> frames = new ArrayList<>();
    do {
      frames.add(read());
    } while (frames.get(frames.size() - 1).type() != CLOSE);
    whole(CLOSE, frames.get(frames.size() - 1).payload());
    return frames;
  }

  /** Reads up to the end of the call, which has to be all; returns its error. */
  public JsonObject error() throws IOException {
    List<Frame> frames = rest();
    if (frames.size() != 2 || !frames.get(0).text().startsWith("end {")) {
      throw new AssertionError("more than an end: " + frames.stream().map(Frame::text).toList());
    }
    return new JsonObject(frames.get(0).text().substring("end ".length())).getJsonObject("error");
  }

  /** Waits until the server has closed the connection. */
  public void awaitEnd() throws IOException {
    while (in.read() >= 0) {
      // The rest is not of interest.
    }
  }

  @Override
  public void close() throws IOException {
    socket.close();
  }
}
