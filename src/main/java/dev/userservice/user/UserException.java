package dev.userservice.user;

import java.util.List;

/** A request that the rules refuse; the message is for its caller. */
public final class UserException extends RuntimeException {

  /** Each reason has its row in the table of statuses. */
  public enum Reason {
    /** Fields break their rules; {@link #violations()} names them. */
    INVALID_FIELDS,
    /** No user has the id; {@link #resource()} names it. */
    USER_NOT_FOUND,
    /** The e-mail address belongs to another user; {@link #resource()} names it. */
    EMAIL_TAKEN,
    /** The e-mail address is that of an earlier item of the batch; {@link #resource()} names it. */
    EMAIL_REPEATED,
    /** More items than a batch may hold. */
    BATCH_TOO_LARGE,
    /** A chat member does not read what the others say. */
    READER_TOO_SLOW,
    /** The server is shutting down. */
    SHUTTING_DOWN,
    /** Messages from other servers were lost. */
    CHAT_INTERRUPTED
  }

  /** A field that breaks its rule. */
  public record Violation(String field, String rule) {}

  private final transient Reason reason;
  private final transient List<Violation> violations;
  private final String resource;

  private UserException(
      Reason reason, String message, List<Violation> violations, String resource) {
    // Without a stack trace: a refused request should cost no more than a good one.
    super(message, null, false, false);
    this.reason = reason;
    this.violations = violations;
    this.resource = resource;
  }

  static UserException invalid(List<Violation> violations) {
    StringBuilder message = new StringBuilder();
    for (Violation violation : violations) {
      message.append(message.isEmpty() ? "" : "; ");
      message.append(violation.field()).append(' ').append(violation.rule());
    }
    return new UserException(Reason.INVALID_FIELDS, message.toString(), violations, null);
  }

  static UserException notFound(int userId) {
    return new UserException(
        Reason.USER_NOT_FOUND,
        "User with ID " + userId + " not found",
        List.of(),
        Integer.toString(userId));
  }

  static UserException emailTaken(String field, String email) {
    return new UserException(
        Reason.EMAIL_TAKEN,
        field + " " + email + " belongs to another user",
        List.of(new Violation(field, "belongs to another user")),
        email);
  }

  static UserException emailRepeated(String field, String email, String earlierField) {
    String rule = "is the same as " + earlierField;
    return new UserException(
        Reason.EMAIL_REPEATED,
        field + " " + email + " " + rule,
        List.of(new Violation(field, rule)),
        email);
  }

  static UserException batchTooLarge(int limit) {
    return new UserException(
        Reason.BATCH_TOO_LARGE,
        "a batch holds at most " + limit + " users; send the rest in further batches",
        List.of(),
        null);
  }

  static UserException readerTooSlow(int limit) {
    return new UserException(
        Reason.READER_TOO_SLOW,
        "more than " + limit + " messages wait for this stream to be read; join again",
        List.of(),
        null);
  }

  static UserException shuttingDown() {
    return new UserException(
        Reason.SHUTTING_DOWN, "the server is shutting down; join again", List.of(), null);
  }

  static UserException chatInterrupted() {
    return new UserException(
        Reason.CHAT_INTERRUPTED,
        "messages from other servers were lost on their way; join again",
        List.of(),
        null);
  }

  public Reason reason() {
    return reason;
  }

  /** The fields that break their rules, in the order of the request; may be empty. */
  public List<Violation> violations() {
    return violations;
  }

  /** The id or the e-mail address that the failure is about, or null. */
  public String resource() {
    return resource;
  }
}
