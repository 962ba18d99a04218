package dev.userservice.config;

import static org.assertj.core.api.Assertions.assertThat;

import io.vertx.core.json.Json;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * The tables of src/docs/CONFIGURATION.md, which come from the calls that read the keys. With
 * {@code -Ddocs.write=true} this test writes them.
 */
class ConfigurationPageTest {

  private static final Path PAGE = Path.of("src/docs/CONFIGURATION.md");
  private static final String END = "<!-- end of keys -->";
  private static final Predicate<String> OF_CALLERS =
      Pattern.compile("(tls|auth|rateLimit)\\..*").asMatchPredicate();

  /** At most 25 words, with a capital, or code, and a full stop. */
  private static final Pattern SENTENCE = Pattern.compile("[A-Z`]\\S*( \\S+){0,24}[.]");

  @Test
  void tables_areThoseOfTheCode() throws Exception {
    String page = Files.readString(PAGE);

    String written = page;
    written = with(written, "server", table(Program.SERVER, OF_CALLERS.negate()));
    written = with(written, "callers", table(Program.SERVER, OF_CALLERS));
    written = with(written, "client", table(Program.CLIENT, path -> true));
    written = with(written, "load", table(Program.LOAD, path -> true));

    if (Boolean.getBoolean("docs.write")) {
      Files.writeString(PAGE, written);
      return;
    }
    assertThat(difference(page, written))
        .as("write the tables of %s with -Ddocs.write=true", PAGE)
        .isEmpty();
    assertThat(page).isEqualTo(written);
  }

  /** The lines that only one of two texts has. */
  private static List<String> difference(String page, String written) {
    Stream<String> missing = only(written, page).map(line -> "+ " + line);
    return Stream.concat(only(page, written).map(line -> "- " + line), missing).toList();
  }

  private static Stream<String> only(String one, String other) {
    Set<String> others = other.lines().collect(Collectors.toSet());
    return one.lines().filter(line -> !others.contains(line));
  }

  @ParameterizedTest
  @EnumSource
  void meanings_areShortSentences(Program program) {
    assertThat(ConfigSource.keys(program))
        .allSatisfy(
            (path, key) -> {
              for (String sentence : key.meaning().split("(?<=\\.) ")) {
                assertThat(sentence).as(path).matches(SENTENCE);
              }
            });
  }

  private static String with(String page, String name, String table) {
    String begin = "<!-- keys of " + (name.equals("callers") ? name : "the " + name) + " -->";
    Matcher old =
        Pattern.compile(Pattern.quote(begin) + ".*?" + Pattern.quote(END), Pattern.DOTALL)
            .matcher(page);
    assertThat(old.find()).as(begin).isTrue();
    return page.substring(0, old.start()) + begin + "\n" + table + END + page.substring(old.end());
  }

  private static String table(Program program, Predicate<String> rows) {
    return ConfigSource.keys(program).entrySet().stream()
        .filter(key -> rows.test(key.getKey()))
        .map(key -> row(key.getKey(), key.getValue()))
        .collect(
            Collectors.joining(
                "", "| Key | Default | Allowed | Meaning |\n|---|---|---|---|\n", ""));
  }

  private static String row(String path, Key key) {
    String value = key.value().equals("") ? "none" : "`" + Json.encode(key.value()) + "`";
    return "| `%s` | %s | %s | %s |\n".formatted(path, value, key.allowed(), key.meaning());
  }
}
