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
 * Carries what is said in the chat of this server to the other servers of the cluster, and what is
 * said there to the members here, in order.
 *
 * <p>What is said is numbered, and each other server has a {@link ChatLink} of its own; a server
 * that cannot be reached for a few seconds is not waited for. By the numbers it knows later that it
 * has missed something, and tells its members so, by ending them: nobody reads on over a gap.
 *
 * <p>Two servers get to know each other when one asks the other for an answer: a server that starts
 * asks all others, and everybody asks a server that comes back after it could not be reached.
 *
 * <p>All of it happens on the event loop on which it was made.
 */
public final class ChatBridge {

  private static final String ADDRESS = "dev.userservice.chat.";

  /**
   * Servers whose numbers are remembered; those that have gone are not known to be gone for good.
   */
  private static final int MOST_POSITIONS = 1_000;

  /** How long a server that leaves waits for the others to have understood. */
  private static final int LEAVE_MILLIS = 1_000;

  private final Vertx vertx;
  private final Members members;
  private final Function<List<UserMessage>, Future<Void>> hear;
  private final Runnable missed;
  private final ChatTraces traces;
  private final Context context;
  private final Map<String, ChatLink> links = new HashMap<>();

  /** The number of the next message of each other server. */
  private final Map<String, Long> positions =
      new LinkedHashMap<>(16, 0.75f, true) {
        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Long> eldest) {
          return size() > MOST_POSITIONS;
        }
      };

  private MessageConsumer<Buffer> consumer;
  private long next = 1;

  /**
   * @param hear gives messages to all members here, in order; completes when they have them
   * @param missed called when messages for the members here are lost
   * @param traces what is traced of them
   */
  public ChatBridge(
      Vertx vertx,
      Members members,
      Function<List<UserMessage>, Future<Void>> hear,
      Runnable missed,
      ChatTraces traces) {
    this.vertx = vertx;
    this.members = members;
    this.hear = hear;
    this.missed = missed;
    this.traces = traces;
    this.context = vertx.getOrCreateContext();
  }

  /** Completes when everything that is said from now on, on whatever server, is heard here. */
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
   * Carries a message to the other servers.
   *
   * @param arrived called, on any thread, when all of them have it or are not waited for
   */
  public void pass(UserMessage message, Runnable arrived) {
    TraceContext trace = traces.speaking();
    context.runOnContext(
        turn -> {
          ChatLink.Said said = new ChatLink.Said(next++, message, trace, links.size(), arrived);
          List.copyOf(links.values()).forEach(link -> link.add(said));
        });
  }

  /**
   * Sends what is still on its way, and tells the others that nobody hears here any more. Does not
   * fail, and may be called from any thread.
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

  /** Asks a server for an answer; completes when it is linked, or does not answer. */
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

  private static ChatFrame.Builder content(long first, List<ChatLink.Said> messages) {
    ChatFrame.Builder frame = ChatFrame.newBuilder().setFirst(first);
    Set<TraceContext> traces = new LinkedHashSet<>();
    for (ChatLink.Said said : messages) {
      frame.addMessages(said.message());
      traces.add(said.trace());
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

  /** The first answer of a server says where its numbers begin for us. */
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
    // What has come before comes again when our answer was lost.
    int known = (int) Math.min(frame.getMessagesCount(), Math.max(0, expected - frame.getFirst()));
    positions.put(id, Math.max(expected, frame.getFirst() + frame.getMessagesCount()));
    if (frame.getLeaving()) {
      unlink(id);
    } else {
      links.computeIfAbsent(id, this::link).there();
    }
    ChatFrame.Builder answer = ChatFrame.newBuilder().setFirst(next);
    Runnable end = traces.hearing(frame.getTracesList());
    hear.apply(frame.getMessagesList().subList(known, frame.getMessagesCount()))
        .onComplete(
            heard -> {
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
      throw new IllegalArgumentException("not what a server says to another", e);
    }
  }
}
