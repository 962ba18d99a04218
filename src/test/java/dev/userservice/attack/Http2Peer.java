package dev.userservice.attack;

import dev.userservice.kit.Waits;
import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * One HTTP/2 connection of an attacker, made of blocking sockets and hand-made frames. It keeps to
 * the server's flow-control windows, and reads and discards what the server sends until {@link
 * #stopReading}.
 */
final class Http2Peer {

  static final int DATA = 0x0;
  static final int HEADERS = 0x1;
  static final int RST_STREAM = 0x3;
  static final int SETTINGS = 0x4;
  static final int PING = 0x6;
  static final int GOAWAY = 0x7;
  static final int WINDOW_UPDATE = 0x8;
  static final int CONTINUATION = 0x9;

  static final int ACK = 0x1;
  static final int END_STREAM = 0x1;
  static final int END_HEADERS = 0x4;

  static final int MAX_WINDOW = Integer.MAX_VALUE;

  private static final String PREFACE = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
  private static final int MAX_FRAME_BYTES = 16_384;
  private static final int INITIAL_WINDOW_SIZE = 0x4;
  private static final int CANCEL = 0x8;
  private static final int WAIT_SECONDS = Waits.SECONDS;

  private final Wire wire;
  private final DataInputStream in;
  private final DataOutputStream out;
  private final SendWindows windows = new SendWindows();
  private final CountDownLatch settings = new CountDownLatch(1);
  private final Semaphore pongs = new Semaphore(0);
  private final AtomicInteger ended = new AtomicInteger();
  private volatile boolean reading = true;
  private int nextStream = 1;

  /**
   * @param streamWindow the bytes that the server may send of one stream; 0 for a caller that does
   *     not read
   */
  Http2Peer(Wire wire, int streamWindow) throws IOException {
    this.wire = wire;
    in = new DataInputStream(new BufferedInputStream(wire.input()));
    out = new DataOutputStream(new BufferedOutputStream(wire.output(), MAX_FRAME_BYTES));
    out.write(PREFACE.getBytes(StandardCharsets.US_ASCII));
    byte[] own =
        ByteBuffer.allocate(6).putShort((short) INITIAL_WINDOW_SIZE).putInt(streamWindow).array();
    frame(SETTINGS, 0, 0, own);
    if (streamWindow > 0) {
      windowUpdate(0, MAX_WINDOW - 65_535);
    }
    Thread reader = new Thread(null, this::read, "attacker-reader", 128 << 10);
    reader.setDaemon(true);
    reader.start();
  }

  /** Waits for the server's SETTINGS, and so for its real windows. */
  Http2Peer awaitSettings() throws IOException {
    await(settings);
    return this;
  }

  /** Starts a call. Returns its stream. */
  int call(String path) throws IOException {
    return open(HeaderBlock.call(path), false);
  }

  /** Starts a call, sends a message and half-closes. */
  void callOnce(String path, byte[] frame) throws IOException {
    data(call(path), frame, true);
  }

  /** Starts a stream with any headers. Returns the stream. */
  int open(HeaderBlock headers, boolean end) throws IOException {
    int stream = nextStream;
    nextStream += 2;
    byte[] block = headers.bytes();
    synchronized (out) {
      int flags = end ? END_STREAM : 0;
      int from = 0;
      do {
        int count = Math.min(MAX_FRAME_BYTES, block.length - from);
        boolean last = from + count == block.length;
        header(count, from == 0 ? HEADERS : CONTINUATION, flags | (last ? END_HEADERS : 0), stream);
        out.write(block, from, count);
        flags = 0;
        from += count;
      } while (from < block.length);
      out.flush();
    }
    return stream;
  }

  /**
   * Sends bytes of a stream as fast as the server's windows allow.
   *
   * @return false when the server has ended the stream, or grants nothing for 20 s
   */
  boolean data(int stream, byte[] bytes, boolean end) throws IOException {
    int from = 0;
    do {
      int count = 0;
      if (bytes.length > 0) {
        count = windows.take(stream, Math.min(MAX_FRAME_BYTES, bytes.length - from), WAIT_SECONDS);
        if (count == 0) {
          return false;
        }
      }
      boolean last = from + count == bytes.length;
      synchronized (out) {
        header(count, DATA, end && last ? END_STREAM : 0, stream);
        out.write(bytes, from, count);
        if (last) {
          out.flush();
        }
      }
      from += count;
    } while (from < bytes.length);
    return true;
  }

  void reset(int stream) throws IOException {
    frame(RST_STREAM, 0, stream, ByteBuffer.allocate(4).putInt(CANCEL).array());
  }

  void windowUpdate(int stream, int bytes) throws IOException {
    frame(WINDOW_UPDATE, 0, stream, ByteBuffer.allocate(4).putInt(bytes).array());
  }

  /** Sends any frame. */
  void frame(int type, int flags, int stream, byte[] payload) throws IOException {
    synchronized (out) {
      header(payload.length, type, flags, stream);
      out.write(payload);
      out.flush();
    }
  }

  /** Stops reading: later frames of the server stay in the buffers of TCP. */
  void stopReading() {
    reading = false;
  }

  /** Sends a PING and waits for its answer: the server has then read all that was sent before. */
  void roundTrip() throws IOException {
    frame(PING, 0, 0, new byte[8]);
    try {
      if (!pongs.tryAcquire(WAIT_SECONDS, TimeUnit.SECONDS)) {
        throw new IOException("the server did not answer a PING");
      }
    } catch (InterruptedException stopped) {
      throw new IOException(stopped);
    }
  }

  /** Waits until the server has ended a number of streams; only the test limits the time. */
  void awaitEnded(int streams) throws IOException {
    synchronized (ended) {
      while (ended.get() < streams && !windows.areClosed()) {
        try {
          ended.wait();
        } catch (InterruptedException stopped) {
          throw new IOException(stopped);
        }
      }
    }
  }

  private static void await(CountDownLatch latch) throws IOException {
    try {
      if (!latch.await(WAIT_SECONDS, TimeUnit.SECONDS)) {
        throw new IOException("the server did not send SETTINGS");
      }
    } catch (InterruptedException stopped) {
      throw new IOException(stopped);
    }
  }

  private void header(int length, int type, int flags, int stream) throws IOException {
    out.writeByte(length >>> 16);
    out.writeShort(length);
    out.writeByte(type);
    out.writeByte(flags);
    out.writeInt(stream);
  }

  private void read() {
    try {
      while (reading) {
        int length = in.readUnsignedByte() << 16 | in.readUnsignedShort();
        int type = in.readUnsignedByte();
        int flags = in.readUnsignedByte();
        int stream = in.readInt();
        byte[] payload = in.readNBytes(length);
        received(type, flags, stream, ByteBuffer.wrap(payload));
      }
    } catch (IOException closed) {
      windows.close();
      settings.countDown();
      wire.closedByServer();
      synchronized (ended) {
        ended.notifyAll();
      }
    }
  }

  private void received(int type, int flags, int stream, ByteBuffer payload) throws IOException {
    switch (type) {
      case SETTINGS -> {
        if ((flags & ACK) == 0) {
          while (payload.hasRemaining()) {
            int id = payload.getShort();
            int value = payload.getInt();
            if (id == INITIAL_WINDOW_SIZE) {
              windows.initial(value);
            }
          }
          frame(SETTINGS, ACK, 0, new byte[0]);
          settings.countDown();
        }
      }
      case PING -> {
        if ((flags & ACK) != 0) {
          pongs.release();
        } else {
          frame(PING, ACK, 0, payload.array());
        }
      }
      case WINDOW_UPDATE -> windows.grant(stream, payload.getInt());
      case RST_STREAM -> end(stream);
      case HEADERS, DATA -> {
        if ((flags & END_STREAM) != 0) {
          end(stream);
        }
      }
      default -> {}
    }
  }

  private void end(int stream) {
    windows.end(stream);
    synchronized (ended) {
      ended.incrementAndGet();
      ended.notifyAll();
    }
  }
}
