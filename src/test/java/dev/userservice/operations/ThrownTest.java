package dev.userservice.operations;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.CompletionException;
import org.infinispan.remoting.RemoteException;
import org.junit.jupiter.api.Test;

/** Finding an OutOfMemoryError in a failure. */
class ThrownTest {

  private final OutOfMemoryError error = new OutOfMemoryError("Java heap space");

  @Test
  void outOfMemory_asACause() {
    assertThat(Thrown.outOfMemory(error)).isSameAs(error);
    assertThat(Thrown.outOfMemory(new Exception(new Error(error)))).isSameAs(error);
  }

  @Test
  void outOfMemory_suppressedByACause() {
    Exception cause = new Exception("first");
    cause.addSuppressed(new CompletionException(error));
    assertThat(Thrown.outOfMemory(new Exception(cause))).isSameAs(error);
  }

  @Test
  void outOfMemory_ofAnotherServer() {
    RemoteException remote = new RemoteException("of another server", error);
    assertThat(Thrown.outOfMemory(new CompletionException(remote))).isNull();
    Exception local = new Exception(remote);
    local.addSuppressed(remote);
    assertThat(Thrown.outOfMemory(local)).isNull();
  }

  @Test
  void otherFailures() {
    assertThat(Thrown.outOfMemory(null)).isNull();
    assertThat(Thrown.outOfMemory(new StackOverflowError())).isNull();
    Exception cyclic = new Exception("a");
    cyclic.initCause(new Exception("b", cyclic));
    assertThat(Thrown.outOfMemory(cyclic)).isNull();
  }
}
