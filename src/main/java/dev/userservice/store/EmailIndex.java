package dev.userservice.store;

import java.security.SecureRandom;
import java.util.function.IntFunction;

/**
 * Index from e-mail address to user: a hash table of plain numbers. A set of strings would change a
 * random place in the oldest part of the heap with each new user, and the garbage collector would
 * have to scan all of these places again. That cost more than the rest of a create. A set would
 * also keep a second copy of each address.
 *
 * <p>An entry is the hash of an address above the id of its user; the address itself is kept with
 * the user. Entries are spread over many small tables with linear probing, so that only a small
 * table grows at a time. Not thread-safe.
 */
final class EmailIndex {

  private static final int TABLES = 256;
  private static final int FIRST_SLOTS = 16;

  private static final int ID_BITS = 31;
  private static final long ID = (1L << ID_BITS) - 1;
  private static final long FREE = 0;

  /** Unpredictable, so that no caller can choose addresses that all have the same hash. */
  private final long seed;

  private final long multiplier;

  private final long[][] tables = new long[TABLES][FIRST_SLOTS];
  private final int[] sizes = new int[TABLES];
  private final IntFunction<String> emails;

  /**
   * @param emails returns the canonical address of a user in the index
   */
  EmailIndex(IntFunction<String> emails) {
    this.emails = emails;
    SecureRandom random = new SecureRandom();
    seed = random.nextLong();
    multiplier = random.nextLong() | 1;
  }

  /**
   * Assigns an address to a user.
   *
   * @param email the address in its canonical form
   * @return false, without a change, when it belongs to another user
   */
  boolean add(String email, int userId) {
    long hash = hash(email);
    int number = table(hash);
    long[] table = tables[number];
    int slot = slot(hash, table);
    while (table[slot] != FREE) {
      if (hash == hashOf(table[slot]) && emails.apply((int) (table[slot] & ID)).equals(email)) {
        return false;
      }
      slot = next(slot, table);
    }
    table[slot] = hash | userId;
    if (++sizes[number] > table.length / 4 * 3) {
      tables[number] = grown(table);
    }
    return true;
  }

  /** Removes the address of a user. */
  void remove(String email, int userId) {
    long hash = hash(email);
    int number = table(hash);
    long[] table = tables[number];
    int gap = slot(hash, table);
    while (table[gap] != (hash | userId)) {
      gap = next(gap, table);
    }
    sizes[number]--;
    // Later entries move up, unless that would put them before the slot where their probing starts.
    for (int slot = next(gap, table); table[slot] != FREE; slot = next(slot, table)) {
      int home = slot(hashOf(table[slot]), table);
      if (((slot - home) & (table.length - 1)) >= ((slot - gap) & (table.length - 1))) {
        table[gap] = table[slot];
        gap = slot;
      }
    }
    table[gap] = FREE;
  }

  private static long[] grown(long[] table) {
    long[] larger = new long[table.length * 2];
    for (long entry : table) {
      if (entry != FREE) {
        int slot = slot(hashOf(entry), larger);
        while (larger[slot] != FREE) {
          slot = next(slot, larger);
        }
        larger[slot] = entry;
      }
    }
    return larger;
  }

  private long hash(String email) {
    long hash = seed;
    for (int i = 0; i < email.length(); i++) {
      hash = (Long.rotateLeft(hash, 5) ^ email.charAt(i)) * multiplier;
    }
    // The high bits of a product are the well-mixed ones.
    return hashOf(hash ^ Long.rotateLeft(hash, 29));
  }

  private static long hashOf(long entry) {
    return entry & ~ID;
  }

  private static int table(long hash) {
    return (int) (hash >>> (Long.SIZE - 8));
  }

  private static int slot(long hash, long[] table) {
    return (int) (hash >>> ID_BITS) & (table.length - 1);
  }

  private static int next(int slot, long[] table) {
    return (slot + 1) & (table.length - 1);
  }
}
