package dev.userservice.demo;

import dev.userservice.client.CallException;
import dev.userservice.client.Channel;
import io.vertx.core.Future;
import io.vertx.grpc.common.GrpcStatus;

/** One step of the demo. */
interface Scenario {

  /** The RPC that it calls and its kind, for the headline. */
  String title();

  /**
   * Makes the call, shows it and checks the answer.
   *
   * @return fails with a {@link CallException} or a {@link ScenarioException} when the answer is
   *     wrong
   */
  Future<Void> run(Channel channel, Transcript transcript);

  /** Passes a create whose users already exist: the demo has been run before. */
  static Future<Void> passIfAlreadyThere(
      Throwable failure, Transcript transcript, String existing) {
    if (failure instanceof CallException call
        && call.saidByServer()
        && call.status() == GrpcStatus.ALREADY_EXISTS) {
      transcript.received(call);
      transcript.note(existing + " already there, from an earlier run: this answer is correct");
      return Future.succeededFuture();
    }
    return Future.failedFuture(failure);
  }
}
