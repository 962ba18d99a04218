package dev.userservice.compare;

import io.vertx.core.DeploymentOptions;
import io.vertx.core.Handler;
import io.vertx.core.VerticleBase;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.net.PemKeyCertOptions;
import java.io.File;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;

/**
 * The options of each peer.
 *
 * @param port the port to listen on, of the loopback address
 * @param certificate the PEM file of the certificate; null for plaintext
 * @param key the PEM file of its key
 */
record PeerOptions(int port, File certificate, File key) {

  private static final int STREAMS = 1_000;
  private static final int WINDOW_BYTES = 1 << 20;

  /**
   * @param args a port, and maybe the files of a certificate and a key, from the given place on
   */
  static PeerOptions read(String[] args, int from) {
    int port = Integer.parseInt(args[from]);
    return args.length < from + 3
        ? new PeerOptions(port, null, null)
        : new PeerOptions(port, new File(args[from + 1]), new File(args[from + 2]));
  }

  /** Serves on Vert.x, with an event loop for each core and windows as large as ours. */
  void serve(Function<Vertx, Handler<HttpServerRequest>> handler) throws Exception {
    HttpServerOptions options =
        new HttpServerOptions()
            .setHost("127.0.0.1")
            .setPort(port)
            .setHttp2ConnectionWindowSize(WINDOW_BYTES * 4);
    options.getInitialSettings().setMaxConcurrentStreams(STREAMS);
    options.getInitialSettings().setInitialWindowSize(WINDOW_BYTES);
    if (certificate != null) {
      options
          .setSsl(true)
          .setUseAlpn(true)
          .setKeyCertOptions(
              new PemKeyCertOptions()
                  .setCertPath(certificate.getPath())
                  .setKeyPath(key.getPath()));
    }
    Vertx vertx = Vertx.vertx();
    vertx
        .deployVerticle(
            () -> new Serving(options, handler),
            new DeploymentOptions().setInstances(Runtime.getRuntime().availableProcessors()))
        .await(30, TimeUnit.SECONDS);
  }

  private static final class Serving extends VerticleBase {

    private final HttpServerOptions options;
    private final Function<Vertx, Handler<HttpServerRequest>> handler;

    Serving(HttpServerOptions options, Function<Vertx, Handler<HttpServerRequest>> handler) {
      this.options = options;
      this.handler = handler;
    }

    @Override
    public io.vertx.core.Future<?> start() {
      return vertx.createHttpServer(options).requestHandler(handler.apply(vertx)).listen();
    }
  }
}
