package dev.userservice.call;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.io.InputStream;
import java.io.StringWriter;

/** JSON objects, one after another, with or without white space between them. */
final class JsonObjects {

  /** The max size of an object, in characters. */
  private static final int MAX_CHARS = 4 << 20;

  private static final JsonFactory FACTORY = new JsonFactory();

  private final JsonParser parser;
  private final String source;

  /**
   * @param source the name of the input, for messages
   */
  JsonObjects(InputStream in, String source) throws IOException {
    this.parser = FACTORY.createParser(in);
    this.source = source;
  }

  /**
   * Reads the next object; blocks until it is complete.
   *
   * @return null at the end
   * @throws UsageException when the input is not such an object
   */
  String next() throws IOException {
    try {
      JsonToken token = parser.nextToken();
      if (token == null) {
        return null;
      }
      if (token != JsonToken.START_OBJECT) {
        throw refused(parser.currentLocation(), "a message is a JSON object, in braces");
      }
      return object();
    } catch (JsonProcessingException malformed) {
      throw refused(malformed.getLocation(), malformed.getOriginalMessage());
    }
  }

  /** Copies the object token by token, so that one that is too large is not read to its end. */
  private String object() throws IOException {
    StringWriter text = new StringWriter();
    try (JsonGenerator copy = FACTORY.createGenerator(text)) {
      copy.copyCurrentEvent(parser);
      for (int depth = 1; depth > 0; ) {
        JsonToken token = parser.nextToken();
        if (token == null) {
          throw refused(parser.currentLocation(), "the input ends within a message");
        }
        depth += token.isStructStart() ? 1 : token.isStructEnd() ? -1 : 0;
        copy.copyCurrentEventExact(parser);
        if (text.getBuffer().length() > MAX_CHARS) {
          throw refused(parser.currentLocation(), "a message is larger than 4 MiB");
        }
      }
    }
    return text.toString();
  }

  private UsageException refused(JsonLocation place, String why) {
    return new UsageException(
        "%s, line %d, column %d: %s"
            .formatted(
                source,
                place.getLineNr(),
                place.getColumnNr(),
                why.lines().findFirst().orElse("")));
  }
}
