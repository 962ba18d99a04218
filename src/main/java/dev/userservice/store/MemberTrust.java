package dev.userservice.store;

import javax.net.ssl.X509ExtendedKeyManager;
import javax.net.ssl.X509ExtendedTrustManager;

/**
 * The keys and authorities with which the servers of a store trust each other. Both follow their
 * files, so that no new connection uses a replaced one.
 */
public record MemberTrust(X509ExtendedKeyManager keys, X509ExtendedTrustManager trust) {}
