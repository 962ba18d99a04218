package dev.userservice.client;

import dev.userservice.config.ClientConfig;
import dev.userservice.tls.SmallFile;
import dev.userservice.tls.UnusableFileException;

/** Reads the bearer token (RFC 6750) that a client sends. It is never printed. */
public final class BearerToken {

  private BearerToken() {}

  /**
   * Reads the token of a configuration, or of the file that it names. Blocks.
   *
   * @return empty without a token
   * @throws UnusableFileException when the file cannot be read, or has no token
   */
  public static String read(ClientConfig config) {
    String file = config.tokenFile();
    if (file.isEmpty()) {
      return config.token();
    }
    String token = SmallFile.line(file, "tokenFile");
    if (!ClientConfig.isToken(token)) {
      throw new UnusableFileException(
          file,
          token.isEmpty()
              ? "is empty"
              : "does not contain a token, which " + ClientConfig.TOKEN_FORM,
          "tokenFile");
    }
    return token;
  }
}
