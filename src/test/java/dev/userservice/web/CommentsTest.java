package dev.userservice.web;

import static com.google.protobuf.DescriptorProtos.FileDescriptorProto.MESSAGE_TYPE_FIELD_NUMBER;
import static com.google.protobuf.DescriptorProtos.FileDescriptorProto.SYNTAX_FIELD_NUMBER;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.DescriptorProtos.DescriptorProto;
import com.google.protobuf.DescriptorProtos.FileDescriptorProto;
import com.google.protobuf.DescriptorProtos.FileDescriptorSet;
import com.google.protobuf.DescriptorProtos.SourceCodeInfo.Location;
import dev.userservice.kit.LogLines;
import org.junit.jupiter.api.Test;

class CommentsTest {

  @Test
  void comment_losesItsMarkersAndKeepsItsParagraphs() {
    Location.Builder location =
        Location.newBuilder()
            .setLeadingComments(" First line.  \n Second line.\n\n   A table:\n  x   y\n")
            .setTrailingComments(" behind\n");

    assertThat(comment(location)).isEqualTo("First line.\nSecond line.\n\n  A table:\n x   y");
  }

  @Test
  void comment_behindTheDeclaration_isTakenWhereNoneIsInFront() {
    assertThat(comment(Location.newBuilder().setTrailingComments(" years\n"))).isEqualTo("years");
  }

  @Test
  void comment_thatIsDetached_isAboutSomethingElse() {
    Location.Builder location =
        Location.newBuilder()
            .addLeadingDetachedComments(" Copyright, and all rights.\n")
            .setLeadingComments(" One.\n");

    assertThat(comment(location)).isEqualTo("One.");
    assertThat(comment(Location.newBuilder().addLeadingDetachedComments(" Copyright.\n")))
        .isEmpty();
  }

  @Test
  void comments_ofTheHead_belongToNothing() {
    Comments comments =
        comments(
            Location.newBuilder().addPath(SYNTAX_FIELD_NUMBER).setLeadingComments(" Copyright\n"));

    assertThat(comments.of("")).isEmpty();
    assertThat(comments.of("x.M")).isEmpty();
    assertThat(comments.of("x")).isEmpty();
  }

  @Test
  void fileOfComments_thatIsAbsentOrBroken_isLoggedOnceAndEmpty() {
    try (LogLines log = LogLines.of(Comments.class.getName())) {
      assertThat(Comments.read("web/none.binpb").of("users.v1.UserService.GetUser")).isEmpty();
      assertThat(log.messages())
          .singleElement()
          .asString()
          .contains("lacks the comments", "web/none.binpb is missing");

      assertThat(Comments.read("web/index.html").of("users.v1.UserService.GetUser")).isEmpty();
      assertThat(log.messages()).hasSize(2).last().asString().contains("lacks the comments");
    }
  }

  /** The comment that a location gives to the message {@code x.M}. */
  private static String comment(Location.Builder location) {
    return comments(location.addPath(MESSAGE_TYPE_FIELD_NUMBER).addPath(0)).of("x.M");
  }

  private static Comments comments(Location.Builder location) {
    FileDescriptorProto.Builder file =
        FileDescriptorProto.newBuilder()
            .setPackage("x")
            .addMessageType(DescriptorProto.newBuilder().setName("M"));
    file.getSourceCodeInfoBuilder().addLocation(location);
    return Comments.of(FileDescriptorSet.newBuilder().addFile(file).build());
  }
}
