package dev.userservice.security;

import io.netty.handler.ssl.util.SimpleKeyManagerFactory;
import io.netty.handler.ssl.util.SimpleTrustManagerFactory;
import java.security.KeyStore;
import javax.net.ssl.KeyManager;
import javax.net.ssl.ManagerFactoryParameters;
import javax.net.ssl.TrustManager;

/** Factories of one manager each; those of Vert.x need slf4j, which the jar does not have. */
final class Managers {

  private Managers() {}

  static SimpleKeyManagerFactory of(KeyManager manager) {
    return new SimpleKeyManagerFactory() {
      @Override
      protected void engineInit(KeyStore store, char[] password) {}

      @Override
      protected void engineInit(ManagerFactoryParameters parameters) {}

      @Override
      protected KeyManager[] engineGetKeyManagers() {
        return new KeyManager[] {manager};
      }
    };
  }

  static SimpleTrustManagerFactory of(TrustManager manager) {
    return new SimpleTrustManagerFactory() {
      @Override
      protected void engineInit(KeyStore store) {}

      @Override
      protected void engineInit(ManagerFactoryParameters parameters) {}

      @Override
      protected TrustManager[] engineGetTrustManagers() {
        return new TrustManager[] {manager};
      }
    };
  }
}
