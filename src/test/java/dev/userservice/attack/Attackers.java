package dev.userservice.attack;

import java.io.IOException;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/** The connections of one attack, each driven by a thread of its own; closed with it. */
final class Attackers implements AutoCloseable {

  /** The actions of an attacker on its connection. */
  interface Script {
    void run(Wire wire) throws IOException;
  }

  /** The actions of an attacker over HTTP/2. */
  interface Http2Script {
    void run(Http2Peer peer, int index) throws IOException;
  }

  /** Other callers use 127.0.0.1: a bound for one address must not be a bound for them. */
  private static final String ADDRESS_PREFIX = "127.0.0.";

  private static final int FIRST_ADDRESS = 2;

  /** A busy server may read nothing between one or two calls of {@link #haveSettled}. */
  private static final int QUIET_CALLS = 3;

  private final Victim victim;
  private final Queue<Wire> wires = new ConcurrentLinkedQueue<>();
  private final Queue<Thread> threads = new ConcurrentLinkedQueue<>();
  private final AtomicInteger busy = new AtomicInteger();
  private final AtomicLong sent = new AtomicLong();
  private final AtomicInteger closedByServer = new AtomicInteger();
  private int addresses = 1;
  private volatile boolean over;
  private long lastSent;
  private int lastBusy;
  private int quiet;

  Attackers(Victim victim) {
    this.victim = victim;
  }

  /** Spreads later connections over a number of addresses. */
  Attackers from(int addresses) {
    this.addresses = addresses;
    return this;
  }

  /** Opens connections without any protocol, not even TLS. */
  void tcp(int connections, Script script) {
    for (int i = 0; i < connections; i++) {
      int index = i;
      start(() -> script.run(connect(index)));
    }
  }

  /** Opens connections, with TLS if the server has it. */
  void plain(int connections, Script script) {
    for (int i = 0; i < connections; i++) {
      int index = i;
      start(() -> script.run(secure(connect(index), false)));
    }
  }

  /**
   * Opens HTTP/2 connections.
   *
   * @param streamWindow as of {@link Http2Peer}
   */
  void http2(int connections, int streamWindow, Http2Script script) {
    for (int i = 0; i < connections; i++) {
      int index = i;
      start(
          () -> {
            Wire wire = secure(connect(index), true);
            script.run(new Http2Peer(wire, streamWindow).awaitSettings(), index);
          });
    }
  }

  /** Opens one HTTP/2 connection and waits for it. */
  Http2Peer peer(int streamWindow) throws IOException {
    return new Http2Peer(secure(connect(0), true), streamWindow).awaitSettings();
  }

  /** Returns true once every script has ended, or none has sent a byte for several calls. */
  boolean haveSettled(boolean untilDone) {
    long now = sent.get();
    int running = busy.get();
    quiet = now == lastSent && running == lastBusy ? quiet + 1 : 0;
    lastSent = now;
    lastBusy = running;
    return running == 0 || !untilDone && quiet >= QUIET_CALLS;
  }

  long bytesSent() {
    return sent.get();
  }

  int closedByServer() {
    return closedByServer.get();
  }

  @Override
  public void close() throws InterruptedException {
    over = true;
    wires.forEach(Wire::close);
    for (Thread thread : threads) {
      thread.interrupt();
    }
    for (Thread thread : threads) {
      thread.join();
    }
    wires.forEach(Wire::close);
  }

  private interface Task {
    void run() throws IOException;
  }

  private void start(Task task) {
    busy.incrementAndGet();
    Thread thread =
        new Thread(
            null,
            () -> {
              try {
                task.run();
              } catch (IOException refused) {
                // The server has closed the connection, as it may; it is counted there.
              } finally {
                busy.decrementAndGet();
              }
            },
            "attacker",
            256 << 10);
    thread.setDaemon(true);
    threads.add(thread);
    thread.start();
  }

  private Wire connect(int index) throws IOException {
    String address = ADDRESS_PREFIX + (FIRST_ADDRESS + index % addresses);
    Wire wire = new Wire(address, victim.port(), sent, closedByServer);
    wires.add(wire);
    if (over) {
      wire.close();
    }
    return wire;
  }

  private Wire secure(Wire wire, boolean http2) throws IOException {
    return victim.tls().isPresent() ? wire.startTls(victim.tls().get(), http2) : wire;
  }
}
