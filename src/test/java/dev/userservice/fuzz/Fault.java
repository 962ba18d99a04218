package dev.userservice.fuzz;

/**
 * Something that a server must not do.
 *
 * @param kind the same for all faults of one cause, as far as that can be told
 * @param detail what happened
 */
record Fault(String kind, String detail) {

  Fault(String kind) {
    this(kind, "");
  }
}
