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
import java.util.regex.Pattern;

/** What a request has to look like. Every rule finds all violations before it refuses. */
final class UserRules {

  static final int NAME_CODE_POINTS = 100;
  static final int EMAIL_BYTES = 254;
  static final int MAX_AGE = 150;
  static final int MESSAGE_BYTES = 4_096;
  static final int TIMESTAMP_BYTES = 64;

  /** In the place of an item's number, for a user who is not one of a batch. */
  static final int ALONE = -1;

  /**
   * No text that is longer can have a normal form C of {@link #NAME_CODE_POINTS}: canonical
   * decomposition makes at most four code points of one, and a code point is at most two chars. It
   * keeps the price of normalizing a hostile name down.
   */
  private static final int NAME_CHARS_BEFORE_NORMALIZING = NAME_CODE_POINTS * 4 * 2;

  private static final Pattern OUTER_WHITE_SPACE =
      Pattern.compile("^\\p{IsWhite_Space}++|\\p{IsWhite_Space}++$");

  /** A moment, and how it is written: many messages come in the same millisecond. */
  private record Timestamp(long millis, String text) {}

  /** Any thread may replace it, by one that is right too. */
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
   * The user that a request asks for, but for its id.
   *
   * @param item which of a batch it is; {@link #ALONE} for none of one
   * @param violations where violations go; the result has a meaning only if none came
   */
  static UserResponse draft(
      CreateUserRequest request, int item, Clock clock, List<Violation> violations) {
    String name = normalName(request.getName());
    if (name.isEmpty() || name.codePointCount(0, name.length()) > NAME_CODE_POINTS) {
      violations.add(new Violation(field(item, "name"), "must have 1 to 100 characters"));
    } else if (breaksLine(name)) {
      violations.add(new Violation(field(item, "name"), "must not contain control characters"));
    }
    if (request.getEmailBytes().size() > EMAIL_BYTES) {
      violations.add(new Violation(field(item, "email"), "must have at most 254 bytes"));
    } else if (!EmailAddress.isValid(request.getEmail())) {
      violations.add(
          new Violation(
              field(item, "email"), "must be an e-mail address such as alice@example.com"));
    }
    if (request.getAge() < 0 || request.getAge() > MAX_AGE) {
      violations.add(new Violation(field(item, "age"), "must be 0 (not given) to 150"));
    }
    return UserResponse.newBuilder()
        .setName(name)
        .setEmail(request.getEmail())
        .setAge(request.getAge())
        .setCreatedAt(timestamp(clock))
        .build();
  }

  /**
   * The message as the others get it: as it came, with a timestamp if it had none, and of who has
   * said it.
   *
   * @param speaksAs the user that has said it; 0 when the message may say
   */
  static UserMessage spoken(UserMessage message, int speaksAs, Clock clock) {
    List<Violation> violations = new ArrayList<>();
    int bytes = message.getMessageBytes().size();
    if (bytes < 1 || bytes > MESSAGE_BYTES) {
      violations.add(new Violation("message", "must have 1 to 4096 bytes"));
    }
    if (message.getTimestampBytes().size() > TIMESTAMP_BYTES) {
      violations.add(new Violation("timestamp", "must have at most 64 bytes"));
    }
    refuse(violations);
    if (speaksAs == 0 && !message.getTimestamp().isEmpty()) {
      return message;
    }
    UserMessage.Builder spoken = message.toBuilder();
    if (speaksAs != 0) {
      spoken.setUserId(speaksAs);
    }
    return message.getTimestamp().isEmpty()
        ? spoken.setTimestamp(timestamp(clock)).build()
        : spoken.build();
  }

  static void refuse(List<Violation> violations) {
    if (!violations.isEmpty()) {
      throw UserException.invalid(violations);
    }
  }

  /** RFC 3339 in UTC, to the millisecond. */
  static String timestamp(Clock clock) {
    long millis = clock.millis();
    Timestamp last = lastTimestamp;
    if (last.millis != millis) {
      last = new Timestamp(millis, Instant.ofEpochMilli(millis).toString());
      lastTimestamp = last;
    }
    return last.text;
  }

  /** The name of a field as violations give it, such as {@code items[2].email}. */
  static String field(int item, String name) {
    return item == ALONE ? name : "items[" + item + "]." + name;
  }

  private static String normalName(String name) {
    if (isPlain(name)) {
      return name;
    }
    String trimmed = OUTER_WHITE_SPACE.matcher(name).replaceAll("");
    return trimmed.length() > NAME_CHARS_BEFORE_NORMALIZING
        ? trimmed
        : Normalizer.normalize(trimmed, Normalizer.Form.NFC);
  }

  /**
   * Whether a name is printable ASCII without white space around it: then it is as it should be.
   */
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

  /** Control characters, and the two that Unicode has for the end of a line and of a paragraph. */
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
