package dev.userservice.rpc;

import com.google.protobuf.util.Durations;
import com.google.rpc.RetryInfo;
import dev.userservice.rpc.MemoryBudget.Pool;
import io.vertx.grpc.common.GrpcStatus;
import java.util.List;

/**
 * The memory that one connection and its calls hold of the {@link MemoryBudget}.
 *
 * <p>Belongs to the event loop of the connection. It takes from the shared pools in blocks, so that
 * most calls touch no memory that other event loops write.
 */
final class ConnectionMemory {

  /**
   * The price of an open connection: its socket, codec, flow control and timers. Measured at 17 KB
   * in plaintext; TLS adds what its engine buffers.
   */
  static final int CONNECTION_BYTES = 16 * 1024;

  /** The price of an open call without its messages; measured at 7.2 KB. */
  static final int CALL_BYTES = 8 * 1024;

  private static final int BLOCK_BYTES = 16 * 1024;

  /**
   * The bytes that each connection of an unauthenticated caller may hold outside the pool of all
   * these: the connection and a first call, so that a valid token is read even when the pool is
   * full. {@link UnauthenticatedConnections} bounds their number.
   */
  private static final int ALLOWANCE_BYTES = 2 * BLOCK_BYTES;

  /** Unused bytes above this are returned to the pools. */
  private static final int MAX_SPARE_BYTES = 8 * BLOCK_BYTES;

  private static final List<RetryInfo> RETRY =
      List.of(RetryInfo.newBuilder().setRetryDelay(Durations.fromSeconds(1)).build());

  private static final RpcStatus SERVER_FULL =
      new RpcStatus(
          GrpcStatus.RESOURCE_EXHAUSTED,
          "SERVER_MEMORY_LIMIT",
          "the memory of this server for its callers is exhausted; retry more slowly",
          List.copyOf(RETRY));

  private static final RpcStatus CALLER_FULL =
      new RpcStatus(
          GrpcStatus.RESOURCE_EXHAUSTED,
          "CALLER_MEMORY_LIMIT",
          "this connection or address exceeds its share of the server's memory;"
              + " read responses, complete requests, or send fewer at a time",
          List.copyOf(RETRY));

  private final MemoryBudget budget;
  private final String addressName;
  private final Pool address;

  /** The pool of unauthenticated callers; null once authenticated, or if that is not required. */
  private Pool unauthenticated;

  private long held;
  private long reserved;

  /** True after taking more than the pools had: spare bytes must then not be held again. */
  private boolean overdrawn;

  private long unsent;
  private int calls;
  private boolean open = true;
  private RpcStatus refusal = SERVER_FULL;
  private CallMemory arriving;

  ConnectionMemory(MemoryBudget budget, String address, Pool unauthenticated) {
    this.budget = budget;
    this.addressName = address;
    this.address = budget.join(address);
    this.unauthenticated = unauthenticated;
  }

  /**
   * Opens a call.
   *
   * @param bytes the bytes that it holds from its start
   * @return the call, which may be one to {@link CallMemory#isRefused refuse}; null when the memory
   *     does not even suffice to refuse it
   */
  CallMemory openCall(long bytes) {
    boolean admitted = hold(bytes);
    if (!admitted && !hold(bytes, budget.refusalBytes())) {
      return null;
    }
    calls++;
    return new CallMemory(this, bytes, !admitted);
  }

  /** The number of open calls. */
  int calls() {
    return calls;
  }

  /** Sets the memory of the call whose headers are being read, for the handler of the request. */
  void arriving(CallMemory call) {
    arriving = call;
  }

  /** Takes the memory of the call whose headers are being read, or null. */
  CallMemory arrived() {
    CallMemory call = arriving;
    arriving = null;
    return call;
  }

  /** Marks the caller as authenticated. */
  void authenticated() {
    if (unauthenticated != null) {
      unauthenticated.give(beyondAllowance(reserved));
      unauthenticated = null;
    }
  }

  /** Returns true if the pools have, by now, the bytes that were taken beyond them. */
  boolean isWithin() {
    return unauthenticated == null && address.hasRoom() && budget.all().hasRoom();
  }

  /**
   * Holds bytes within the budget.
   *
   * @return false when the budget would be exceeded; {@link #refusal} has the reason
   */
  boolean hold(long bytes) {
    boolean has = hold(bytes, 0);
    if (!has) {
      budget.countRefused();
    }
    return has;
  }

  private boolean hold(long bytes, long overdraft) {
    if (!open) {
      return true;
    }
    if (held + bytes > budget.connectionBytes() + overdraft) {
      refusal = CALLER_FULL;
      return false;
    }
    if (held + bytes > reserved && !reserve(held + bytes - reserved, overdraft)) {
      return false;
    }
    held += bytes;
    return true;
  }

  /** Holds bytes that exist already, even above the budget. */
  void force(long bytes) {
    if (!open) {
      return;
    }
    held += bytes;
    long more = blocks(held - reserved);
    if (more > 0) {
      budget.all().take(more);
      address.take(more);
      if (unauthenticated != null) {
        unauthenticated.take(beyondAllowance(reserved + more) - beyondAllowance(reserved));
      }
      reserved += more;
      overdrawn = true;
    }
  }

  void release(long bytes) {
    if (!open) {
      return;
    }
    held -= bytes;
    if (overdrawn || reserved - held > (calls == 0 ? BLOCK_BYTES : MAX_SPARE_BYTES)) {
      giveBack(reserved - blocks(held));
    }
  }

  /** Sets the bytes that wait in the socket; returns false when they exceed the budget. */
  boolean unsent(long bytes) {
    long more = bytes - unsent;
    if (more < 0) {
      release(-more);
    } else if (more > 0 && !hold(more)) {
      return false;
    }
    unsent = bytes;
    return true;
  }

  void close() {
    if (open) {
      giveBack(reserved);
      open = false;
      budget.leave(addressName);
    }
  }

  /** The status for a call that could not hold the bytes it needs. */
  RpcStatus refusal() {
    return refusal;
  }

  void callClosed() {
    calls--;
  }

  private boolean reserve(long bytes, long overdraft) {
    long more = blocks(bytes);
    if (!address.tryTake(more, overdraft)) {
      refusal = CALLER_FULL;
      return false;
    }
    refusal = SERVER_FULL;
    long ofUnauthenticated = beyondAllowance(reserved + more) - beyondAllowance(reserved);
    if (unauthenticated != null && !unauthenticated.tryTake(ofUnauthenticated, overdraft)) {
      address.give(more);
      return false;
    }
    if (!budget.all().tryTake(more, overdraft - budget.keptFrom(address))) {
      address.give(more);
      if (unauthenticated != null) {
        unauthenticated.give(ofUnauthenticated);
      }
      return false;
    }
    reserved += more;
    overdrawn = false;
    return true;
  }

  private void giveBack(long bytes) {
    budget.all().give(bytes);
    address.give(bytes);
    if (unauthenticated != null) {
      unauthenticated.give(beyondAllowance(reserved) - beyondAllowance(reserved - bytes));
    }
    reserved -= bytes;
  }

  private static long beyondAllowance(long bytes) {
    return Math.max(0, bytes - ALLOWANCE_BYTES);
  }

  /** Rounds up to whole blocks. */
  private static long blocks(long bytes) {
    return bytes <= 0 ? 0 : (bytes + BLOCK_BYTES - 1) / BLOCK_BYTES * BLOCK_BYTES;
  }
}
