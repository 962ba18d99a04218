package dev.userservice.user;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.userservice.proto.CreateUserRequest;
import dev.userservice.proto.GetUserRequest;
import dev.userservice.proto.ListUsersRequest;
import dev.userservice.proto.UserMessage;
import dev.userservice.proto.UserResponse;
import dev.userservice.user.UserException.Violation;
import java.nio.charset.StandardCharsets;
import java.text.Normalizer;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.Timeout.ThreadMode;

/** The rules field by field, and the cost of hostile texts. */
class UserRulesTest {

  private static final Clock CLOCK =
      Clock.fixed(Instant.parse("2025-10-29T10:00:00Z"), ZoneOffset.UTC);

  private static final Violation NAME_LENGTH =
      new Violation("name", "must have 1 to 100 characters");
  private static final Violation NAME_CONTROL =
      new Violation("name", "must not contain control characters");
  private static final Violation EMAIL_SIZE = new Violation("email", "must have at most 254 bytes");
  private static final Violation EMAIL_FORM =
      new Violation("email", "must be an e-mail address such as alice@example.com");
  private static final Violation AGE = new Violation("age", "must be 0 (not given) to 150");
  private static final Violation MESSAGE = new Violation("message", "must have 1 to 4096 bytes");
  private static final Violation TIMESTAMP =
      new Violation("timestamp", "must have at most 64 bytes");

  private static final String IDEOGRAPHIC_SPACE = "\u3000";

  /** Four bytes in UTF-8; a surrogate pair in Java. */
  private static final String EMOJI = "\ud83d\ude00";

  @Test
  void draft_goodUser() {
    UserResponse user = draft(alice().setAge(150).build());

    assertThat(user)
        .isEqualTo(
            UserResponse.newBuilder()
                .setName("Alice")
                .setEmail("alice@example.com")
                .setAge(150)
                .setCreatedAt("2025-10-29T10:00:00Z")
                .build());
  }

  @Test
  void draft_everyBadField() {
    CreateUserRequest bad =
        CreateUserRequest.newBuilder().setName("\n").setEmail("a").setAge(-1).build();

    assertThat(violations(bad)).containsExactly(NAME_LENGTH, EMAIL_FORM, AGE);
    assertThat(violations(alice().setName("a\u0000b").setAge(151).build()))
        .containsExactly(NAME_CONTROL, AGE);
    assertThat(violations(alice().setName("a\u2028b").build())).containsExactly(NAME_CONTROL);
    assertThat(violations(alice().setName("a\u2029b").build())).containsExactly(NAME_CONTROL);
  }

  @Test
  void draft_itemOfABatch_namesItsIndexAndHoldsNothing() {
    List<Violation> violations = new ArrayList<>(List.of(AGE));
    CreateUserRequest bad = alice().setEmail("a".repeat(255)).build();

    UserResponse user = UserRules.draft(bad, 7, CLOCK, violations);

    assertThat(violations).containsExactly(AGE, new Violation("items[7].email", EMAIL_SIZE.rule()));
    assertThat(user).as("of a refused item").isEqualTo(UserResponse.getDefaultInstance());
  }

  @Test
  void draft_nameOfTheMaxLength() {
    for (String character : List.of("a", "\u00e9", "\u6f22", EMOJI)) {
      assertThat(name(character.repeat(100))).isEqualTo(character.repeat(100));
      assertThat(nameViolations(character.repeat(101))).as(character).containsExactly(NAME_LENGTH);
    }
  }

  @Test
  void draft_name_isStoredInNormalFormC() {
    assertThat(name("Zoe\u0308")).isEqualTo("Zo\u00eb");
    String hardest =
        IntStream.rangeClosed(0, Character.MAX_CODE_POINT)
            .filter(c -> Character.isLetter(c) && isOneInNormalFormC(c))
            .mapToObj(c -> Normalizer.normalize(Character.toString(c), Normalizer.Form.NFD))
            .max((a, b) -> Integer.compare(bytes(a), bytes(b)))
            .orElseThrow();

    String longest = hardest.repeat(100);

    assertThat(bytes(longest)).as("as UserRules.NAME_BYTES says").isBetween(900, 1_200);
    assertThat(name(longest).codePoints()).hasSize(100);
    assertThat(name("\u03b1\u0313\u0300\u0345".repeat(100))).isEqualTo("\u1f82".repeat(100));
  }

  private static boolean isOneInNormalFormC(int codePoint) {
    String text = Character.toString(codePoint);
    return Normalizer.normalize(text, Normalizer.Form.NFC).equals(text);
  }

  @Test
  void draft_nameWithWhiteSpaceAroundIt_isTrimmed() {
    assertThat(name(" \t\r\n\u0085\u2028 Alice B \u00a0\u2003\u3000")).isEqualTo("Alice B");
    assertThat(name(IDEOGRAPHIC_SPACE.repeat(282) + "a".repeat(100))).isEqualTo("a".repeat(100));
    for (String empty : List.of("", " ", "\u3000\u2029")) {
      assertThat(nameViolations(empty)).as("<%s>", empty).containsExactly(NAME_LENGTH);
    }
  }

  @Test
  void whiteSpace_sameAsUnicode() {
    Pattern unicode = Pattern.compile("\\p{IsWhite_Space}");
    for (int c = 0; c <= Character.MAX_CODE_POINT; c++) {
      boolean expected = unicode.matcher(Character.toString(c)).matches();
      assertThat(UserRules.isWhiteSpace(c)).as("U+%04X", c).isEqualTo(expected);
    }
  }

  @Test
  void draft_nameLargerThanItsLimit_isRefusedBeforeItIsRead() {
    assertThat(name("a" + " ".repeat(UserRules.NAME_BYTES - 1))).isEqualTo("a");
    for (String padded : List.of(" ", "\u00a0", IDEOGRAPHIC_SPACE)) {
      int most = (UserRules.NAME_BYTES - 1) / bytes(padded);
      assertThat(name("a" + padded.repeat(most))).isEqualTo("a");
      assertThat(nameViolations("a" + padded.repeat(most + 1)))
          .as("U+%04X", padded.codePointAt(0))
          .containsExactly(NAME_LENGTH);
    }
    // The size is checked before the control character is found.
    assertThat(nameViolations("\u0000" + " ".repeat(UserRules.NAME_BYTES)))
        .containsExactly(NAME_LENGTH);
  }

  @Test
  @Timeout(value = 10, unit = TimeUnit.SECONDS, threadMode = ThreadMode.SEPARATE_THREAD)
  void draft_nameOfAMillionSpacesBetweenLetters() {
    assertThat(nameViolations("a" + IDEOGRAPHIC_SPACE.repeat(1_300_000) + "a"))
        .containsExactly(NAME_LENGTH);
  }

  @Test
  @Timeout(value = 10, unit = TimeUnit.SECONDS, threadMode = ThreadMode.SEPARATE_THREAD)
  void draft_manyNamesOfCombiningMarks() {
    // Within the limit of bytes; canonical reordering would move every second mark past the others.
    String name = "a" + "\u0345".repeat(400) + "\u0334".repeat(399);
    for (int i = 0; i < 100_000; i++) {
      assertThat(nameViolations(name)).containsExactly(NAME_LENGTH);
    }
  }

  @Test
  void draft_email() {
    String longest = "a".repeat(250) + "@b.c";
    assertThat(draft(alice().setEmail(longest).build()).getEmail()).isEqualTo(longest);
    assertThat(violations(alice().setEmail("a" + longest).build())).containsExactly(EMAIL_SIZE);
    assertThat(violations(alice().setEmail("\u00e9".repeat(127)).build()))
        .containsExactly(EMAIL_FORM);
    for (String large : List.of("\u00e9".repeat(128), "\u6f22".repeat(85), EMOJI.repeat(64))) {
      assertThat(violations(alice().setEmail(large).build())).containsExactly(EMAIL_SIZE);
    }
  }

  @Test
  void check_ids() {
    UserRules.check(GetUserRequest.newBuilder().setUserId(1).build());
    UserRules.check(ListUsersRequest.getDefaultInstance());

    assertThat(refused(() -> UserRules.check(GetUserRequest.getDefaultInstance())))
        .containsExactly(new Violation("user_id", "must be 1 or more"));
    ListUsersRequest bad = ListUsersRequest.newBuilder().setLimit(-1).setAfterUserId(-1).build();
    assertThat(refused(() -> UserRules.check(bad)))
        .containsExactly(
            new Violation("limit", "must be 0 (all) or more"),
            new Violation("after_user_id", "must be 0 (the beginning) or more"));
  }

  @Test
  void spoken_fillsInMissingFields() {
    UserMessage said = UserMessage.newBuilder().setUserId(3).setMessage("Hello").build();
    UserMessage dated = said.toBuilder().setTimestamp("yesterday").build();

    assertThat(UserRules.spoken(dated, 0, CLOCK)).isSameAs(dated);
    assertThat(UserRules.spoken(dated, 7, CLOCK)).isEqualTo(dated.toBuilder().setUserId(7).build());
    assertThat(UserRules.spoken(said, 0, CLOCK))
        .isEqualTo(said.toBuilder().setTimestamp("2025-10-29T10:00:00Z").build());
  }

  @Test
  void spoken_sizes() {
    for (String character : List.of("a", "\u00e9", EMOJI)) {
      String most = character.repeat(4_096 / bytes(character));
      UserMessage said = UserMessage.newBuilder().setMessage(most).setTimestamp("t").build();
      assertThat(UserRules.spoken(said, 0, CLOCK)).isSameAs(said);
      UserMessage large =
          UserMessage.newBuilder().setMessage(most + "a").setTimestamp("t".repeat(65)).build();
      assertThat(refused(() -> UserRules.spoken(large, 0, CLOCK)))
          .containsExactly(MESSAGE, TIMESTAMP);
    }
    assertThat(refused(() -> UserRules.spoken(UserMessage.getDefaultInstance(), 0, CLOCK)))
        .containsExactly(MESSAGE);
  }

  private static CreateUserRequest.Builder alice() {
    return CreateUserRequest.newBuilder().setName("Alice").setEmail("alice@example.com");
  }

  private static UserResponse draft(CreateUserRequest request) {
    List<Violation> violations = new ArrayList<>();
    UserResponse user = UserRules.draft(request, UserRules.ALONE, CLOCK, violations);
    assertThat(violations).isEmpty();
    return user;
  }

  private static String name(String name) {
    return draft(alice().setName(name).build()).getName();
  }

  private static List<Violation> violations(CreateUserRequest request) {
    List<Violation> violations = new ArrayList<>();
    UserRules.draft(request, UserRules.ALONE, CLOCK, violations);
    return violations;
  }

  private static List<Violation> nameViolations(String name) {
    return violations(alice().setName(name).build());
  }

  private static List<Violation> refused(Runnable check) {
    return catchThrowableOfType(UserException.class, check::run).violations();
  }

  private static int bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8).length;
  }
}
