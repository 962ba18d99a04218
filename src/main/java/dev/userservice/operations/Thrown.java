package dev.userservice.operations;

/** A failure, its causes, and the failures they suppress. */
final class Thrown {

  /** Chains may be long, or cyclic. */
  private static final int MAX_DEPTH = 20;

  /**
   * The engine of a cluster rethrows failures of other servers with their class. A server that runs
   * out of memory must not end the others.
   */
  private static final String ENGINE = "org.infinispan.";

  private Thrown() {}

  /** Returns the first OutOfMemoryError of this process among them, or null. */
  static OutOfMemoryError outOfMemory(Throwable failure) {
    return find(failure, true);
  }

  private static OutOfMemoryError find(Throwable failure, boolean withSuppressed) {
    Throwable each = failure;
    for (int i = 0; i < MAX_DEPTH && each != null && !isOfEngine(each); i++) {
      if (each instanceof OutOfMemoryError found) {
        return found;
      }
      Throwable[] suppressed = withSuppressed ? each.getSuppressed() : new Throwable[0];
      for (int j = 0; j < suppressed.length && j < MAX_DEPTH; j++) {
        OutOfMemoryError found = find(suppressed[j], false);
        if (found != null) {
          return found;
        }
      }
      each = each.getCause();
    }
    return null;
  }

  private static boolean isOfEngine(Throwable failure) {
    return failure.getClass().getName().startsWith(ENGINE);
  }
}
