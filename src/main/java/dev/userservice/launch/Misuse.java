package dev.userservice.launch;

import dev.userservice.config.Suggestion;
import java.util.List;
import java.util.regex.Pattern;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.UnmatchedArgumentException;

/** The error of a command line, and what to write instead. */
public final class Misuse {

  /** The options of java that people put behind the jar. */
  private static final Pattern JVM_OPTION =
      Pattern.compile("-(D|X|javaagent:|agentlib:|agentpath:|ea$|server$).*");

  private Misuse() {}

  /**
   * Returns one line, without the value of an option: it may be a secret.
   *
   * @param args the whole command line
   */
  public static String explain(ParameterException failure, List<String> args) {
    if (!(failure instanceof UnmatchedArgumentException unmatched)) {
      return failure.getMessage() + "; --help lists the options";
    }
    String argument = unmatched.getUnmatched().get(0);
    String name = argument.replaceFirst("[=:].*", "");
    if (JVM_OPTION.matcher(argument).matches()) {
      return "%s is an option of java, and goes before -jar: java %s -jar target/user-service.jar"
          .formatted(
              name, name.equals(argument) ? name : name + argument.charAt(name.length()) + "...");
    }
    if (!argument.startsWith("-")) {
      return "unexpected argument %s: there is one verticle, and options begin with --; --help lists them"
          .formatted(name);
    }
    Role role =
        args.stream()
            .map(Role::of)
            .filter(one -> one != Role.OTHER)
            .findFirst()
            .orElse(Role.SERVER);
    String key = role.howToSet(name);
    if (!key.isEmpty()) {
      return "unknown option " + name + "; " + key;
    }
    List<String> options =
        failure.getCommandLine().getCommandSpec().optionsMap().keySet().stream()
            .filter(option -> option.startsWith("--"))
            .toList();
    return "unknown option "
        + name
        + Suggestion.of(name, options, "%s", "; --help lists the options");
  }
}
