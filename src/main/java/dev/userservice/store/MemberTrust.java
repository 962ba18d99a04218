package dev.userservice.store;

import javax.net.ssl.X509ExtendedKeyManager;
import javax.net.ssl.X509ExtendedTrustManager;

/**
 * By what the servers of a store know each other: both follow their files, so that no new
 * connection uses what was replaced.
 */
public record MemberTrust(X509ExtendedKeyManager keys, X509ExtendedTrustManager trust) {}
