package dev.userservice.launch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import picocli.CommandLine.ParameterException;

class MisuseTest {

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          -Duser-service.port=1          | -Duser-service.port is an option of java, and goes before -jar: java -Duser-service.port=... -jar target/user-service.jar
          UserVerticle -Da=b             | -Da is an option of java, and goes before -jar: java -Da=... -jar target/user-service.jar
          -Xmx64m                        | -Xmx64m is an option of java, and goes before -jar: java -Xmx64m -jar target/user-service.jar
          -javaagent:a.jar=secret        | -javaagent is an option of java, and goes before -jar: java -javaagent:... -jar target/user-service.jar
          --port 50052                   | unknown option --port; "port" is a key of the configuration: set it in the --conf file, by USER_SERVICE_PORT=... or by -Duser-service.port=... before -jar
          --port=50052                   | unknown option --port; "port" is a key
          UserVerticle --store.type raft | unknown option --store.type; "store.type" is a key of the configuration: set it in the --conf file, by USER_SERVICE_STORE_TYPE=...
          --drain-delay-millis 5         | unknown option --drain-delay-millis; "drainDelayMillis" is a key
          ClientVerticle --addresses a   | unknown option --addresses; "addresses" is a key of the configuration: set it in the --conf file, by USER_CLIENT_ADDRESSES=...
          ClientVerticle --token=s3cret  | unknown option --token; "token" is a key
          LoadVerticle --seconds 9      | unknown option --seconds; "seconds" is a key of the configuration: set it in the --conf file, by USER_LOAD_SECONDS=...
          --isntances 2                  | unknown option --isntances; did you mean --instances?
          --nope=s3cret                  | unknown option --nope; --help lists the options
          UserVerticle more              | unexpected argument more: there is one verticle
          --conf                         | Missing required parameter for option '--conf'
          """)
  void explains(String line, String why) {
    String[] args = line.split(" ");
    ParameterException failure =
        catchThrowableOfType(
            ParameterException.class, () -> LauncherOptionsTest.commandLine().parseArgs(args));

    assertThat(Misuse.explain(failure, List.of(args)))
        .startsWith(why)
        .doesNotContain("s3cret")
        .hasLineCount(1);
  }
}
