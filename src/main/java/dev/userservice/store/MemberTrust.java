package dev.userservice.store;

import java.util.function.BiConsumer;
import javax.net.ssl.X509ExtendedKeyManager;
import javax.net.ssl.X509ExtendedTrustManager;

/**
 * The keys and authorities with which the servers of a store trust each other. Both follow their
 * files, so that no new connection uses a replaced one.
 *
 * @param failed receives the address of a peer whose handshake failed, and why
 */
public record MemberTrust(
    X509ExtendedKeyManager keys,
    X509ExtendedTrustManager trust,
    BiConsumer<String, Throwable> failed) {}
