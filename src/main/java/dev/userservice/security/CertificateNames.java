package dev.userservice.security;

import java.security.cert.CertificateParsingException;
import java.security.cert.X509Certificate;
import java.util.Collection;
import java.util.List;
import javax.naming.InvalidNameException;
import javax.naming.ldap.LdapName;
import javax.naming.ldap.Rdn;

/** What the holder of a certificate is called. */
public final class CertificateNames {

  /** RFC 5280, 4.2.1.6: the kinds of name that we take, the one that says most first. */
  private static final List<Integer> URI_DNS_EMAIL = List.of(6, 2, 1);

  private CertificateNames() {}

  /**
   * The first subject alternative name that is a URI, or else a host, or else an e-mail address;
   * the common name of a certificate that has none of these. Empty when it has no name at all.
   */
  public static String of(X509Certificate certificate) {
    try {
      Collection<List<?>> names = certificate.getSubjectAlternativeNames();
      for (int kind : URI_DNS_EMAIL) {
        for (List<?> name : names == null ? List.<List<?>>of() : names) {
          if (name.get(0).equals(kind)) {
            return (String) name.get(1);
          }
        }
      }
      for (Rdn part : new LdapName(certificate.getSubjectX500Principal().getName()).getRdns()) {
        if (part.getType().equalsIgnoreCase("CN")) {
          return part.getValue().toString();
        }
      }
    } catch (CertificateParsingException | InvalidNameException e) {
      // As one without a name.
    }
    return "";
  }
}
