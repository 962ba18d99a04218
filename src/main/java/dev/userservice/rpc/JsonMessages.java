package dev.userservice.rpc;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.core.exc.StreamConstraintsException;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import com.google.protobuf.util.JsonFormat;
import io.vertx.grpc.common.GrpcStatus;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;

/**
 * Messages in the JSON format of protobuf. Reads both the names of the {@code .proto} file and
 * camel-case ones. Writes those of the file, which are the names in its comments, in error details
 * and in other tools; and writes every field, so that a reader sees all there is.
 */
final class JsonMessages {

  /** The max length of the parser's reason, which may quote the message. */
  private static final int MAX_REASON_CHARS = 200;

  /** The max depth of nested objects and arrays, as in the parser of protobuf. */
  private static final int MAX_DEPTH = 100;

  private static final String BYTE_ORDER_MARK = "\uFEFF";

  private static final JsonFactory SYNTAX =
      JsonFactory.builder()
          .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
          .streamReadConstraints(StreamReadConstraints.builder().maxNestingDepth(MAX_DEPTH).build())
          .build();

  private static final JsonFormat.Parser PARSER = JsonFormat.parser();

  private static final JsonFormat.Printer PRINTER =
      JsonFormat.printer().preservingProtoFieldNames().omittingInsignificantWhitespace();

  private static final JsonFormat.Printer PRINTER_OF_ALL_FIELDS =
      PRINTER.alwaysPrintFieldsWithNoPresence();

  private JsonMessages() {}

  /**
   * Reads a message. An unknown field is an error: it may be a mistyped known one.
   *
   * @param json one JSON object in UTF-8
   * @throws RpcException INVALID_ARGUMENT with the place, when the JSON is not such a message
   */
  static Message decode(byte[] json, Message.Builder builder) {
    String text = text(json);
    check(text);
    try {
      PARSER.merge(text, builder);
      return builder.build();
    } catch (InvalidProtocolBufferException malformed) {
      throw refusal(String.valueOf(malformed.getMessage()));
    }
  }

  /**
   * Decodes the bytes, for which a parser of JSON might guess another encoding. Skips a byte order
   * mark, as RFC 8259, 8.1 lets a reader do.
   */
  private static String text(byte[] json) {
    try {
      String text = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(json)).toString();
      return text.startsWith(BYTE_ORDER_MARK) ? text.substring(1) : text;
    } catch (CharacterCodingException malformed) {
      throw refusal("it must be UTF-8");
    }
  }

  /** Checks the syntax: the parser of protobuf would accept more than JSON, and any depth. */
  private static void check(String json) {
    try (JsonParser parser = SYNTAX.createParser(json)) {
      JsonToken first = parser.nextToken();
      if (first != JsonToken.START_OBJECT) {
        throw refusal("it must be an object");
      }
      parser.skipChildren();
      if (parser.nextToken() != null) {
        throw refusal("it must be one object, but more follows");
      }
    } catch (StreamConstraintsException beyondLimit) {
      // Without a place.
      throw refusal(beyondLimit.getOriginalMessage());
    } catch (JsonProcessingException malformed) {
      JsonLocation place = malformed.getLocation();
      throw refusal(
          "line %d, column %d: %s"
              .formatted(place.getLineNr(), place.getColumnNr(), malformed.getOriginalMessage()));
    } catch (IOException impossible) {
      throw new UncheckedIOException(impossible);
    }
  }

  /** The refusal with the first line of a parser's reason. */
  private static RpcException refusal(String reason) {
    String text = reason.lines().findFirst().orElse("");
    String cut =
        text.length() > MAX_REASON_CHARS ? text.substring(0, MAX_REASON_CHARS) + "..." : text;
    return new RpcException(
        new RpcStatus(
            GrpcStatus.INVALID_ARGUMENT, "MALFORMED_JSON", "the JSON cannot be read: " + cut));
  }

  /** Writes a message on one line, with every field. */
  static String encode(Message message) {
    return print(PRINTER_OF_ALL_FIELDS, message);
  }

  /** Writes the fields of a message that are set on one line. */
  static String encodeSetFields(Message message) {
    return print(PRINTER, message);
  }

  private static String print(JsonFormat.Printer printer, Message message) {
    try {
      return printer.print(message);
    } catch (InvalidProtocolBufferException unknownType) {
      throw new IllegalArgumentException(
          "a google.protobuf.Any of an unknown type has no JSON", unknownType);
    }
  }
}
