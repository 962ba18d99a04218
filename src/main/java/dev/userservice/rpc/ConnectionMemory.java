package dev.userservice.rpc;

import com.google.protobuf.util.Durations;
import com.google.rpc.RetryInfo;
import dev.userservice.rpc.MemoryBudget.Pool;
import io.vertx.grpc.common.GrpcStatus;
import java.util.List;

/**
 * What one connection and its calls hold of the {@link MemoryBudget}.
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
   * What a connection whose caller has not authenticated may hold beside the pool of all these: the
   * connection and a first call, so that a good token is read however full that pool is. {@link
   * UnauthenticatedConnections} bounds how many there are.
   */
  private static final int ALLOWANCE_BYTES = 2 * BLOCK_BYTES;

  /** Unused bytes above this go back to the pools. */
  private static final int MAX_SPARE_BYTES = 8 * BLOCK_BYTES;

  private static final List<RetryInfo> RETRY =
      List.of(RetryInfo.newBuilder().setRetryDelay(Durations.fromSeconds(1)).build());

  private static final RpcStatus SERVER_FULL =
      new RpcStatus(
          GrpcStatus.RESOURCE_EXHAUSTED,
          "SERVER_MEMORY_LIMIT",
          "this server holds as much for its callers as it may; retry more slowly",
          List.copyOf(RETRY));

  private static final RpcStatus CALLER_FULL =
      new RpcStatus(
          GrpcStatus.RESOURCE_EXHAUSTED,
          "CALLER_MEMORY_LIMIT",
          "this connection or address makes the server hold more than its share;"
              + " read responses, complete requests, or send fewer at a time",
          List.copyOf(RETRY));

  private final MemoryBudget budget;
  private final String addressName;
  private final Pool address;

  /** The pool of unauthenticated callers; null once the caller is known, or need not be. */
  private Pool unauthenticated;

  private long held;
  private long reserved;

  /** Whether more than the pools had was taken: what is spare must not be held again. */
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
   * @param bytes what it holds from its beginning
   * @return the call, which may be one to {@link CallMemory#isRefused refuse}; null when there is
   *     no memory left even to refuse it
   */
  CallMemory openCall(long bytes) {
    boolean admitted = hold(bytes);
    if (!admitted && !hold(bytes, budget.refusalBytes())) {
      return null;
    }
    calls++;
    return new CallMemory(this, bytes, !admitted);
  }

  /** How many calls are open. */
  int calls() {
    return calls;
  }

  /** Leaves the memory of the call whose headers are being read, for the handler of the request. */
  void arriving(CallMemory call) {
    arriving = call;
  }

  /** Takes the memory of the call whose headers are being read; null when there is none. */
  CallMemory arrived() {
    CallMemory call = arriving;
    arriving = null;
    return call;
  }

  /** The caller is known from now on: it no longer counts as unauthenticated. */
  void authenticated() {
    if (unauthenticated != null) {
      unauthenticated.give(beyondAllowance(reserved));
      unauthenticated = null;
    }
  }

  /** Whether the pools have, by now, what this connection was given beyond them. */
  boolean isWithin() {
    return unauthenticated == null && address.hasRoom() && budget.all().hasRoom();
  }

  /**
   * Holds bytes if the budget has them.
   *
   * @return whether they are held; if not, {@link #refusal} says why
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

  /** Holds bytes that are there already, whatever the budget says. */
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

  /** Counts what waits in the socket to be read by the peer. */
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

  /** How a call is answered that could not hold what it wanted. */
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
