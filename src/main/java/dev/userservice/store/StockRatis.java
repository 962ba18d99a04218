package dev.userservice.store;

/** System properties that the libraries inside Ratis read when their first class is loaded. */
final class StockRatis {

  private static final String NETTY = "org.apache.ratis.thirdparty.io.netty.";

  private StockRatis() {}

  /** Sets the properties, except the ones that the operator has set. */
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
