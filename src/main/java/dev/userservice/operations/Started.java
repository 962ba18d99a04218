package dev.userservice.operations;

import io.vertx.core.Vertx;
import io.vertx.core.shareddata.Shareable;
import java.util.Optional;
import java.util.function.Consumer;

/** The state of the server of one Vert.x, for the program that starts it. */
public final class Started implements Shareable {

  private static final String NAME = "dev.userservice.started";

  private volatile int port;
  private volatile Integer managementPort;
  private volatile boolean ready;
  private volatile String waitingFor;
  private volatile Metrics metrics;
  private volatile Consumer<String> storeLost;

  private Started() {}

  public static Started of(Vertx vertx) {
    return vertx
        .sharedData()
        .<String, Started>getLocalMap(NAME)
        .computeIfAbsent(NAME, first -> new Started());
  }

  /** The port the server listens on; 0 before that. */
  public int port() {
    return port;
  }

  public void listensOn(int port) {
    this.port = port;
  }

  /** The port of operators, or null without one. */
  public Integer managementPort() {
    return managementPort;
  }

  public void isManagedOn(int port) {
    managementPort = port;
  }

  /** Returns true once the store is open. */
  public boolean isReady() {
    return ready;
  }

  public void becameReady() {
    ready = true;
  }

  /** Why the start waits for its store, or null. */
  public String waitingFor() {
    return waitingFor;
  }

  public void waitsFor(String why) {
    waitingFor = why;
  }

  /** Hands over the metrics that Vert.x writes its own into. */
  public void measuredBy(Metrics vertxMetrics) {
    metrics = vertxMetrics;
  }

  /** Returns them once: the server that takes them closes them. */
  public Optional<Metrics> takeMetrics() {
    Optional<Metrics> given = Optional.ofNullable(metrics);
    metrics = null;
    return given;
  }

  /**
   * Calls a handler, maybe several times, when the store of a running server is lost. Without a
   * handler the server stays, and its health is NOT_SERVING.
   *
   * @param handler called on an event loop with the reason, for the operator
   */
  public void onStoreLost(Consumer<String> handler) {
    storeLost = handler;
  }

  public void storeLost(String why) {
    Consumer<String> handler = storeLost;
    if (handler != null) {
      handler.accept(why);
    }
  }
}
