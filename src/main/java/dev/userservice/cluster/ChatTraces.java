package dev.userservice.cluster;

import dev.userservice.proto.TraceContext;
import java.util.List;

/** Carries traces to other servers, together with chat messages. */
public interface ChatTraces {

  /** No traces. */
  ChatTraces NONE =
      new ChatTraces() {
        @Override
        public TraceContext speaking() {
          return TraceContext.getDefaultInstance();
        }

        @Override
        public Runnable hearing(List<TraceContext> traces) {
          return () -> {};
        }
      };

  /** The trace of the message that this event loop handles right now, or an empty one. */
  TraceContext speaking();

  /**
   * Called when messages of these traces are received.
   *
   * @return run when the members here have them
   */
  Runnable hearing(List<TraceContext> traces);
}
