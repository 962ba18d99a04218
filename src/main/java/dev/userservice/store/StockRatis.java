package dev.userservice.store;

/**
 * What the libraries inside of Ratis read from system properties, before the first of their
 * classes.
 */
final class StockRatis {

  private static final String NETTY = "org.apache.ratis.thirdparty.io.netty.";

  private StockRatis() {}

  /** A value that is set by whoever starts the program stays. */
  static void prepare() {
    // TLS is the JDK's, and no native library is unpacked into a shared folder.
    set("handler.ssl.noOpenSsl", "true");
    set("transport.noNative", "true");
    // JDK 24 and later warn of sun.misc.Unsafe.
    set("noUnsafe", "true");
  }

  private static void set(String name, String value) {
    if (System.getProperty(NETTY + name) == null) {
      System.setProperty(NETTY + name, value);
    }
  }
}
