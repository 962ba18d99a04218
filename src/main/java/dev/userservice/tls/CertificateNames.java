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

/** What the holder of a certificate is called. */
public final class CertificateNames {

  /** RFC 5280, 4.2.1.6: the kinds of name that we take, the one that says most first. */
  private static final List<Integer> URI_DNS_EMAIL = List.of(6, 2, 1);

  private CertificateNames() {}

  /**
   * The subject alternative names that are URIs, or else hosts, or else e-mail addresses; the
   * common names of a certificate that has none of these. A holder is known by one name alone:
   * where there are several, an authority and a server may each look at another one.
   *
   * @return different names; empty when there are none that can be read
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
        // One part may have several attributes, of which its own getters show only the first.
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
