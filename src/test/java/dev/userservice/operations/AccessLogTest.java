package dev.userservice.operations;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class AccessLogTest {

  @Test
  void printable_keepsVisibleAsciiOnly() {
    assertThat(AccessLog.printable("")).isEmpty();
    assertThat(AccessLog.printable("users.v1.UserService/GetUser!~"))
        .isEqualTo("users.v1.UserService/GetUser!~");
    assertThat(AccessLog.printable("a b\r\nc\u007f\u00e9\u6f22\ud83d\ude00\ud83d"))
        .isEqualTo("a?b??c?????");
  }

  @Test
  void printable_longText_isCut() {
    assertThat(AccessLog.printable("x".repeat(200))).isEqualTo("x".repeat(200));
    assertThat(AccessLog.printable("x".repeat(201))).isEqualTo("x".repeat(200) + "...");
    assertThat(AccessLog.printable("\ud83d\ude00".repeat(200))).isEqualTo("?".repeat(200));
    assertThat(AccessLog.printable("\n".repeat(1_000_000))).isEqualTo("?".repeat(200) + "...");
  }
}
