package dev.userservice.rpc;

import static dev.userservice.rpc.Frames.frame;
import static org.assertj.core.api.Assertions.assertThat;

import dev.userservice.kit.Requests;
import dev.userservice.kit.RunningServer;
import dev.userservice.kit.Waits;
import dev.userservice.rpc.RawFrames.Frame;
import io.netty.handler.codec.http2.DefaultHttp2Headers;
import io.netty.handler.codec.http2.Http2Headers;
import io.vertx.core.json.JsonObject;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** A connection ends only after a round trip, in which its client learns of it. */
class GracefulCloseTest {

  private static final byte[] ALICE = frame(Requests.get(1));

  @Test
  void stop_acceptsACallInFlight() throws Exception {
    RunningServer server = RunningServer.start(1, new JsonObject());
    try (RawFrames client = new RawFrames(server.port())) {
      client.send();
      client.next(RawFrames.SETTINGS);
      CompletableFuture<Void> stopped = CompletableFuture.runAsync(server::close);

      endsAfterACallInFlight(client);
      stopped.get(Waits.SECONDS, TimeUnit.SECONDS);
    }
  }

  @Test
  void age_endsAConnectionInTheSameWay() throws Exception {
    JsonObject limits =
        new JsonObject().put("connectionAgeMillis", 200).put("connectionAgeGraceMillis", 5_000);
    try (RunningServer server = RunningServer.start(1, new JsonObject().put("limits", limits));
        RawFrames client = new RawFrames(server.port())) {
      client.send();

      endsAfterACallInFlight(client);
    }
  }

  @Test
  void age_endsOpenCallsAfterTheGrace() throws Exception {
    JsonObject limits =
        new JsonObject().put("connectionAgeMillis", 200).put("connectionAgeGraceMillis", 200);
    try (RunningServer server = RunningServer.start(1, new JsonObject().put("limits", limits));
        RawClient client = new RawClient(server.port())) {
      RawClient.Answer chat = client.open(call("StreamUsers"), false).answer();

      assertThat(chat.grpcStatus()).isEqualTo(14);
      assertThat(chat.message()).contains("maximum age");
    }
  }

  private static void endsAfterACallInFlight(RawFrames client) throws Exception {
    assertThat(client.next(RawFrames.GOAWAY).number(0)).isEqualTo(Integer.MAX_VALUE);
    Frame ping = client.next(RawFrames.PING);
    client
        .headers(1, call("GetUser"))
        .frame(RawFrames.DATA, RawFrames.END_STREAM, 1, ALICE)
        .frame(RawFrames.PING, RawFrames.ACK, 0, ping.payload())
        // A client may not know of the end yet, and only this call is refused.
        .headers(3, call("GetUser"))
        .frame(RawFrames.DATA, RawFrames.END_STREAM, 3, ALICE)
        .send();

    boolean answered = false;
    boolean refused = false;
    Integer last = null;
    while (!answered || !refused || last == null) {
      Frame frame = client.next();
      answered |= frame.stream() == 1 && frame.has(RawFrames.END_STREAM);
      refused |= frame.stream() == 3 && frame.type() == RawFrames.RST_STREAM;
      last = frame.type() == RawFrames.GOAWAY ? Integer.valueOf(frame.number(0)) : last;
    }
    assertThat(last).isEqualTo(1);
  }

  private static Http2Headers call(String method) {
    return new DefaultHttp2Headers()
        .method("POST")
        .path("/users.v1.UserService/" + method)
        .scheme("http")
        .authority("test")
        .add("content-type", "application/grpc");
  }
}
