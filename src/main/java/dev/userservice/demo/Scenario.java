package dev.userservice.demo;

import dev.userservice.client.CallException;
import dev.userservice.client.Channel;
import io.vertx.core.Future;
import io.vertx.grpc.common.GrpcStatus;

/** One thing that the demo shows. */
interface Scenario {

  /** The RPC that it calls and its kind, for the headline. */
  String title();

  /**
   * Makes the call, shows it and checks the answer.
   *
   * @return fails with a {@link CallException} or a {@link ScenarioException} when the answer is
   *     not what it should be
   */
  Future<Void> run(Channel channel, Transcript transcript);

  /**
   * A create that finds its users there already has done what it can: the demo has been run before.
   */
  static Future<Void> passIfAlreadyThere(
      Throwable failure, Transcript transcript, String whoIsThere) {
    if (failure instanceof CallException call
        && call.saidByServer()
        && call.status() == GrpcStatus.ALREADY_EXISTS) {
      transcript.received(call);
      transcript.note(whoIsThere + " already there, from an earlier run: that is a right answer");
      return Future.succeededFuture();
    }
    return Future.failedFuture(failure);
  }
}
