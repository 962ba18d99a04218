package dev.userservice.store;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashMap;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

class EmailIndexTest {

  private final Map<Integer, String> emails = new HashMap<>();
  private final EmailIndex index = new EmailIndex(emails::get);

  @Test
  void add_takenAddress_isRefused() {
    assertThat(add("alice@example.com", 1)).isTrue();
    assertThat(index.add("alice@example.com", 2)).isFalse();
    assertThat(add("bob@example.com", 2)).isTrue();
    assertThat(index.add("bob@example.com", 3)).isFalse();
  }

  @Test
  void remove_freesOnlyThatAddress() {
    Map<String, Integer> expected = new HashMap<>();
    Random random = new Random(11);
    for (int userId = 1; userId <= 200_000; userId++) {
      // Few addresses, so that many are taken; crowded tables, so that many share slots.
      String email = "user" + random.nextInt(20_000) + "@example.com";
      Integer owner = expected.get(email);
      if (owner != null && random.nextBoolean()) {
        index.remove(email, owner);
        expected.remove(email);
        owner = null;
      }
      assertThat(add(email, userId)).isEqualTo(owner == null);
      if (owner == null) {
        expected.put(email, userId);
      }
    }
    assertThat(expected).hasSizeGreaterThan(15_000);
    expected.forEach((email, userId) -> assertThat(index.add(email, 0)).as(email).isFalse());
  }

  private boolean add(String email, int userId) {
    if (!index.add(email, userId)) {
      return false;
    }
    emails.put(userId, email);
    return true;
  }
}
