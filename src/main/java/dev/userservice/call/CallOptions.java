package dev.userservice.call;

import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** The command line of {@code call}. Without an option, the configuration of the client counts. */
@Command(
    name = "java -jar target/user-service.jar call",
    sortOptions = false,
    usageHelpWidth = 100,
    header = {
      "Examples:",
      "  java -jar target/user-service.jar call GetUser '{\"user_id\": 1}'",
      "  java -jar target/user-service.jar call --address localhost:50051 ListUsers",
      "  java -jar target/user-service.jar call StreamUsers < messages.json",
      "  java -jar target/user-service.jar call list",
      "  java -jar target/user-service.jar call describe users.v1.CreateUserRequest",
      ""
    },
    description = {
      "Calls a method of a gRPC server, which is asked for its contract (reflection). Without reflection, the method"
          + " has to be one of this program.",
      ""
    },
    footer = {
      "",
      "Exit codes: 0 for OK, 64 plus the status of a failed call (69 is NOT_FOUND), 2 for a mistake on the command"
          + " line or in a message, 3 for a refused configuration.",
      "The token is in a file, or in the environment: USER_CLIENT_TOKEN."
    })
final class CallOptions {

  @Parameters(
      paramLabel = "METHOD [JSON...] | list [SERVICE] | describe NAME",
      description =
          "A method, such as GetUser or users.v1.UserService/GetUser, and its messages. Without one, they are read"
              + " from standard input, one JSON object after another, and sent as they are read.")
  List<String> words = new ArrayList<>();

  @Option(names = "--address", paramLabel = "HOST:PORT", description = "A server; may be repeated.")
  List<String> addresses = new ArrayList<>();

  @Option(names = "--tls", description = "Encrypts, and checks the certificate of the server.")
  boolean tls;

  @Option(names = "--ca", paramLabel = "FILE", description = "The trusted authorities, in PEM.")
  String ca;

  @Option(names = "--cert", paramLabel = "FILE", description = "The certificate to show, in PEM.")
  String certificate;

  @Option(names = "--key", paramLabel = "FILE", description = "Its key, in PEM.")
  String key;

  @Option(
      names = "--server-name",
      paramLabel = "NAME",
      description = "The name to find in the certificate of the server.")
  String serverName;

  @Option(names = "--token-file", paramLabel = "FILE", description = "The bearer token.")
  String tokenFile;

  @Option(
      names = "--metadata",
      paramLabel = "NAME:VALUE",
      description = "A pair to send; may be repeated. Of names that end in -bin, in base64.")
  List<String> metadata = new ArrayList<>();

  @Option(
      names = "--deadline",
      paramLabel = "TIME",
      description =
          "The time of the call, such as 500ms, 5s or 2m. By default 5 seconds for one message each way, and a day"
              + " for streams.")
  String deadline;

  @Option(
      names = "--conf",
      paramLabel = "FILE|JSON",
      description = "A configuration of the client, such as conf/client.json.")
  String conf;

  @Option(names = "--json", description = "Prints how a failed call ended as one JSON object.")
  boolean json;

  @Option(names = "--help", usageHelp = true, description = "Prints this.")
  boolean help;
}
