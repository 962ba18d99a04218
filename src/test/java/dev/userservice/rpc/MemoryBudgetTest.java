package dev.userservice.rpc;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** No connection, address or unauthenticated caller gets all memory, and all is released. */
class MemoryBudgetTest {

  private static final int MEGABYTE = 1 << 20;

  private final MemoryBudget budget = new MemoryBudget(64 * MEGABYTE);

  @Test
  void connection_getsAQuarter() {
    ConnectionMemory connection = budget.open("a", false);

    assertThat(fill(connection)).isEqualTo(16 * MEGABYTE);
    assertThat(connection.refusal().reason()).isEqualTo("CALLER_MEMORY_LIMIT");
  }

  @Test
  void address_getsHalf() {
    assertThat(fill(connections("a", 8))).isEqualTo(32 * MEGABYTE);
  }

  @Test
  void addresses_leaveAQuarterToSmallOnes() {
    int held = fill(connections("a", 8)) + fill(connections("b", 8)) + fill(connections("c", 8));
    ConnectionMemory small = budget.open("d", false);

    assertThat(held).isBetween(48 * MEGABYTE, 50 * MEGABYTE);
    assertThat(small.hold(MEGABYTE / 2)).isTrue();
  }

  @Test
  void unauthenticatedCallers_getAnEighth_untilTheyAuthenticate() {
    List<ConnectionMemory> unauthenticated =
        IntStream.range(0, 8).mapToObj(i -> budget.open("a" + i, true)).toList();

    assertThat(fill(unauthenticated)).isEqualTo(8 * MEGABYTE + 8 * 32_768);
    assertThat(unauthenticated.get(0).refusal().reason()).isEqualTo("SERVER_MEMORY_LIMIT");
    unauthenticated.get(1).force(MEGABYTE);
    CallMemory first = budget.open("b", true).openCall(ConnectionMemory.CALL_BYTES);
    assertThat(first.isRefused()).as("one call, whatever the others hold").isFalse();
    unauthenticated.get(0).authenticated();
    assertThat(unauthenticated.get(0).hold(MEGABYTE)).isTrue();
  }

  @Test
  void call_isRefusedFromAReserve_andThenNotAtAll() {
    List<ConnectionMemory> connections = connections("a", 8);
    fill(connections);
    ConnectionMemory full = connections.get(0);

    CallMemory refused = full.openCall(ConnectionMemory.CALL_BYTES);
    assertThat(refused.isRefused()).isTrue();
    while (refused != null) {
      refused = full.openCall(ConnectionMemory.CALL_BYTES);
    }
    assertThat(budget.held()).isLessThanOrEqualTo(37 * MEGABYTE);
  }

  @Test
  void everything_isReleased() {
    List<ConnectionMemory> connections = connections("a", 4);
    for (ConnectionMemory connection : connections) {
      connection.hold(ConnectionMemory.CONNECTION_BYTES);
      CallMemory call = connection.openCall(ConnectionMemory.CALL_BYTES);
      call.received(100_000);
      call.force(20 * MEGABYTE);
      call.release(50_000);
      call.close();
      call.release(50_000);
      assertThat(call.hold(MEGABYTE)).as("holds nothing any more").isTrue();
      connection.close();
      connection.release(MEGABYTE);
    }
    assertThat(budget.held()).isZero();
    assertThat(fill(connections("a", 8))).isEqualTo(32 * MEGABYTE);
  }

  @Test
  void forced_leavesNothingToHold() {
    List<ConnectionMemory> connections = connections("a", 8);
    fill(connections);
    for (int i = 0; i < 1_000; i++) {
      ConnectionMemory full = connections.get(i % 8);
      full.force(16_384);
      full.release(16_384);
      assertThat(full.hold(16_384)).isFalse();
    }
  }

  @Test
  void received_thatExceedsIt_endsTheCall() {
    ConnectionMemory connection = budget.open("a", false);
    CallMemory call = connection.openCall(ConnectionMemory.CALL_BYTES);
    boolean[] ended = new boolean[1];
    call.onExceeded(() -> ended[0] = true);

    call.received(15 * MEGABYTE);
    assertThat(ended[0]).isFalse();
    call.received(2 * MEGABYTE);
    assertThat(ended[0]).isTrue();
  }

  private List<ConnectionMemory> connections(String address, int count) {
    return IntStream.range(0, count).mapToObj(i -> budget.open(address, false)).toList();
  }

  private static int fill(List<ConnectionMemory> connections) {
    return connections.stream().mapToInt(MemoryBudgetTest::fill).sum();
  }

  /** Holds all that a connection may, in small parts. */
  private static int fill(ConnectionMemory connection) {
    int held = 0;
    while (connection.hold(16_384)) {
      held += 16_384;
    }
    return held;
  }
}
