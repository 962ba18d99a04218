package dev.userservice.rpc;

import dev.userservice.kit.Waits;
import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/** One plaintext HTTP/1 connection that sends any bytes. */
public final class RawHttp implements AutoCloseable {

  private final Socket socket;
  private final InputStream in;

  public RawHttp(int port) throws IOException {
    socket = new Socket("127.0.0.1", port);
    socket.setSoTimeout(Waits.MILLIS);
    socket.setTcpNoDelay(true);
    in = new BufferedInputStream(socket.getInputStream());
  }

  /** One answer. */
  public record Answer(String statusLine, Map<String, String> headers, String body) {

    public int status() {
      return Integer.parseInt(statusLine.split(" ")[1]);
    }

    public String header(String name) {
      return headers.getOrDefault(name, "");
    }
  }

  public RawHttp send(String text) throws IOException {
    return send(text.getBytes(StandardCharsets.ISO_8859_1));
  }

  public RawHttp send(byte[] bytes) throws IOException {
    socket.getOutputStream().write(bytes);
    return this;
  }

  public int localPort() {
    return socket.getLocalPort();
  }

  /** Reads one answer; one without length and chunks ends with the connection. */
  public Answer answer() throws IOException {
    return answer(true);
  }

  /** Reads the head of one answer; a provisional one has nothing else. */
  public Answer head() throws IOException {
    return answer(false);
  }

  private Answer answer(boolean withBody) throws IOException {
    String statusLine = line();
    Map<String, String> headers = new TreeMap<>();
    for (String line = line(); !line.isEmpty(); line = line()) {
      String[] parts = line.split(":", 2);
      headers.put(parts[0].toLowerCase(Locale.ROOT), parts[1].strip());
    }
    return new Answer(statusLine, headers, withBody ? body(headers) : "");
  }

  private String body(Map<String, String> headers) throws IOException {
    if (headers.containsKey("content-length")) {
      return text(in.readNBytes(Integer.parseInt(headers.get("content-length"))));
    }
    return headers.containsKey("transfer-encoding") ? chunks() : rest();
  }

  /** Reads chunks up to the last one. */
  public String chunks() throws IOException {
    StringBuilder body = new StringBuilder();
    for (String chunk = chunk(); !chunk.isEmpty(); chunk = chunk()) {
      body.append(chunk);
    }
    return body.toString();
  }

  /** Reads one chunk; the last one is empty. */
  public String chunk() throws IOException {
    String chunk = text(in.readNBytes(Integer.parseInt(line(), 16)));
    line();
    return chunk;
  }

  /** Reads up to the end of the connection. */
  public String rest() throws IOException {
    return text(in.readAllBytes());
  }

  private String line() throws IOException {
    ByteArrayOutputStream line = new ByteArrayOutputStream();
    for (int b = in.read(); b != '\n'; b = in.read()) {
      if (b < 0) {
        throw new EOFException("the connection ended after \"" + text(line.toByteArray()) + "\"");
      }
      line.write(b);
    }
    return text(line.toByteArray()).strip();
  }

  private static String text(byte[] bytes) {
    return new String(bytes, StandardCharsets.ISO_8859_1);
  }

  @Override
  public void close() throws IOException {
    socket.close();
  }
}
