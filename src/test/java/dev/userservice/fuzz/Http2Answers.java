package dev.userservice.fuzz;

import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http2.DefaultHttp2HeadersDecoder;
import io.netty.handler.codec.http2.Http2Exception;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Map;
import java.util.TreeMap;

/** Reads the frames of a server over HTTP/2, and answers where the protocol requires it. */
final class Http2Answers {

  private static final int MAX_HEADER_BYTES = 1 << 20;

  private final DataInputStream in;
  private final OutputStream out;
  private final DefaultHttp2HeadersDecoder decoder =
      new DefaultHttp2HeadersDecoder(false, MAX_HEADER_BYTES);
  private final Map<Integer, Answer> answers = new TreeMap<>();
  private final ByteArrayOutputStream block = new ByteArrayOutputStream();
  private boolean blockEnds;
  private long ponged;
  private String goAway = "";

  Http2Answers(InputStream in, OutputStream out) {
    this.in = new DataInputStream(in);
    this.out = out;
  }

  Map<Integer, Answer> answers() {
    return answers;
  }

  Answer of(int stream) {
    return answers.computeIfAbsent(stream, id -> new Answer());
  }

  /** The data of the last PING that was acknowledged; 0 before. */
  long ponged() {
    return ponged;
  }

  /** Code and debug data of the last GOAWAY, or empty. */
  String goAway() {
    return goAway;
  }

  /**
   * Reads one frame.
   *
   * @throws IOException at the end, and for input that is not HTTP/2
   */
  void readFrame() throws IOException {
    byte[] head = new byte[Frame.HEAD_BYTES];
    in.readFully(head);
    int length = (head[0] & 0xff) << 16 | (head[1] & 0xff) << 8 | head[2] & 0xff;
    int flags = head[4];
    int stream = ByteBuffer.wrap(head).getInt(5) & Integer.MAX_VALUE;
    byte[] payload = new byte[length];
    in.readFully(payload);
    switch (head[3]) {
      case Frame.HEADERS -> {
        blockEnds = (flags & Frame.END_STREAM) != 0;
        headers(stream, flags, withoutPriority(flags, payload));
      }
      case Frame.CONTINUATION -> headers(stream, flags, payload);
      case Frame.DATA -> data(stream, flags, payload);
      case Frame.RST_STREAM -> of(stream).reset(ByteBuffer.wrap(payload).getInt());
      case Frame.SETTINGS -> {
        if ((flags & Frame.ACK) == 0) {
          out.write(Frame.frame(Frame.SETTINGS, Frame.ACK, 0, new byte[0]));
        }
      }
      case Frame.PING -> {
        if ((flags & Frame.ACK) == 0) {
          out.write(Frame.frame(Frame.PING, Frame.ACK, 0, payload));
        } else {
          ponged = ByteBuffer.wrap(payload).getLong();
        }
      }
      case Frame.GOAWAY -> goAway(payload);
      default -> {}
    }
  }

  /** A server may repeat the priority that its caller gave the stream. */
  private static byte[] withoutPriority(int flags, byte[] payload) {
    return (flags & Frame.PRIORITIZED) == 0
        ? payload
        : Arrays.copyOfRange(payload, Frame.PRIORITY_BYTES, payload.length);
  }

  private void headers(int stream, int flags, byte[] payload) throws IOException {
    block.writeBytes(payload);
    if ((flags & Frame.END_HEADERS) == 0) {
      return;
    }
    Answer answer = of(stream);
    try {
      decoder
          .decodeHeaders(stream, Unpooled.wrappedBuffer(block.toByteArray()))
          .forEach(
              header -> answer.header(header.getKey().toString(), header.getValue().toString()));
    } catch (Http2Exception malformed) {
      throw new IOException("malformed headers: " + malformed.getMessage(), malformed);
    }
    block.reset();
    if (blockEnds) {
      answer.end();
    }
  }

  private void data(int stream, int flags, byte[] payload) throws IOException {
    Answer answer = of(stream);
    answer.body(payload);
    if ((flags & Frame.END_STREAM) != 0) {
      answer.end();
    } else if (payload.length > 0) {
      out.write(Frame.windowUpdate(stream, payload.length));
    }
    if (payload.length > 0) {
      out.write(Frame.windowUpdate(0, payload.length));
    }
  }

  private void goAway(byte[] payload) {
    int code = ByteBuffer.wrap(payload).getInt(4);
    String debug =
        new String(Arrays.copyOfRange(payload, 8, payload.length), StandardCharsets.UTF_8);
    goAway = "GOAWAY " + code + " " + debug;
  }
}
