package dev.userservice.rpc;

import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;

/**
 * The open connections whose caller has not authenticated, of the whole process. Above their limit,
 * the oldest one of the address with the most is closed: so a caller with a valid token can always
 * connect, however many connections a peer keeps open. Thread-safe.
 */
public final class UnauthenticatedConnections {

  /** A connection in this set. */
  interface Entry {

    /** The source address that it counts for. */
    String address();

    /** Closes it, from any thread, because of a newer one. */
    void evict();
  }

  private final Map<String, Set<Entry>> byAddress = new HashMap<>();
  private int size;

  /**
   * Adds a connection; another may be evicted for it.
   *
   * @param max the max number of connections
   */
  void add(Entry entry, int max) {
    Entry evicted = null;
    synchronized (this) {
      byAddress.computeIfAbsent(entry.address(), a -> new LinkedHashSet<>()).add(entry);
      if (++size > max) {
        evicted =
            byAddress.values().stream()
                .max(Comparator.comparingInt(Set::size))
                .map(entries -> entries.iterator().next())
                .orElseThrow();
        take(evicted);
      }
    }
    if (evicted != null) {
      evicted.evict();
    }
  }

  /** Removes a connection, if it is present. */
  synchronized void remove(Entry entry) {
    take(entry);
  }

  private void take(Entry entry) {
    Set<Entry> ofAddress = byAddress.get(entry.address());
    if (ofAddress != null && ofAddress.remove(entry)) {
      size--;
      if (ofAddress.isEmpty()) {
        byAddress.remove(entry.address());
      }
    }
  }
}
