package dev.userservice.tls;

import java.net.Socket;
import java.security.Principal;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.util.function.Supplier;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.X509ExtendedKeyManager;

/**
 * The key and certificate of the current files. Aliases carry the number of the files, so that a
 * handshake never mixes two versions.
 */
final class MemberKeys extends X509ExtendedKeyManager {

  private final Supplier<MemberFiles> current;
  private final Supplier<MemberFiles> previous;

  /**
   * @param previous the files before, for handshakes that still use them
   */
  MemberKeys(Supplier<MemberFiles> current, Supplier<MemberFiles> previous) {
    this.current = current;
    this.previous = previous;
  }

  private static String mark(MemberFiles files, String alias) {
    return alias == null ? null : files.number() + "." + alias;
  }

  private static String[] mark(MemberFiles files, String[] aliases) {
    if (aliases == null) {
      return null;
    }
    String[] marked = new String[aliases.length];
    for (int i = 0; i < aliases.length; i++) {
      marked[i] = mark(files, aliases[i]);
    }
    return marked;
  }

  private X509ExtendedKeyManager of(String marked) {
    MemberFiles files = current.get();
    return marked.startsWith(files.number() + ".") ? files.keys() : previous.get().keys();
  }

  private static String alias(String marked) {
    return marked.substring(marked.indexOf('.') + 1);
  }

  @Override
  public String[] getClientAliases(String kind, Principal[] issuers) {
    MemberFiles files = current.get();
    return mark(files, files.keys().getClientAliases(kind, issuers));
  }

  @Override
  public String chooseClientAlias(String[] kinds, Principal[] issuers, Socket socket) {
    MemberFiles files = current.get();
    return mark(files, files.keys().chooseClientAlias(kinds, issuers, socket));
  }

  @Override
  public String chooseEngineClientAlias(String[] kinds, Principal[] issuers, SSLEngine engine) {
    MemberFiles files = current.get();
    return mark(files, files.keys().chooseEngineClientAlias(kinds, issuers, engine));
  }

  @Override
  public String[] getServerAliases(String kind, Principal[] issuers) {
    MemberFiles files = current.get();
    return mark(files, files.keys().getServerAliases(kind, issuers));
  }

  @Override
  public String chooseServerAlias(String kind, Principal[] issuers, Socket socket) {
    MemberFiles files = current.get();
    return mark(files, files.keys().chooseServerAlias(kind, issuers, socket));
  }

  @Override
  public String chooseEngineServerAlias(String kind, Principal[] issuers, SSLEngine engine) {
    MemberFiles files = current.get();
    return mark(files, files.keys().chooseEngineServerAlias(kind, issuers, engine));
  }

  @Override
  public X509Certificate[] getCertificateChain(String alias) {
    return of(alias).getCertificateChain(alias(alias));
  }

  @Override
  public PrivateKey getPrivateKey(String alias) {
    return of(alias).getPrivateKey(alias(alias));
  }
}
