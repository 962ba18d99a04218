package dev.userservice.rpc;

import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * A content-type that is served.
 *
 * @param protocol the protocol that it belongs to
 * @param json true for messages in JSON, false for protobuf
 * @param name the content-type of the response
 */
record ContentType(Protocol protocol, boolean json, String name) {

  /** The prefix of gRPC and gRPC-Web, and the content-type of nearly every caller. */
  private static final String GRPC_NAME = "application/grpc";

  private static final ContentType GRPC = new ContentType(Protocol.GRPC, false, GRPC_NAME);

  /**
   * The content-types of the gRPC HTTP/2, gRPC-Web and Connect specifications. A response of gRPC
   * has the shorter name of protobuf; one of Connect has the name of the request.
   */
  private static final Map<String, ContentType> ALL = new HashMap<>();

  static {
    addGrpc(Protocol.GRPC, GRPC_NAME);
    addGrpc(Protocol.GRPC_WEB, GRPC_NAME + "-web");
    addGrpc(Protocol.GRPC_WEB_TEXT, GRPC_NAME + "-web-text");
    addConnect(Protocol.CONNECT, "application/");
    addConnect(Protocol.CONNECT_STREAM, "application/connect+");
  }

  private static void addGrpc(Protocol protocol, String name) {
    ContentType proto = new ContentType(protocol, false, name);
    ALL.put(name, proto);
    ALL.put(name + "+proto", proto);
    ALL.put(name + "+json", new ContentType(protocol, true, name + "+json"));
  }

  private static void addConnect(Protocol protocol, String prefix) {
    for (String format : List.of("proto", "json")) {
      String name = prefix + format;
      ALL.put(name, new ContentType(protocol, format.equals("json"), name));
    }
  }

  /**
   * Finds the content-type of a request, without regard to case and parameters.
   *
   * @param header the header, or null
   * @return null when it is not served
   */
  static ContentType of(String header) {
    if (GRPC_NAME.equals(header)) {
      return GRPC;
    }
    if (header == null) {
      return null;
    }
    int parameters = header.indexOf(';');
    String mediaType = parameters < 0 ? header : header.substring(0, parameters);
    return ALL.get(mediaType.strip().toLowerCase(Locale.ROOT));
  }

  /** Returns true if a content-type, which may be null, starts like gRPC. */
  static boolean startsLikeGrpc(String header) {
    return header != null && header.regionMatches(true, 0, GRPC_NAME, 0, GRPC_NAME.length());
  }
}
