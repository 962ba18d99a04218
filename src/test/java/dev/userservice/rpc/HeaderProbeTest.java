package dev.userservice.rpc;

import static dev.userservice.rpc.Frames.cut;
import static dev.userservice.rpc.Frames.frame;
import static org.assertj.core.api.Assertions.assertThat;

import dev.userservice.rpc.RawClient.Answer;
import dev.userservice.rpc.RawClient.RawCall;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Headers, methods and paths: timeouts, types of content, binary metadata. */
class HeaderProbeTest extends ProbeCalls {

  @ParameterizedTest
  @MethodSource("malformedTimeouts")
  void timeout_malformed(String timeout) throws Exception {
    client = new RawClient(server.port());

    Answer answer = getUser("grpc-timeout", timeout);

    assertAnswer(answer, INTERNAL, "grpc-timeout must be");
  }

  static Stream<String> malformedTimeouts() {
    return Stream.of("", "1", "m", "-1m", "+1m", "123456789m", "1x", "1.5S", "1 m", "0x1m", "1mm");
  }

  @Test
  void timeout_ofEveryUnit() throws Exception {
    client = new RawClient(server.port());
    for (String timeout :
        List.of("1H", "1M", "5S", "5000m", "9000000u", "99999999n", "99999999H")) {
      assertThat(getUser("grpc-timeout", timeout).grpcStatus()).as(timeout).isEqualTo(OK);
    }
    for (String timeout : List.of("0S", "0n", "1n", "999999n", "1u", "999u")) {
      assertAnswer(getUser("grpc-timeout", timeout), DEADLINE_EXCEEDED, timeout);
    }
  }

  @Test
  void timeout_inEveryStateOfEveryKind() throws Exception {
    client = new RawClient(server.port());
    for (Kind kind : Kind.values()) {
      byte[] good = frame(kind.message);
      List<RawCall> waiting =
          List.of(
              timed(kind),
              timed(kind).data(good, false),
              timed(kind).data(cut(good, 3), false),
              timed(kind).data(cut(good, good.length - 1), false));
      for (RawCall call : waiting) {
        assertAnswer(call.answer(), DEADLINE_EXCEEDED, "60m");
      }
    }
  }

  private RawCall timed(Kind kind) {
    return client.post(SERVICE + kind.method, withContentType(Map.of("grpc-timeout", "60m")));
  }

  @Test
  void contentType_thatIsGrpc() throws Exception {
    client = new RawClient(server.port());
    for (String type :
        List.of(
            "application/grpc",
            "application/grpc+proto",
            "application/grpc;charset=utf-8",
            "application/grpc ; charset=utf-8",
            "application/grpc+proto; a=b; c=d",
            "Application/GRPC",
            "APPLICATION/GRPC+PROTO;Charset=x")) {
      assertThat(typed(type).grpcStatus()).as(type).isEqualTo(OK);
    }
  }

  @Test
  void contentType_thatIsNotGrpc() throws Exception {
    client = new RawClient(server.port());
    for (String type :
        List.of(
            "",
            "text/plain",
            "application/xml",
            "application/connect",
            "application/connect+xml",
            "application/grpcx",
            "APPLICATION/GRPC+XML",
            "application/grpc-web+text")) {
      Answer answer = typed(type);
      assertThat(answer.httpStatus()).as(type).isEqualTo("415");
      assertThat(answer.grpcStatus()).as(type).isEqualTo(INTERNAL);
    }
    assertThat(
            client.post(SERVICE + "GetUser", Map.of()).data(frame(GET), true).answer().httpStatus())
        .isEqualTo("415");
  }

  /** A good call of GetUser, but for one header. */
  private Answer getUser(String header, String value) throws Exception {
    return call(client, "GetUser", Map.of(header, value), frame(GET)).answer();
  }

  private Answer typed(String type) throws Exception {
    return client
        .post(SERVICE + "GetUser", Map.of("content-type", type))
        .data(frame(GET), true)
        .answer();
  }

  @Test
  void httpMethod_thatIsNotPost() throws Exception {
    client = new RawClient(server.port());
    for (String method : List.of("GET", "HEAD", "PUT", "DELETE", "OPTIONS")) {
      Answer answer =
          client.open(method, SERVICE + "CreateUser", withContentType(Map.of()), true).answer();
      assertThat(answer.httpStatus()).isEqualTo("405");
      assertThat(answer.headers().get("allow")).hasToString("POST");
    }
    Answer answer =
        client.open("PUT", SERVICE + "GetUser", withContentType(Map.of()), true).answer();
    assertThat(answer.headers().get("allow")).hasToString("GET, POST");
  }

  @Test
  void path_thatIsNotServed() throws Exception {
    client = new RawClient(server.port());
    for (String path :
        List.of(
            "/users.v1.UserService/Nope",
            "/no.such.Service/GetUser",
            "/",
            "/x",
            "//",
            "/users.v1.UserService/GetUser/x",
            "/users.v1.UserService/getuser")) {
      Answer answer = client.post(path, withContentType(Map.of())).data(frame(GET), true).answer();
      assertAnswer(answer, UNIMPLEMENTED, "the method " + path.substring(1));
    }
  }

  @Test
  void metadata_binary() throws Exception {
    client = new RawClient(server.port());
    for (String good : List.of("", "AAEC", "AAE=", "AAE", "AAEC,AAE", "AAEC, AAE=")) {
      assertThat(getUser("x-bin", good).grpcStatus()).as(good).isEqualTo(OK);
    }
    for (String bad : List.of("!", "A", "AAEC,!", "AA=C")) {
      assertAnswer(getUser("x-bin", bad), INTERNAL, "x-bin");
    }
  }

  @Test
  void headersThatEndTheStream() throws Exception {
    client = new RawClient(server.port());
    for (Kind kind : Kind.values()) {
      Answer answer =
          client.open("POST", SERVICE + kind.method, withContentType(Map.of()), true).answer();
      assertAnswer(answer, kind.takesOne() ? INTERNAL : OK, "");
    }
  }
}
