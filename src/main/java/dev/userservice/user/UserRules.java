package dev.userservice.user;

import dev.userservice.proto.CreateUserRequest;
import dev.userservice.proto.GetUserRequest;
import dev.userservice.proto.ListUsersRequest;
import dev.userservice.proto.UserMessage;
import dev.userservice.proto.UserResponse;
import dev.userservice.user.UserException.Violation;
import java.text.Normalizer;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;

/**
 * The rules for the fields of requests. Every check collects all violations before it refuses.
 *
 * <p>The length of a text is checked first, so that a text beyond its limit costs nothing more.
 */
final class UserRules {

  static final int NAME_CODE_POINTS = 100;
  static final int EMAIL_BYTES = 254;
  static final int MAX_AGE = 150;
  static final int MESSAGE_BYTES = 4_096;
  static final int TIMESTAMP_BYTES = 64;

  /** The item index of a user that is not part of a batch. */
  static final int ALONE = -1;

  /**
   * The max size of a name as sent, with the white space around it. The longest way to write a
   * valid name takes 1,200 bytes, so at least 848 are left for white space; a name with more than
   * that is refused.
   */
  static final int NAME_BYTES = 2_048;

  /**
   * The max code points of a trimmed name before it is normalized. Canonical decomposition makes at
   * most four code points of one, so a longer text has no normal form C of {@link
   * #NAME_CODE_POINTS}. The limit also bounds the cost: normalizing takes time quadratic in the
   * number of combining marks in a row.
   */
  private static final int CODE_POINTS_BEFORE_NORMALIZING = NAME_CODE_POINTS * 4;

  /** The max bytes in UTF-8 for one char of a String. */
  private static final int MAX_BYTES_PER_CHAR = 3;

  /** A formatted time, cached because many messages arrive in the same millisecond. */
  private record Timestamp(long millis, String text) {}

  /** Threads may replace it at the same time: each writes a correct one. */
  private static volatile Timestamp lastTimestamp = new Timestamp(0, Instant.EPOCH.toString());

  private UserRules() {}

  static void check(GetUserRequest request) {
    List<Violation> violations = new ArrayList<>();
    if (request.getUserId() < 1) {
      violations.add(new Violation("user_id", "must be 1 or more"));
    }
    refuse(violations);
  }

  static void check(ListUsersRequest request) {
    List<Violation> violations = new ArrayList<>();
    if (request.getLimit() < 0) {
      violations.add(new Violation("limit", "must be 0 (all) or more"));
    }
    if (request.getAfterUserId() < 0) {
      violations.add(new Violation("after_user_id", "must be 0 (the beginning) or more"));
    }
    refuse(violations);
  }

  /**
   * Returns the user that a request asks to create, without an id.
   *
   * @param item the index of the request in its batch, or {@link #ALONE}
   * @param violations receives the violations; if there are any, the returned user is empty, so
   *     that a batch buffers nothing of a refused item
   */
  static UserResponse draft(
      CreateUserRequest request, int item, Clock clock, List<Violation> violations) {
    int before = violations.size();
    String name = normalName(request.getName());
    if (name.isEmpty() || name.codePointCount(0, name.length()) > NAME_CODE_POINTS) {
      violations.add(new Violation(field(item, "name"), "must have 1 to 100 characters"));
    } else if (breaksLine(name)) {
      violations.add(new Violation(field(item, "name"), "must not contain control characters"));
    }
    if (isLarger(request.getEmail(), EMAIL_BYTES)) {
      violations.add(new Violation(field(item, "email"), "must have at most 254 bytes"));
    } else if (!EmailAddress.isValid(request.getEmail())) {
      violations.add(
          new Violation(
              field(item, "email"), "must be an e-mail address such as alice@example.com"));
    }
    if (request.getAge() < 0 || request.getAge() > MAX_AGE) {
      violations.add(new Violation(field(item, "age"), "must be 0 (not given) to 150"));
    }
    if (violations.size() > before) {
      return UserResponse.getDefaultInstance();
    }
    return UserResponse.newBuilder()
        .setName(name)
        .setEmail(request.getEmail())
        .setAge(request.getAge())
        .setCreatedAt(timestamp(clock))
        .build();
  }

  /**
   * Returns the message to pass on to the other members: as sent, with a timestamp if it had none,
   * and with the user id of its sender.
   *
   * @param speaksAs the user id of the caller; 0 when the message itself may give one
   */
  static UserMessage spoken(UserMessage message, int speaksAs, Clock clock) {
    List<Violation> violations = new ArrayList<>();
    if (message.getMessage().isEmpty() || isLarger(message.getMessage(), MESSAGE_BYTES)) {
      violations.add(new Violation("message", "must have 1 to 4096 bytes"));
    }
    String timestamp = message.getTimestamp();
    if (isLarger(timestamp, TIMESTAMP_BYTES)) {
      violations.add(new Violation("timestamp", "must have at most 64 bytes"));
    }
    refuse(violations);
    if (speaksAs == 0 && !timestamp.isEmpty()) {
      return message;
    }
    UserMessage.Builder spoken = message.toBuilder();
    if (speaksAs != 0) {
      spoken.setUserId(speaksAs);
    }
    return timestamp.isEmpty() ? spoken.setTimestamp(timestamp(clock)).build() : spoken.build();
  }

  static void refuse(List<Violation> violations) {
    if (!violations.isEmpty()) {
      throw UserException.invalid(violations);
    }
  }

  /** The current time as RFC 3339 in UTC, to the millisecond. */
  static String timestamp(Clock clock) {
    long millis = clock.millis();
    Timestamp last = lastTimestamp;
    if (last.millis != millis) {
      last = new Timestamp(millis, Instant.ofEpochMilli(millis).toString());
      lastTimestamp = last;
    }
    return last.text;
  }

  /** The name of a field in violations, such as {@code items[2].email}. */
  static String field(int item, String name) {
    return item == ALONE ? name : "items[" + item + "]." + name;
  }

  /**
   * Returns true if a text has more than a number of bytes in UTF-8. Reads at most that many chars,
   * unlike the size that a message offers, which encodes all of the text first.
   */
  private static boolean isLarger(String text, int maxBytes) {
    int length = text.length();
    if (length > maxBytes || length * MAX_BYTES_PER_CHAR <= maxBytes) {
      return length > maxBytes;
    }
    int bytes = 0;
    for (int i = 0; i < length; i++) {
      char c = text.charAt(i);
      // Two surrogates make one code point of four bytes.
      bytes += c < 0x80 ? 1 : c < 0x800 || Character.isSurrogate(c) ? 2 : MAX_BYTES_PER_CHAR;
    }
    return bytes > maxBytes;
  }

  /** Returns the name to store: trimmed, in normal form C; empty when it is too long. */
  private static String normalName(String name) {
    if (isLarger(name, NAME_BYTES)) {
      return "";
    }
    if (isPlain(name)) {
      return name;
    }
    String trimmed = trimmed(name);
    return trimmed.codePointCount(0, trimmed.length()) > CODE_POINTS_BEFORE_NORMALIZING
        ? ""
        : Normalizer.normalize(trimmed, Normalizer.Form.NFC);
  }

  private static String trimmed(String name) {
    int start = 0;
    int end = name.length();
    while (start < end && isWhiteSpace(name.codePointAt(start))) {
      start += Character.charCount(name.codePointAt(start));
    }
    while (end > start && isWhiteSpace(name.codePointBefore(end))) {
      end -= Character.charCount(name.codePointBefore(end));
    }
    return name.substring(start, end);
  }

  /**
   * Returns true if a code point has the Unicode property White_Space (PropList.txt): all
   * separators, and six control characters. {@link Character#isWhitespace} is another set.
   */
  static boolean isWhiteSpace(int codePoint) {
    return Character.isSpaceChar(codePoint)
        || codePoint >= '\t' && codePoint <= '\r'
        || codePoint == 0x85;
  }

  /** Returns true for printable ASCII without white space around it, which is already normal. */
  private static boolean isPlain(String name) {
    for (int i = 0; i < name.length(); i++) {
      if (!isPrintable(name.charAt(i))) {
        return false;
      }
    }
    return !name.startsWith(" ") && !name.endsWith(" ");
  }

  private static boolean isPrintable(int codePoint) {
    return codePoint >= ' ' && codePoint <= '~';
  }

  /** Returns true for a name with control characters, or Unicode's line or paragraph separator. */
  private static boolean breaksLine(String name) {
    int codePoint;
    for (int i = 0; i < name.length(); i += Character.charCount(codePoint)) {
      codePoint = name.codePointAt(i);
      if (!isPrintable(codePoint) && breaksLine(Character.getType(codePoint))) {
        return true;
      }
    }
    return false;
  }

  private static boolean breaksLine(int type) {
    return type == Character.CONTROL
        || type == Character.LINE_SEPARATOR
        || type == Character.PARAGRAPH_SEPARATOR;
  }
}
