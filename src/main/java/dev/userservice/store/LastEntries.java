package dev.userservice.store;

import com.google.protobuf.ByteString;
import dev.userservice.proto.LastEntry;
import dev.userservice.proto.LogAnswer;
import dev.userservice.proto.LogEntry;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The last applied entry of each writer, with its answer: a retried write can be in the log twice,
 * and must be applied once. For the thread that applies entries.
 */
final class LastEntries {

  /** Far more than servers, each of which is one writer per start. */
  private static final int MAX_WRITERS = 64;

  /** The most recent writer is last. */
  private final Map<ByteString, LastEntry> byWriter = new LinkedHashMap<>();

  /** Returns the answer of an entry that was applied before. */
  Optional<LogAnswer> answerOf(LogEntry entry) {
    LastEntry last = byWriter.get(entry.getWriter());
    return last != null && last.getNumber() >= entry.getNumber()
        ? Optional.of(last.getAnswer())
        : Optional.empty();
  }

  void add(LogEntry entry, LogAnswer answer) {
    add(
        LastEntry.newBuilder()
            .setWriter(entry.getWriter())
            .setNumber(entry.getNumber())
            .setAnswer(answer)
            .build());
  }

  private void add(LastEntry last) {
    byWriter.remove(last.getWriter());
    byWriter.put(last.getWriter(), last);
    if (byWriter.size() > MAX_WRITERS) {
      byWriter.remove(byWriter.keySet().iterator().next());
    }
  }

  /** Replaces all entries by those of a snapshot. */
  void replace(List<LastEntry> entries) {
    byWriter.clear();
    entries.forEach(this::add);
  }

  Collection<LastEntry> all() {
    return byWriter.values();
  }
}
