package dev.userservice.launch;

import dev.userservice.client.NoServerException;
import dev.userservice.config.ConfigException;
import dev.userservice.config.ServerConfig;
import dev.userservice.demo.ScenarioException;
import dev.userservice.load.LoadException;
import dev.userservice.operations.ManagementAddressException;
import dev.userservice.store.StoreException;
import dev.userservice.tls.UnusableFileException;
import io.vertx.launcher.application.ExitCodes;
import java.net.BindException;
import java.net.SocketException;
import java.net.UnknownHostException;
import java.nio.channels.UnresolvedAddressException;
import java.nio.channels.UnsupportedAddressTypeException;

/**
 * The explanation of a failed start, for an operator.
 *
 * @param exitCode the exit code of the process
 * @param message the failure, and what to do, in one or two lines
 */
public record StartFailure(int exitCode, String message) {

  static final int VERTX = ExitCodes.VERTX_INITIALIZATION;

  /**
   * @param failure the failure of the deployment; null for a timeout
   * @param server null for other roles: the address that they listen on is unknown
   */
  public static StartFailure of(Throwable failure, Role role, ServerConfig server) {
    if (failure instanceof ConfigException || failure instanceof UnusableFileException) {
      return new StartFailure(ExitCode.CONFIGURATION, failure.getMessage());
    }
    if (failure instanceof ScenarioException explained) {
      return new StartFailure(ExitCode.SCENARIO, explained.getMessage());
    }
    if (failure instanceof LoadException explained) {
      return new StartFailure(ExitCode.SCENARIO, explained.getMessage());
    }
    if (failure instanceof NoServerException none) {
      return new StartFailure(
          ExitCode.SCENARIO,
          "%s%nStart one with \"java -jar target/user-service.jar\", or name another in \"addresses\" of the --conf file or in %s"
              .formatted(none.getMessage(), role.variable("addresses")));
    }
    if (failure instanceof StoreException refused) {
      return new StartFailure(ExitCode.STORE, refused.getMessage());
    }
    if (failure instanceof ManagementAddressException management) {
      return new StartFailure(ExitCode.ADDRESS, address(management));
    }
    if (server != null && isAddressFailure(failure)) {
      return new StartFailure(ExitCode.ADDRESS, address(failure, server));
    }
    if (failure instanceof ClassNotFoundException) {
      return new StartFailure(
          ExitCodes.VERTX_DEPLOYMENT,
          "unknown verticle %s; the verticles are %s"
              .formatted(failure.getMessage(), Role.verticles()));
    }
    return new StartFailure(ExitCodes.VERTX_DEPLOYMENT, reason(failure));
  }

  /** Prints the message; returns the exit code. */
  int complain() {
    return ErrorLine.complain(exitCode, message);
  }

  /** The message of a failure, or the name of its class. */
  static String reason(Throwable failure) {
    if (failure == null) {
      return "it took longer than two minutes";
    }
    return failure.getMessage() != null ? failure.getMessage() : failure.getClass().getName();
  }

  private static boolean isAddressFailure(Throwable failure) {
    return failure instanceof SocketException
        || failure instanceof UnknownHostException
        || failure instanceof UnresolvedAddressException
        || failure instanceof UnsupportedAddressTypeException;
  }

  private static String address(ManagementAddressException failure) {
    return address(
        failure.getCause(),
        failure.config().host(),
        failure.config().port(),
        "\"management.%1$s\" in the --conf file, USER_SERVICE_MANAGEMENT_%2$s or -Duser-service.management.%1$s");
  }

  private static String address(Throwable failure, ServerConfig config) {
    return address(
        failure,
        config.host(),
        config.port(),
        "\"%1$s\" in the --conf file, USER_SERVICE_%2$s or -Duser-service.%1$s");
  }

  /**
   * @param places the settings of the address, with placeholders for the key and its capitals
   */
  private static String address(Throwable failure, String host, int port, String places) {
    String anotherPort = "another port: " + places.formatted("port", "PORT");
    String reason = reason(failure);
    if (failure instanceof BindException && reason.contains("in use")) {
      return "port %d of %s is in use; \"lsof -i :%d\" shows the process%nChoose %s"
          .formatted(port, host, port, anotherPort);
    }
    if (reason.contains("denied")) {
      return "port %d of %s needs privileges that this user lacks%nChoose %s"
          .formatted(port, host, anotherPort);
    }
    if (failure instanceof UnsupportedAddressTypeException) {
      return "%s is an IPv6 address, and this machine, or its Java (java.net.preferIPv4Stack), has no IPv6%nChoose another: %s"
          .formatted(host, places.formatted("host", "HOST"));
    }
    return "%s is not an address of this machine%nChoose another: %s"
        .formatted(host, places.formatted("host", "HOST"));
  }
}
