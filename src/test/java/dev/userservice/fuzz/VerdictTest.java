package dev.userservice.fuzz;

import static org.assertj.core.api.Assertions.assertThat;

import dev.userservice.server.OperationsRpcs;
import java.io.ByteArrayInputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The fuzz reports the faults of the server, and nothing else. */
class VerdictTest {

  private static final String TRAILERS = "\u0080\0\0\0\u000fgrpc-status:0\r\n";

  @Test
  void methods_areThoseOfTheServer() {
    assertThat(Stream.of(Rpc.values()).map(rpc -> rpc.fullName))
        .containsExactlyInAnyOrderElementsOf(OperationsRpcs.allMethods());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          3  | Window size overflow for stream: 17 after SETTINGS_INITIAL_WINDOW_SIZE change          | false
          11 | Maximum number 2 of empty data frames without end_of_stream flag received              | false
          3  | Window size overflow for stream: 17                                                    | true
          11 | Maximum number 3 of empty data frames without end_of_stream flag received              | true
          1  | Window size overflow for stream: 17 after SETTINGS_INITIAL_WINDOW_SIZE change          | true
          0  |                                                                                        | true
          """)
  void goAway(int code, String debug, boolean isFault) throws Exception {
    byte[] text = Bytes.latin1(debug == null ? "" : debug);
    byte[] payload = ByteBuffer.allocate(8 + text.length).putInt(1).putInt(code).put(text).array();
    Http2Answers answers =
        new Http2Answers(
            new ByteArrayInputStream(Frame.frame(Frame.GOAWAY, 0, 0, payload)),
            OutputStream.nullOutputStream());
    answers.readFrame();
    List<Fault> faults = new ArrayList<>();

    Verdict.ofCalls(Map.of(), answers, "", faults);

    assertThat(faults).hasSize(isFault ? 1 : 0);
  }

  @Test
  void http10_answerWithoutLength_isReadToTheEndOfTheConnection() throws Exception {
    assertStatusIsRead("application/grpc-web", TRAILERS);
  }

  @Test
  void answerInBase64_isReadPieceByPiece() throws Exception {
    assertStatusIsRead("application/grpc-web-text", base64("\0\0\0\0\u0002ab") + base64(TRAILERS));
  }

  private static String base64(String bytes) {
    return Base64.getEncoder().encodeToString(Bytes.latin1(bytes));
  }

  private static void assertStatusIsRead(String contentType, String body) throws Exception {
    String answer = "HTTP/1.0 200 OK\r\ncontent-type: " + contentType + "\r\n\r\n" + body;
    Http1Answers answers = new Http1Answers(new ByteArrayInputStream(Bytes.latin1(answer)));
    answers.readAnswer();
    List<Fault> faults = new ArrayList<>();

    Verdict.of(answers.answers(), faults);

    assertThat(faults).isEmpty();
    assertThat(answers.answers().get(0).status()).isZero();
  }
}
