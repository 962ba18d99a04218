package dev.userservice.fuzz;

/**
 * Something that a server must not do.
 *
 * @param kind the same for all faults of one cause, as far as known
 * @param detail the event
 */
record Fault(String kind, String detail) {

  Fault(String kind) {
    this(kind, "");
  }
}
