package dev.userservice.compare;

import static dev.userservice.compare.Load.Group.MILLION;
import static dev.userservice.compare.Load.Group.READS;
import static dev.userservice.compare.Load.Group.TLS;
import static dev.userservice.compare.Load.Group.WRITES;

import dev.userservice.compare.Peer.Protocol;
import java.util.List;
import java.util.Map;

/**
 * A load: the calls that a server is asked to answer.
 *
 * @param name its name on the command line
 * @param title its name in the table
 * @param kind its kind, which decides the generator
 * @param connections the number of connections
 * @param streams the number of calls at a time on each
 * @param messages the number of messages of a call in its longer direction
 * @param bytes the number of bytes that a request carries beside its question
 */
record Load(
    String name,
    String title,
    Group group,
    Kind kind,
    int connections,
    int streams,
    int messages,
    int bytes) {

  /** Loads that one start of a server serves: what they leave behind does not disturb the others. */
  enum Group {
    READS(256, 1_000, false),
    TLS(256, 1_000, true),
    WRITES(4_096, 1_000, false),
    MILLION(2_048, 1_000_000, false);

    private final int heapMegabytes;
    private final int users;
    private final boolean tls;

    Group(int heapMegabytes, int users, boolean tls) {
      this.heapMegabytes = heapMegabytes;
      this.users = users;
      this.tls = tls;
    }

    int heapMegabytes() {
      return heapMegabytes;
    }

    /** The number of users before the first load. */
    int users() {
      return users;
    }

    boolean tls() {
      return tls;
    }

    /** Returns true if servers are started again for each round, one at a time: they need the memory. */
    boolean startsAgain() {
      return this == WRITES || this == MILLION;
    }
  }

  /** The kinds of loads, by their generators. */
  enum Kind {
    /** h2load, with one request again and again. */
    GET,
    /** The same with a deadline and metadata, as clients send them. */
    CALLED,
    LIST,
    CHAT,
    /** A TLS connection for each call. */
    CONNECT,
    /** Ours, with 1,000 users in one write, and other users in each. */
    PACKED,
    /** LoadVerticle: a real client that sends a message a frame. */
    CLIENT_GET,
    CLIENT_CREATE,
    CLIENT_BATCH,
    CLIENT_CHAT,
    /** The same at half of what the server can do, on a fixed timetable. */
    LATENCY,
    /** Streams that are open and say nothing. */
    IDLE
  }

  /** For loads that are measured for five seconds. */
  private static final int WARM_UP_CALLS = 600_000;

  private static final int WARM_UP_FOR_SECONDS = 5;

  /** A handshake runs as much code as so many calls. */
  private static final int CALLS_A_CONNECTION = 100;

  /** The metadata that grpc-java sends with a call, and that a gateway adds. */
  private static final Map<String, String> CALLED =
      Map.of(
          "grpc-timeout", "5S",
          "user-agent", "grpc-java-netty/1.85.1",
          "grpc-accept-encoding", "gzip",
          "x-request-id", "0f8fad5b-d9cb-469f-a165-70867728950e");

  static final List<Load> ALL =
      List.of(
          new Load("get-1", "GetUser, 1 in flight", READS, Kind.GET, 1, 1, 1, 0),
          new Load("get-32", "GetUser, 32 in flight", READS, Kind.GET, 4, 8, 1, 0),
          new Load("get-256", "GetUser, 256 in flight", READS, Kind.GET, 8, 32, 1, 0),
          new Load(
              "get-called",
              "GetUser with a deadline and metadata, 256 in flight",
              READS,
              Kind.CALLED,
              8,
              32,
              1,
              0),
          new Load(
              "get-ids",
              "GetUser of 1,000 users by a real client, 256 in flight",
              READS,
              Kind.CLIENT_GET,
              8,
              32,
              1,
              0),
          new Load("get-100b", "GetUser with 100 B, 32 in flight", READS, Kind.GET, 4, 8, 1, 100),
          new Load(
              "get-64k", "GetUser with 64 KiB, 32 in flight", READS, Kind.GET, 4, 8, 1, 65_536),
          new Load("list-1k", "ListUsers of 1,000", READS, Kind.LIST, 4, 2, 1_000, 0),
          new Load(
              "chat-packed",
              "StreamUsers, 1,000 messages packed",
              READS,
              Kind.CHAT,
              1,
              1,
              1_000,
              0),
          new Load(
              "chat",
              "StreamUsers, 1,000 messages, one a frame",
              READS,
              Kind.CLIENT_CHAT,
              1,
              1,
              1_000,
              0),
          new Load(
              "latency", "GetUser at half load, open loop", READS, Kind.LATENCY, 4, 64, 1, 0),
          new Load("idle-1k", "1,000 idle streams", READS, Kind.IDLE, 20, 50, 1, 0),
          new Load("tls-get-256", "GetUser over TLS, 256 in flight", TLS, Kind.GET, 8, 32, 1, 0),
          new Load("tls-list-1k", "ListUsers of 1,000 over TLS", TLS, Kind.LIST, 4, 2, 1_000, 0),
          new Load(
              "tls-connect",
              "GetUser over TLS, each on a new connection that resumes a session",
              TLS,
              Kind.CONNECT,
              4,
              1,
              1,
              0),
          new Load("create-1", "CreateUser, 1 in flight", WRITES, Kind.CLIENT_CREATE, 1, 1, 1, 0),
          new Load("create-32", "CreateUser, 32 in flight", WRITES, Kind.CLIENT_CREATE, 4, 8, 1, 0),
          new Load(
              "create-256", "CreateUser, 256 in flight", WRITES, Kind.CLIENT_CREATE, 8, 32, 1, 0),
          new Load(
              "batch-packed",
              "BatchCreateUsers, 1,000 users packed",
              WRITES,
              Kind.PACKED,
              4,
              1,
              1_000,
              0),
          new Load(
              "batch",
              "BatchCreateUsers, 1,000 users, one a frame",
              WRITES,
              Kind.CLIENT_BATCH,
              4,
              1,
              1_000,
              0),
          new Load("list-1m", "ListUsers of 1,000,000", MILLION, Kind.LIST, 1, 1, 1_000_000, 0));

  /** Fails with what there is when there is none of this name. */
  static Load named(String name) {
    return ALL.stream()
        .filter(load -> load.name().equals(name))
        .findFirst()
        .orElseThrow(
            () ->
                new IllegalArgumentException(
                    "unknown load %s; the loads are %s"
                        .formatted(name, ALL.stream().map(Load::name).toList())));
  }

  /** The same with so many connections, and calls on each. */
  Load of(int connections, int streams) {
    return new Load(name, title, group, kind, connections, streams, messages, bytes);
  }

  int inFlight() {
    return connections * streams;
  }

  /**
   * The calls that make a JVM warm: its second compiler has done what it does for them.
   *
   * @param seconds the time for which the load will be measured; a short look needs fewer calls
   */
  long warmUpCalls(double seconds) {
    double part = Math.min(1, seconds / WARM_UP_FOR_SECONDS);
    int each = kind == Kind.CONNECT ? CALLS_A_CONNECTION : Math.max(1, messages / 10);
    return Math.max(2, Math.round(part * WARM_UP_CALLS / each));
  }

  /** By how many bytes an answer may differ from another: in digits of a time, or of an id. */
  int slackBytes() {
    return switch (kind) {
      case CHAT -> 4 * messages;
      case CLIENT_CREATE -> 16;
      default -> 0;
    };
  }

  /** The request that h2load repeats; null when it does not make this load, or not in this protocol. */
  Request request(Protocol protocol) {
    return switch (protocol) {
      case GRPC ->
          switch (kind) {
            case GET -> Request.rpc("GetUser", Frames.get(bytes));
            case CALLED -> Request.rpc("GetUser", Frames.get(bytes)).with(CALLED);
            case LIST -> Request.listUsers(messages);
            case CHAT -> Request.rpc("StreamUsers", Frames.chat(messages));
            default -> null;
          };
      case JSON ->
          kind == Kind.GET && bytes == 0 ? Request.json("GetUser", "{\"userId\":1}") : null;
      case REST ->
          switch (kind) {
            case GET -> bytes == 0 ? Request.rest("/users/1") : null;
            case LIST -> group == READS ? Request.rest("/users?limit=" + messages) : null;
            // A peer that checks no address takes the same user again and again.
            case CLIENT_CREATE -> Request.restUser(0);
            default -> null;
          };
      case BYTES -> kind == Kind.GET ? Request.rpc("GetUser", Frames.get(bytes)) : null;
    };
  }
}
