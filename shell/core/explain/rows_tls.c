// SPDX-License-Identifier: GPL-3.0-or-later
// Certificates and TLS. See rows_priv.h.
#include "core/explain/rows_priv.h"

const struct explain_row explain_rows_tls[] = {
    {"cert-hostname",
     "Certificate does not match the hostname|owner does not match the hostname|certificate * does not match hostname",
     "the certificate is made out to another name", EXPLAIN_DEST,
     "give --tls-destination the certificate's name, or use that name in the URI", "use that name in the URI"},
    {"cert-expired",
     "certificate * has expired|certificate is expired|certificate has expired|certificate * is not yet "
     "active|certificate is not yet activated",
     "a certificate is out of date, or the clock of one end is wrong", EXPLAIN_BOTH,
     "compare date on both hosts (exec all -- date); then renew the certificate"},
    {"cert-issuer",
     "hasn't got a known issuer|certificate is not trusted|Failed to verify peer's certificate|failed validation "
     "against|Unable to verify * certificate * against CA",
     "the two ends trust different authorities", EXPLAIN_BOTH,
     "put the same CA certificate on both, and certificates that it signed"},
    {"cert-revoked", "certificate has been revoked|insecure algorithm",
     "the certificate is revoked, or signed in a way that counts as broken", EXPLAIN_BOTH,
     "make a new one (RSA 3072 or P-256, SHA-256)"},
    {"cert-usage", "usage does not permit|purpose does not allow|basic constraints",
     "the certificate is not made for that use", EXPLAIN_BOTH,
     "a server needs digital signature, key encipherment and serverAuth, a client clientAuth, a CA the basic "
     "constraint CA and certificate signing"},
    {"cert-dn", "Distinguished Name is not on the list|tls_allowed_dn_list",
     "libvirtd does not let this certificate in", EXPLAIN_DEST,
     "add what virt-pki-query-dn says of the certificate to tls_allowed_dn_list in /etc/libvirt/libvirtd.conf"},
    {"cert-missing", "Unable to access credentials", "QEMU's certificates are missing", EXPLAIN_BOTH,
     "put ca-cert.pem, server- and client-cert.pem and keys into /etc/pki/qemu, or leave out --tls"},
    {"cert-file",
     "Cannot read CA certificate|Cannot read certificate|Cannot read private key|Unable to set x509|Unable to import * "
     "certificate",
     "a certificate or key of libvirt is missing or cannot be read", EXPLAIN_BOTH,
     "virt-pki-validate tells which: /etc/pki/CA/cacert.pem, /etc/pki/libvirt/clientcert.pem and "
     "private/clientkey.pem; or use a qemu+ssh URI"},
    {"tls-channel", "Cannot read from TLS channel|Cannot write to TLS channel",
     "the other end refused the TLS handshake", EXPLAIN_BOTH,
     "check that the certificates are signed by the same authority and not out of date"},
    {"tls-handshake", "TLS handshake failed|non-properly terminated|TLS connection was",
     "the two ends could not agree on TLS", EXPLAIN_BOTH,
     "does the other end speak TLS at that port? certificates of one authority on both, clocks that agree"},
    {NULL},
};
