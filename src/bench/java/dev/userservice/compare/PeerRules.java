package dev.userservice.compare;

import dev.userservice.proto.CreateUserRequest;
import dev.userservice.store.Emails;
import dev.userservice.user.EmailAddress;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * The checks that ours makes of new users, for a peer that does the same: the name, the age,
 * the e-mail address, and that it belongs to no other user. A batch is created as a whole.
 */
final class PeerRules {

  private static final int NAME_CHARACTERS = 100;
  private static final int MAX_AGE = 150;
  private static final int EMAIL_CHARACTERS = 254;

  private final Set<String> emails = new HashSet<>();

  /** Takes the addresses of all users, or fails and takes none. */
  void take(List<CreateUserRequest> users) {
    Set<String> own = new HashSet<>();
    for (CreateUserRequest user : users) {
      check(user);
      String email = Emails.canonical(user.getEmail());
      if (emails.contains(email) || !own.add(email)) {
        throw new IllegalArgumentException("email: belongs to another user");
      }
    }
    emails.addAll(own);
  }

  private static void check(CreateUserRequest user) {
    String name = user.getName().strip();
    if (name.isEmpty() || name.codePointCount(0, name.length()) > NAME_CHARACTERS) {
      throw new IllegalArgumentException("name: must have 1 to 100 characters");
    }
    if (name.codePoints().anyMatch(Character::isISOControl)) {
      throw new IllegalArgumentException("name: must not contain control characters");
    }
    if (user.getAge() < 0 || user.getAge() > MAX_AGE) {
      throw new IllegalArgumentException("age: must be 0 to 150");
    }
    String email = user.getEmail();
    if (email.length() > EMAIL_CHARACTERS || !EmailAddress.isValid(email)) {
      throw new IllegalArgumentException("email: must be an e-mail address");
    }
  }
}
