package dev.userservice.rpc;

import io.vertx.core.Context;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import java.util.function.Consumer;

/**
 * Messages of a stream that are sent together: those of one turn of the event loop, up to a size.
 * Each write passes through all of HTTP/2, which costs several times as much as a small message.
 *
 * <p>For use after the headers are sent.
 */
final class GatheredMessages {

  /** The largest frame that every HTTP/2 peer accepts (RFC 9113, section 4.2). */
  private static final int ENOUGH_BYTES = 16_384;

  private static final int FIRST_BYTES = 1_024;

  private final Consumer<Buffer> response;
  private final Context context = Vertx.currentContext();
  private Buffer frames;
  private boolean scheduled;

  /**
   * @param response sends frames to the caller
   */
  GatheredMessages(Consumer<Buffer> response) {
    this.response = response;
  }

  /** Sends a frame, no later than at the end of this turn. */
  void add(Buffer frame) {
    if (frames == null) {
      frames = Buffer.buffer(FIRST_BYTES);
    }
    frames.appendBuffer(frame);
    if (frames.length() >= ENOUGH_BYTES) {
      flush();
    } else if (!scheduled) {
      scheduled = true;
      context.runOnContext(
          turn -> {
            scheduled = false;
            flush();
          });
    }
  }

  /** Sends the gathered messages. */
  void flush() {
    if (frames != null) {
      Buffer full = frames;
      frames = null;
      response.accept(full);
    }
  }
}
