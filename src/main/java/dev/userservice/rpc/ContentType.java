package dev.userservice.rpc;

import java.util.Locale;
import java.util.Set;

/** The content-type of requests, in gRPC and gRPC-Web. */
final class ContentType {

  /** The content-type of nearly every caller. */
  private static final String GRPC = "application/grpc";

  private static final String GRPC_WEB = GRPC + "-web";

  /** The values of content-type in the gRPC HTTP/2 and gRPC-Web specifications. */
  private static final Set<String> CONTENT_TYPES =
      Set.of(GRPC, GRPC + "+proto", GRPC_WEB, GRPC_WEB + "+proto");

  private ContentType() {}

  /** The content-type in lower case and without parameters; null when it is not gRPC. */
  static String mediaType(String contentType) {
    if (GRPC.equals(contentType)) {
      return contentType;
    }
    if (contentType == null) {
      return null;
    }
    int parameters = contentType.indexOf(';');
    String mediaType =
        (parameters < 0 ? contentType : contentType.substring(0, parameters))
            .strip()
            .toLowerCase(Locale.ROOT);
    return CONTENT_TYPES.contains(mediaType) ? mediaType : null;
  }

  /** Returns true if a media type is gRPC-Web. */
  static boolean isWeb(String mediaType) {
    return mediaType.startsWith(GRPC_WEB);
  }

  /** Returns true if a content-type, which may be null, starts like gRPC. */
  static boolean startsLikeGrpc(String contentType) {
    return contentType != null && contentType.regionMatches(true, 0, GRPC, 0, GRPC.length());
  }
}
