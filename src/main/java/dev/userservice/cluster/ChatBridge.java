package dev.userservice.cluster;

import com.google.protobuf.InvalidProtocolBufferException;
import dev.userservice.proto.ChatFrame;
import dev.userservice.proto.TraceContext;
import dev.userservice.proto.UserMessage;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.eventbus.DeliveryOptions;
import io.vertx.core.eventbus.Message;
import io.vertx.core.eventbus.MessageConsumer;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;

/**
 * Carries chat messages of this server to the other servers of the cluster, and theirs to the
 * members here, in order.
 *
 * <p>Messages are numbered, and each other server has its own {@link ChatLink}. A server that is
 * unreachable for a few seconds is not waited for. The numbers later show it that messages are
 * missing; it then ends the calls of its members, so that no member reads on over a gap.
 *
 * <p>Two servers learn of each other when one asks the other for an answer. A server that starts
 * asks all others, and each server asks one that returns after it was unreachable.
 *
 * <p>Everything runs on the event loop that created the bridge.
 */
public final class ChatBridge {

  private static final String ADDRESS = "dev.userservice.chat.";

  /** Bounds the remembered servers: one that left may return, so its number is kept. */
  private static final int MAX_POSITIONS = 1_000;

  /** The time a leaving server waits for the others to confirm. */
  private static final int LEAVE_MILLIS = 1_000;

  private final Vertx vertx;
  private final Members members;
  private final Function<List<UserMessage>, Future<Void>> deliver;
  private final Runnable missed;
  private final ChatTraces traces;
  private final Context context;
  private final Map<String, ChatLink> links = new HashMap<>();

  /** The number of the next message of each other server. */
  private final Map<String, Long> positions =
      new LinkedHashMap<>(16, 0.75f, true) {
        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Long> eldest) {
          return size() > MAX_POSITIONS;
        }
      };

  private MessageConsumer<Buffer> consumer;
  private long next = 1;

  /**
   * @param deliver gives messages to all members here, in order; completes when they have them
   * @param missed called when messages for the members here are lost
   * @param traces carries the traces of messages
   */
  public ChatBridge(
      Vertx vertx,
      Members members,
      Function<List<UserMessage>, Future<Void>> deliver,
      Runnable missed,
      ChatTraces traces) {
    this.vertx = vertx;
    this.members = members;
    this.deliver = deliver;
    this.missed = missed;
    this.traces = traces;
    this.context = vertx.getOrCreateContext();
  }

  /** Completes when messages sent from now on, on any server, are delivered here. */
  public Future<Void> open() {
    consumer = vertx.eventBus().consumer(ADDRESS + members.self(), this::received);
    members.watch(
        id -> context.runOnContext(turn -> ask(id)),
        id -> context.runOnContext(turn -> unlink(id)));
    return consumer
        .completion()
        .compose(
            registered ->
                Future.join(
                    members.all().stream()
                        .filter(id -> !id.equals(members.self()))
                        .map(this::ask)
                        .toList()))
        .mapEmpty();
  }

  /**
   * Sends a message to the other servers.
   *
   * @param arrived called, on any thread, when each of them has it or is no longer waited for
   */
  public void pass(UserMessage message, Runnable arrived) {
    TraceContext trace = traces.speaking();
    context.runOnContext(
        turn -> {
          ChatLink.Outgoing outgoing =
              new ChatLink.Outgoing(next++, message, trace, links.size(), arrived);
          List.copyOf(links.values()).forEach(link -> link.add(outgoing));
        });
  }

  /**
   * Sends the queued messages, and announces to the others that this server leaves. Never fails;
   * may be called from any thread.
   */
  public Future<Void> close() {
    Promise<Void> closed = Promise.promise();
    members.watch(id -> {}, id -> {});
    context.runOnContext(
        turn ->
            Future.join(links.keySet().stream().map(this::leave).toList())
                .transform(left -> consumer.unregister())
                .otherwiseEmpty()
                .onComplete(closed));
    return closed.future();
  }

  private Future<Void> leave(String id) {
    return links
        .get(id)
        .flush(LEAVE_MILLIS)
        .compose(
            flushed ->
                request(
                    id,
                    frame(ChatFrame.newBuilder().setFirst(next).setLeaving(true)),
                    LEAVE_MILLIS))
        .otherwiseEmpty()
        .onComplete(left -> unlink(id))
        .mapEmpty();
  }

  /** Asks a server for an answer; completes when it has answered, or had time to. */
  private Future<Void> ask(String id) {
    return links.computeIfAbsent(id, this::link).ask();
  }

  private ChatLink link(String id) {
    return new ChatLink(
        vertx,
        (first, messages, millis) -> request(id, frame(content(first, messages)), millis),
        () -> next,
        () -> {
          if (!members.all().contains(id)) {
            unlink(id);
          }
        });
  }

  private static ChatFrame.Builder content(long first, List<ChatLink.Outgoing> messages) {
    ChatFrame.Builder frame = ChatFrame.newBuilder().setFirst(first);
    Set<TraceContext> traces = new LinkedHashSet<>();
    for (ChatLink.Outgoing message : messages) {
      frame.addMessages(message.message());
      traces.add(message.trace());
    }
    traces.remove(TraceContext.getDefaultInstance());
    return frame.addAllTraces(traces);
  }

  private void unlink(String id) {
    ChatLink link = links.remove(id);
    if (link != null) {
      link.close();
    }
  }

  private Future<Message<Buffer>> request(String id, Buffer frame, int millis) {
    return vertx
        .eventBus()
        .<Buffer>request(ADDRESS + id, frame, new DeliveryOptions().setSendTimeout(millis))
        .onSuccess(answer -> answered(id, parse(answer.body())));
  }

  /** The first answer of a server has the number of its next message. */
  private void answered(String id, ChatFrame answer) {
    positions.putIfAbsent(id, answer.getFirst());
  }

  private void received(Message<Buffer> message) {
    ChatFrame frame = parse(message.body());
    String id = frame.getNode();
    long expected = positions.getOrDefault(id, frame.getFirst());
    if (frame.getFirst() > expected) {
      missed.run();
    }
    // A frame is received twice when our answer was lost.
    int known = (int) Math.min(frame.getMessagesCount(), Math.max(0, expected - frame.getFirst()));
    positions.put(id, Math.max(expected, frame.getFirst() + frame.getMessagesCount()));
    if (frame.getLeaving()) {
      unlink(id);
    } else {
      links.computeIfAbsent(id, this::link).markReachable();
    }
    ChatFrame.Builder answer = ChatFrame.newBuilder().setFirst(next);
    Runnable end = traces.hearing(frame.getTracesList());
    deliver
        .apply(frame.getMessagesList().subList(known, frame.getMessagesCount()))
        .onComplete(
            delivered -> {
              end.run();
              context.runOnContext(turn -> message.reply(frame(answer)));
            });
  }

  private Buffer frame(ChatFrame.Builder frame) {
    return Buffer.buffer(frame.setNode(members.self()).build().toByteArray());
  }

  private static ChatFrame parse(Buffer bytes) {
    try {
      return ChatFrame.parseFrom(bytes.getBytes());
    } catch (InvalidProtocolBufferException e) {
      throw new IllegalArgumentException("the frame of another server cannot be parsed", e);
    }
  }
}
