package dev.userservice.cluster;

import dev.userservice.proto.TraceContext;
import java.util.List;

/** What takes traces over to other servers, together with what is said. */
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

  /** The trace of whoever speaks on this event loop right now; without content for none. */
  TraceContext speaking();

  /**
   * Something of these traces has come.
   *
   * @return to be called when the members here have heard it
   */
  Runnable hearing(List<TraceContext> traces);
}
