package dev.userservice.cluster;

import java.io.IOException;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.util.ArrayDeque;
import java.util.Queue;

/**
 * Accepts members only. Each handshake runs on its own thread, at most {@link #MAX_HANDSHAKES} at a
 * time. A further one closes the oldest, so that strangers cannot block members.
 */
final class MemberServerSocket extends ServerSocket {

  private static final int MAX_HANDSHAKES = 32;
  private static final int PAUSE_MILLIS = 100;

  private final MemberSockets sockets;
  private final Queue<MemberSocket> handshakes = new ArrayDeque<>();
  private final Queue<MemberSocket> members = new ArrayDeque<>();
  private boolean accepting;

  MemberServerSocket(MemberSockets sockets) throws IOException {
    this.sockets = sockets;
  }

  /** Blocks until a member has connected. */
  @Override
  public synchronized Socket accept() throws IOException {
    if (!accepting) {
      accepting = true;
      thread("accept", this::acceptAll);
    }
    try {
      while (members.isEmpty() && !isClosed()) {
        wait();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new SocketException("interrupted");
    }
    if (isClosed()) {
      throw new SocketException("Socket closed");
    }
    return members.remove();
  }

  private void thread(String what, Runnable task) {
    Thread thread = new Thread(task, "member-" + what + "-" + getLocalPort());
    thread.setDaemon(true);
    thread.start();
  }

  private void acceptAll() {
    while (!isClosed()) {
      try {
        MemberSocket socket = new MemberSocket(sockets);
        implAccept(socket);
        begin(socket);
        thread("handshake", () -> handshake(socket));
      } catch (IOException e) {
        // Closed, or out of file descriptors; the next attempt may succeed.
        pause();
      }
    }
  }

  private synchronized void pause() {
    try {
      if (!isClosed()) {
        wait(PAUSE_MILLIS);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void begin(MemberSocket socket) throws IOException {
    MemberSocket oldest;
    synchronized (this) {
      handshakes.add(socket);
      oldest = handshakes.size() > MAX_HANDSHAKES ? handshakes.remove() : null;
    }
    if (oldest != null) {
      oldest.close();
    }
  }

  private void handshake(MemberSocket socket) {
    boolean member = false;
    try {
      socket.handshake(false);
      member = true;
    } catch (SocketException e) {
      // Already reported and closed.
    } finally {
      over(socket, member);
    }
  }

  private synchronized void over(MemberSocket socket, boolean member) {
    handshakes.remove(socket);
    if (member) {
      members.add(socket);
      notifyAll();
    }
  }

  @Override
  public void close() throws IOException {
    super.close();
    Queue<MemberSocket> open;
    synchronized (this) {
      notifyAll();
      open = new ArrayDeque<>(handshakes);
      open.addAll(members);
    }
    for (MemberSocket socket : open) {
      socket.close();
    }
  }
}
