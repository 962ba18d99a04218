package dev.userservice.fuzz;

import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** Reads the answers of a server over HTTP/1.1. */
final class Http1Answers {

  private static final int SWITCHING_PROTOCOLS = 101;
  private static final int FIRST_FINAL = 200;

  private final DataInputStream in;
  private final List<Answer> answers = new ArrayList<>();

  Http1Answers(InputStream in) {
    this.in = new DataInputStream(in);
  }

  List<Answer> answers() {
    return answers;
  }

  /**
   * Reads one answer; provisional ones do not count.
   *
   * @throws IOException at the end, and for input that is not HTTP/1.1
   */
  void readAnswer() throws IOException {
    Answer answer = new Answer();
    String version;
    do {
      String[] first = readLine().split(" ", 3);
      if (first.length < 2 || !first[0].startsWith("HTTP/1.")) {
        throw new IOException("not HTTP/1.1: " + String.join(" ", first));
      }
      version = first[0];
      answer.header(":status", first[1]);
      for (String line = readLine(); !line.isEmpty(); line = readLine()) {
        String[] parts = line.split(":", 2);
        answer.header(parts[0], parts.length == 2 ? parts[1].strip() : "");
      }
    } while (answer.httpStatus() < FIRST_FINAL && answer.httpStatus() != SWITCHING_PROTOCOLS);
    answers.add(answer);
    readBody(answer, version);
    answer.end();
  }

  private void readBody(Answer answer, String version) throws IOException {
    if (answer.header("transfer-encoding").equals("chunked")) {
      for (int size = chunkSize(); size > 0; size = chunkSize()) {
        answer.body(read(size));
        readLine();
      }
      while (!readLine().isEmpty()) {
        // Trailers; gRPC-Web has its own in the body.
      }
    } else if (!answer.header("content-length").isEmpty()) {
      answer.body(read(Integer.parseInt(answer.header("content-length"))));
    } else if (version.equals("HTTP/1.0")) {
      // HTTP/1.0 lacks chunks: an answer without a length ends with the connection.
      answer.body(in.readAllBytes());
    }
  }

  private int chunkSize() throws IOException {
    return Integer.parseInt(readLine().split(";")[0].strip(), 16);
  }

  private byte[] read(int length) throws IOException {
    byte[] bytes = new byte[length];
    in.readFully(bytes);
    return bytes;
  }

  private String readLine() throws IOException {
    ByteArrayOutputStream line = new ByteArrayOutputStream();
    for (int b = in.read(); b != '\n'; b = in.read()) {
      if (b < 0) {
        throw new EOFException();
      }
      line.write(b);
    }
    return line.toString(StandardCharsets.ISO_8859_1).stripTrailing();
  }
}
