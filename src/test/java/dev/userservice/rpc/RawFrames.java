package dev.userservice.rpc;

import dev.userservice.kit.Waits;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http2.DefaultHttp2HeadersEncoder;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2Headers;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/** An HTTP/2 connection of frames made by hand, in one write or many, and read one by one. */
public final class RawFrames implements AutoCloseable {

  public static final int DATA = 0x0;
  public static final int HEADERS = 0x1;
  public static final int RST_STREAM = 0x3;
  public static final int SETTINGS = 0x4;
  public static final int PING = 0x6;
  public static final int GOAWAY = 0x7;

  public static final int ACK = 0x1;
  public static final int END_STREAM = 0x1;
  private static final int END_HEADERS = 0x4;

  /** A frame that was read. */
  public record Frame(int type, int flags, int stream, byte[] payload) {

    public boolean has(int flag) {
      return (flags & flag) != 0;
    }

    int number(int at) {
      return ByteBuffer.wrap(payload).getInt(at);
    }
  }

  private final Socket socket;
  private final DataInputStream in;
  private final ByteArrayOutputStream unsent = new ByteArrayOutputStream();
  private final DefaultHttp2HeadersEncoder encoder =
      new DefaultHttp2HeadersEncoder((name, value) -> false, true);

  RawFrames(int port) throws IOException {
    this(new Socket("127.0.0.1", port));
  }

  public RawFrames(Socket socket) throws IOException {
    this.socket = socket;
    socket.setSoTimeout(Waits.MILLIS);
    in = new DataInputStream(socket.getInputStream());
    unsent.writeBytes("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
    frame(SETTINGS, 0, 0, new byte[0]);
  }

  /** Adds a frame to those of the next {@link #send}. */
  public RawFrames frame(int type, int flags, int stream, byte[] payload) {
    unsent.writeBytes(
        ByteBuffer.allocate(9)
            .putInt(payload.length << 8 | type)
            .put((byte) flags)
            .putInt(stream)
            .array());
    unsent.writeBytes(payload);
    return this;
  }

  public RawFrames headers(int stream, Http2Headers headers) throws Http2Exception {
    ByteBuf block = Unpooled.buffer();
    encoder.encodeHeaders(stream, headers, block);
    return frame(HEADERS, END_HEADERS, stream, ByteBufUtil.getBytes(block));
  }

  /** Sends all frames in one write. */
  public void send() throws IOException {
    socket.getOutputStream().write(unsent.toByteArray());
    unsent.reset();
  }

  /** The next frame of a type; those before it are dropped. */
  public Frame next(int type) throws IOException {
    Frame frame = next();
    while (frame.type != type) {
      frame = next();
    }
    return frame;
  }

  /** The next frame. */
  public Frame next() throws IOException {
    int lengthAndType = in.readInt();
    int flags = in.readUnsignedByte();
    int stream = in.readInt();
    return new Frame(lengthAndType & 0xff, flags, stream, in.readNBytes(lengthAndType >>> 8));
  }

  @Override
  public void close() throws IOException {
    socket.close();
  }
}
