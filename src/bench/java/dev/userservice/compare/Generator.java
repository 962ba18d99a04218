package dev.userservice.compare;

/** Makes a load. */
interface Generator {

  /**
   * Makes a load until the server is warm, and then for about so many seconds.
   *
   * @return the measurements; fails when a single call was not answered as it has to be
   */
  Measured run(ServerProcess server, Load load, double seconds) throws Exception;
}
