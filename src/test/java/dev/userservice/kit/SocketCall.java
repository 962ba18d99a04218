package dev.userservice.kit;

import io.vertx.core.json.JsonObject;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.nio.ByteBuffer;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;

/** A call with one message in protobuf over a WebSocket, by the client of the JDK. */
public final class SocketCall implements WebSocket.Listener {

  private static final String END = "end ";

  private final CompletableFuture<JsonObject> end = new CompletableFuture<>();
  private final StringBuilder text = new StringBuilder();

  private SocketCall() {}

  /**
   * Makes a call.
   *
   * @param method the URI of the method, with the scheme ws or wss
   * @param metadata of the call
   * @return its error, or null when it ended OK
   */
  public static JsonObject error(HttpClient client, URI method, JsonObject metadata, byte[] message)
      throws Exception {
    SocketCall call = new SocketCall();
    WebSocket socket =
        client.newWebSocketBuilder().buildAsync(method, call).get(Waits.SECONDS, TimeUnit.SECONDS);
    JsonObject start = new JsonObject().put("format", "proto").put("metadata", metadata);
    socket
        .sendText("start " + start.encode(), true)
        .thenCompose(started -> started.sendBinary(ByteBuffer.wrap(message), true))
        .thenCompose(sent -> sent.sendText("end", true));
    return call.end.get(Waits.SECONDS, TimeUnit.SECONDS).getJsonObject("error");
  }

  @Override
  public CompletionStage<?> onText(WebSocket socket, CharSequence data, boolean last) {
    text.append(data);
    if (last) {
      if (text.indexOf(END) == 0) {
        end.complete(new JsonObject(text.substring(END.length())));
      }
      text.setLength(0);
    }
    socket.request(1);
    return null;
  }

  @Override
  public CompletionStage<?> onClose(WebSocket socket, int code, String reason) {
    end.completeExceptionally(new IllegalStateException("closed without an end: " + code));
    return null;
  }

  @Override
  public void onError(WebSocket socket, Throwable failure) {
    end.completeExceptionally(failure);
  }
}
