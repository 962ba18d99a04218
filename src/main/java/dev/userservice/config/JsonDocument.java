package dev.userservice.config;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.core.exc.StreamConstraintsException;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;

/** A JSON object given on the command line, as a text or as the path of a file. */
public final class JsonDocument {

  /** Paths of files that a shell has opened for this process: {@code --conf <(command)}. */
  private static final List<String> OPENED = List.of("/dev/stdin", "/dev/fd/", "/proc/self/fd/");

  /** More than any configuration needs, and far less than a recursive reader can take. */
  private static final int MAX_DEPTH = 20;

  private static final JsonFactory STRICT =
      JsonFactory.builder()
          .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
          .streamReadConstraints(StreamReadConstraints.builder().maxNestingDepth(MAX_DEPTH).build())
          .build();

  private JsonDocument() {}

  /**
   * Reads an argument that is a JSON text when it begins with a brace, and the path of a file when
   * it does not.
   *
   * @param option the command-line option that the argument belongs to, for messages
   * @throws ConfigException when the file is missing, or its content is not a JSON object
   */
  public static JsonObject parse(String option, String argument) {
    if (argument.isBlank()) {
      throw new ConfigException(option + " is empty, but must be a JSON file or a JSON text");
    }
    String name = name(option, argument);
    String text = isText(argument) ? argument : read(name, argument);
    if (text.startsWith("\ufeff")) {
      text = text.substring(1);
    }
    check(name, text);
    return new JsonObject(text);
  }

  /** The name of an argument in messages: the given path of the file, or the option. */
  static String name(String option, String argument) {
    return isText(argument) ? option + " text" : argument;
  }

  static boolean isText(String argument) {
    return argument.stripLeading().startsWith("{");
  }

  private static String read(String name, String argument) {
    String refusal = FileName.refusal(argument);
    if (refusal != null) {
      throw new ConfigException(Quoted.printable(name) + ": " + refusal);
    }
    try {
      Path path = Path.of(argument);
      if (Files.isDirectory(path)) {
        throw new ConfigException(name + ": is a directory, but must be a JSON file");
      }
      byte[] bytes =
          OPENED.stream().anyMatch(argument::startsWith)
              ? BoundedFile.readAny(path)
              : BoundedFile.read(path);
      return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
    } catch (BoundedFile.UnfitException e) {
      throw new ConfigException(name + ": " + e.getMessage() + ", but must be a JSON file");
    } catch (NoSuchFileException e) {
      throw new ConfigException(
          "%s: the file is missing (looked in %s)"
              .formatted(Quoted.printable(name), Path.of("").toAbsolutePath()));
    } catch (AccessDeniedException e) {
      throw new ConfigException(name + ": cannot be read, permission denied");
    } catch (FileSystemException e) {
      // Such as a file where the path needs a directory; the reason is the system's message.
      String reason = e.getReason() != null ? e.getReason() : e.getClass().getSimpleName();
      throw new ConfigException(name + ": cannot be read, " + reason);
    } catch (CharacterCodingException e) {
      throw new ConfigException(name + ": is not in UTF-8");
    } catch (IOException e) {
      throw new ConfigException(name + ": cannot be read, " + e.getClass().getSimpleName());
    }
  }

  /** Checks the syntax, since Jackson knows line and column of an error. */
  private static void check(String name, String text) {
    try (JsonParser parser = STRICT.createParser(text)) {
      JsonToken first = parser.nextToken();
      if (first != JsonToken.START_OBJECT) {
        throw new ConfigException(
            name
                + ": must be a JSON object, such as {\"port\": 50051}, but "
                + (first == null ? "is empty" : "begins with " + Quoted.of(parser.getText())));
      }
      parser.skipChildren();
      if (parser.nextToken() != null) {
        throw new ConfigException(
            "%s: %s: something follows the JSON object"
                .formatted(name, place(parser.currentTokenLocation())));
      }
    } catch (StreamConstraintsException e) {
      throw new ConfigException(
          "%s: is nested more than %d deep, or has a number of more than a thousand digits"
              .formatted(name, MAX_DEPTH));
    } catch (JsonProcessingException e) {
      throw new ConfigException(
          "%s: %s: %s".formatted(name, place(e.getLocation()), firstLine(e.getOriginalMessage())));
    } catch (IOException e) {
      throw new ConfigException(name + ": cannot be read, " + e.getClass().getSimpleName());
    }
  }

  private static String place(JsonLocation location) {
    return "line " + location.getLineNr() + ", column " + location.getColumnNr();
  }

  /** The first line without the unrecognized token, which may be a secret without quotes. */
  private static String firstLine(String message) {
    return Quoted.printable(
        message.lines().findFirst().orElse("is not JSON").replaceFirst("token '[^']*'", "token"));
  }
}
