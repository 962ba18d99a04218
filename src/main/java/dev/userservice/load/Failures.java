package dev.userservice.load;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeMap;

/** Counts failed calls by status and reason, and keeps the first message of each. */
final class Failures {

  /** Bounds the memory: a server may send any number of reasons. */
  private static final int MAX_KINDS = 50;

  private final Map<String, Count> kinds = new LinkedHashMap<>();
  private long all;

  private static final class Count {

    private final Failure first;
    private long calls;

    private Count(Failure first) {
      this.first = first;
    }
  }

  void add(Failure failure) {
    all++;
    Count count = kinds.get(failure.kind());
    if (count == null) {
      Failure first =
          kinds.size() < MAX_KINDS ? failure : new Failure(failure.status(), "", "and others");
      count = kinds.computeIfAbsent(first.kind(), kind -> new Count(first));
    }
    count.calls++;
  }

  long all() {
    return all;
  }

  Map<String, Long> byStatus() {
    Map<String, Long> counts = new TreeMap<>();
    kinds.values().forEach(count -> counts.merge(count.first.status(), count.calls, Long::sum));
    return counts;
  }

  /** One phrase per kind; empty without failures. */
  String explained() {
    StringBuilder words = new StringBuilder();
    kinds.forEach(
        (kind, count) ->
            words
                .append(words.isEmpty() ? "" : "; ")
                .append("%,d with %s: %s".formatted(count.calls, kind, count.first.message())));
    return words.toString();
  }
}
