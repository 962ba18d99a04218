package dev.userservice.rpc;

import static dev.userservice.rpc.Frames.cut;
import static dev.userservice.rpc.Frames.frame;
import static dev.userservice.rpc.Frames.gzip;
import static dev.userservice.rpc.Frames.gzipped;
import static dev.userservice.rpc.Frames.join;
import static dev.userservice.rpc.Frames.splits;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.MessageLite;
import dev.userservice.kit.Requests;
import dev.userservice.proto.UserMessage;
import dev.userservice.rpc.RawClient.Answer;
import dev.userservice.rpc.RawClient.RawCall;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Messages that are cut, too large, compressed or malformed, however DATA frames split them. */
class MessageProbeTest extends ProbeCalls {

  private static final int LIMIT = 65_536;

  static Stream<Arguments> bodies() {
    List<Arguments> probes = new ArrayList<>();
    for (Kind kind : Kind.values()) {
      byte[] good = frame(kind.message);
      byte[] payload = kind.message.toByteArray();
      Map<String, String> gzip = Map.of("grpc-encoding", "gzip");
      if (kind.takesOne()) {
        add(probes, kind, "no message", Map.of(), INTERNAL, "exactly one message, but none");
        add(probes, kind, "two messages", Map.of(), INTERNAL, "but more than one", good, good);
      } else {
        add(probes, kind, "no message", Map.of(), OK, "");
        add(probes, kind, "two messages", Map.of(), kind.goodStatus(), "", good, good);
        add(
            probes,
            kind,
            "good, then cut",
            Map.of(),
            INTERNAL,
            "middle of a message",
            good,
            cut(good, good.length - 1));
      }
      add(probes, kind, "one message", Map.of(), kind.goodStatus(), "", good);
      add(
          probes,
          kind,
          "cut message",
          Map.of(),
          INTERNAL,
          "middle of a message",
          cut(good, good.length - 1));
      add(probes, kind, "cut prefix", Map.of(), INTERNAL, "within the five bytes", cut(good, 3));
      add(probes, kind, "prefix alone", Map.of(), INTERNAL, "middle of a message", cut(good, 5));
      add(
          probes,
          kind,
          "flag without encoding",
          Map.of(),
          INTERNAL,
          "grpc-encoding is not set",
          frame(1, payload));
      add(
          probes,
          kind,
          "flag with identity",
          Map.of("grpc-encoding", "identity"),
          INTERNAL,
          "grpc-encoding is not set",
          frame(1, payload));
      for (int flags : new int[] {2, 0x80, 0xff}) {
        add(
            probes,
            kind,
            "reserved flags " + flags,
            Map.of(),
            INTERNAL,
            "reserved flags",
            frame(flags, payload));
      }
      add(
          probes,
          kind,
          "unknown encoding",
          Map.of("grpc-encoding", "snappy"),
          UNIMPLEMENTED,
          "gzip or identity",
          frame(1, payload));
      add(
          probes,
          kind,
          "unknown encoding, not used",
          Map.of("grpc-encoding", "snappy"),
          kind.goodStatus(),
          "",
          good);
      add(probes, kind, "gzip", gzip, kind.goodStatus(), "", gzipped(kind.message));
      add(probes, kind, "gzip, not used", gzip, kind.goodStatus(), "", good);
      add(probes, kind, "corrupt gzip", gzip, INTERNAL, "not in gzip format", frame(1, payload));
      add(
          probes,
          kind,
          "cut gzip",
          gzip,
          INTERNAL,
          "not in gzip format",
          frame(1, cut(gzip(payload), 12)));
      add(probes, kind, "no gzip", gzip, INTERNAL, "not in gzip format", frame(1, new byte[0]));
      add(
          probes,
          kind,
          "too large",
          Map.of(),
          RESOURCE_EXHAUSTED,
          "more than 65536 bytes",
          frame(0, LIMIT + 1, new byte[10]));
      add(
          probes,
          kind,
          "wrong length",
          Map.of(),
          RESOURCE_EXHAUSTED,
          "more than 65536 bytes",
          frame(0, -1, new byte[10]));
      add(
          probes,
          kind,
          "too large inflated",
          gzip,
          RESOURCE_EXHAUSTED,
          "more than 65536 bytes",
          frame(1, gzip(new byte[LIMIT + 1])));
      add(
          probes,
          kind,
          "no protobuf",
          Map.of(),
          INTERNAL,
          "not of the type",
          frame(0, new byte[] {-1, -1, -1}));
      add(
          probes,
          kind,
          "cut protobuf",
          Map.of(),
          INTERNAL,
          "not of the type",
          frame(0, new byte[] {8}));
    }
    byte[] badUtf8 = {10, 2, (byte) 0xc3, 0x28};
    probes.add(
        Arguments.of(
            "bad UTF-8", "CreateUser", Map.of(), INTERNAL, "not of the type", frame(0, badUtf8)));
    probes.add(
        Arguments.of(
            "empty message",
            "GetUser",
            Map.of(),
            INVALID_ARGUMENT,
            "user_id",
            frame(0, new byte[0])));
    return probes.stream();
  }

  private static void add(
      List<Arguments> probes,
      Kind kind,
      String name,
      Map<String, String> headers,
      int status,
      String message,
      byte[]... body) {
    probes.add(Arguments.of(name, kind.method, headers, status, message, join(body)));
  }

  @ParameterizedTest(name = "{1}: {0}")
  @MethodSource("bodies")
  void body(
      String name,
      String method,
      Map<String, String> headers,
      int status,
      String message,
      byte[] body)
      throws Exception {
    client = new RawClient(server.port());
    for (List<byte[]> split : splits(body)) {
      RawCall call = client.post(SERVICE + method, withContentType(headers));
      for (int i = 0; i < split.size(); i++) {
        call.data(split.get(i), i == split.size() - 1);
      }
      assertAnswer(call.answer(), status, message);
    }
    RawCall late = client.post(SERVICE + method, withContentType(headers));
    late.data(body, false).data(new byte[0], false).endWithTrailers();
    assertAnswer(late.answer(), status, message);
  }

  @Test
  void earlyFailure_isSentWhileTheCallerStillSends() throws Exception {
    client = new RawClient(server.port());
    for (Kind kind : Kind.values()) {
      RawCall call = client.post(SERVICE + kind.method, withContentType(Map.of()));
      call.data(frame(0x80, new byte[0]), false);
      assertThat(call.answer().grpcStatus()).isEqualTo(INTERNAL);
      call.data(new byte[10_000], false);
    }
  }

  @Test
  void manySmallMessagesInOneFrame_costLinearTime() throws Exception {
    client = new RawClient(server.port());
    byte[] message = frame(Requests.create("", "", -1));
    byte[] many = new byte[message.length * 200_000];
    for (int i = 0; i < 200_000; i++) {
      System.arraycopy(message, 0, many, i * message.length, message.length);
    }

    RawCall call = client.post(SERVICE + "StreamUsers", withContentType(Map.of()));
    // The first is not a chat message and ends the call; the rest is read and dropped.
    call.data(many, true);

    assertThat(call.answer().grpcStatus()).isEqualTo(INVALID_ARGUMENT);
  }

  @Test
  void gzipBombs_fiftyAtOnce() throws Exception {
    client = new RawClient(server.port());
    byte[] bomb = frame(1, Frames.bomb(200));
    List<RawCall> calls = new ArrayList<>();
    for (int i = 0; i < 50; i++) {
      calls.add(call(client, "CreateUser", Map.of("grpc-encoding", "gzip"), bomb));
    }
    for (RawCall call : calls) {
      assertAnswer(call.answer(), RESOURCE_EXHAUSTED, "more than 65536 bytes");
    }
  }

  @Test
  void anySequence_inAnySplit_givesTheSameMessages() throws Exception {
    Random random = new Random(7);
    client = new RawClient(server.port());
    for (int i = 0; i < 200; i++) {
      List<String> texts = new ArrayList<>();
      byte[] body = new byte[0];
      for (int m = 0; m < random.nextInt(6); m++) {
        texts.add("x".repeat(1 + random.nextInt(m % 2 == 0 ? 20 : 4_000)) + m);
        MessageLite message = Requests.says(1, texts.get(m));
        body = join(body, random.nextBoolean() ? frame(message) : gzipped(message));
      }
      RawCall call =
          client.post(SERVICE + "StreamUsers", withContentType(Map.of("grpc-encoding", "gzip")));
      for (int start = 0; start < body.length; ) {
        int end = Math.min(body.length, start + random.nextInt(random.nextBoolean() ? 9 : 3_000));
        call.data(Arrays.copyOfRange(body, start, end), false);
        start = end;
      }
      Answer answer = call.data(new byte[0], true).answer();

      assertThat(answer.grpcStatus()).isEqualTo(OK);
      assertThat(messages(answer.body()))
          .containsExactlyElementsOf(texts.stream().map(t -> "Server received: " + t).toList());
    }
  }

  private static List<String> messages(byte[] body) throws Exception {
    List<String> messages = new ArrayList<>();
    ByteBuffer bytes = ByteBuffer.wrap(body);
    while (bytes.hasRemaining()) {
      assertThat(bytes.get()).isZero();
      byte[] message = new byte[bytes.getInt()];
      bytes.get(message);
      messages.add(UserMessage.parseFrom(message).getMessage());
    }
    return messages;
  }

  @Test
  void mutations_endInAStatus() throws Exception {
    Random random = new Random(42);
    for (int i = 0; i < 300; i++) {
      Kind kind = Kind.values()[random.nextInt(4)];
      byte[] body = join(frame(kind.message), frame(kind.message));
      for (int m = 0; m < 1 + random.nextInt(3); m++) {
        body[random.nextInt(body.length)] = (byte) random.nextInt(256);
      }
      body = cut(body, 1 + random.nextInt(body.length));
      if (kind == Kind.CLIENT_STREAM || kind == Kind.BIDI) {
        kind = Kind.BIDI;
      }
      try (RawClient own = new RawClient(server.port())) {
        assertThat(call(own, kind.method, Map.of(), body).answer().grpcStatus()).isBetween(0, 16);
      }
    }
    client = new RawClient(server.port());
  }
}
