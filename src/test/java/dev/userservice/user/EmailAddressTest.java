package dev.userservice.user;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

class EmailAddressTest {

  /** The rules of the HTML standard. */
  private static final Pattern STANDARD =
      Pattern.compile(
          "[a-zA-Z0-9.!#$%&'*+\\/=?^_`{|}~-]+@[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?"
              + "(?:\\.[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?)*");

  @Test
  void isValid_wellKnown() {
    assertThat(EmailAddress.isValid("alice@example.com")).isTrue();
    assertThat(EmailAddress.isValid(".!#$%&'*+/=?^_`{|}~-@a")).isTrue();
    assertThat(EmailAddress.isValid("a@" + "b".repeat(63))).isTrue();
    assertThat(EmailAddress.isValid("a@" + "b".repeat(64))).isFalse();
    for (String bad :
        new String[] {
          "",
          "@",
          "a",
          "a@",
          "@b",
          "a@b@c",
          "a@-b",
          "a@b-",
          "a@.b",
          "a@b.",
          "a@b..c",
          "a b@c",
          "a@b\n",
          "\u00e4@b",
          "a@b.\u00e4"
        }) {
      assertThat(EmailAddress.isValid(bad)).as(bad).isFalse();
    }
  }

  @Test
  void isValid_sameAsTheExpressionOfTheStandard() {
    Random random = new Random(7);
    String chars = "aZ09.-@@!~_ ,(\u00e4\n";
    int valid = 0;
    for (int i = 0; i < 300_000; i++) {
      StringBuilder text = new StringBuilder();
      for (int j = random.nextInt(9); j >= 0; j--) {
        text.append(chars.charAt(random.nextInt(chars.length())));
      }
      boolean expected = STANDARD.matcher(text).matches();
      assertThat(EmailAddress.isValid(text.toString())).as(text.toString()).isEqualTo(expected);
      valid += expected ? 1 : 0;
    }
    assertThat(valid).isGreaterThan(1_000);
  }
}
