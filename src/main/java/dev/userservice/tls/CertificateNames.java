package dev.userservice.tls;

import java.security.cert.CertificateParsingException;
import java.security.cert.X509Certificate;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import javax.naming.NamingException;
import javax.naming.directory.Attribute;
import javax.naming.ldap.LdapName;
import javax.naming.ldap.Rdn;

/** The names of a certificate's holder. */
public final class CertificateNames {

  /** RFC 5280, 4.2.1.6: the accepted kinds of name, the most specific first. */
  private static final List<Integer> URI_DNS_EMAIL = List.of(6, 2, 1);

  private CertificateNames() {}

  /**
   * Returns the subject alternative names that are URIs, or else hosts, or else e-mail addresses;
   * without any of these, the common names. Only a certificate with a single name identifies its
   * holder: of several, an authority and a server may each check another one.
   *
   * @return the distinct names; empty when the certificate has none or they cannot be read
   */
  public static List<String> of(X509Certificate certificate) {
    Set<String> found = new LinkedHashSet<>();
    try {
      Collection<List<?>> names = certificate.getSubjectAlternativeNames();
      for (int kind : URI_DNS_EMAIL) {
        for (List<?> name : names == null ? List.<List<?>>of() : names) {
          if (name.get(0).equals(kind)) {
            found.add((String) name.get(1));
          }
        }
        if (!found.isEmpty()) {
          return List.copyOf(found);
        }
      }
      for (Rdn part : new LdapName(certificate.getSubjectX500Principal().getName()).getRdns()) {
        // One RDN may have several attributes; its getters return only the first.
        Attribute common = part.toAttributes().get("CN");
        for (int i = 0; common != null && i < common.size(); i++) {
          found.add(String.valueOf(common.get(i)));
        }
      }
    } catch (CertificateParsingException | NamingException e) {
      return List.of();
    }
    return List.copyOf(found);
  }
}
