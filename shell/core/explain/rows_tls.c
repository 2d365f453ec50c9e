// SPDX-License-Identifier: GPL-3.0-or-later
// Certificates and TLS. See rows_priv.h.
#include "core/explain/rows_priv.h"

const struct explain_row explain_rows_tls[] = {
    {"cert-hostname",
     "Certificate does not match the hostname|owner does not match the hostname|certificate * does not match hostname",
     "the certificate is made out to another name", EXPLAIN_DEST,
     "give --tls-destination the certificate's name (tls-check {D} tells it), or use that name in the URI",
     "use that name (tls-check {N} tells it) in the URI"},
    {"cert-expired",
     "certificate * has expired|certificate is expired|certificate has expired|certificate * is not yet "
     "active|certificate is not yet activated",
     "a certificate is out of date, or the clock of one end is wrong", EXPLAIN_BOTH,
     "tls-check {S} {D} tells which, by each host's own clock; tls-renew signs anew what tls-setup made",
     "tls-check tells which, by each host's own clock; tls-renew signs anew what tls-setup made"},
    {"cert-issuer",
     "hasn't got a known issuer|certificate is not trusted|Failed to verify peer's certificate|failed validation "
     "against|Unable to verify * certificate * against CA",
     "the two ends trust different authorities", EXPLAIN_BOTH,
     "tls-check {S} {D} compares them; tls-setup {S} {D} makes both certificates of one authority",
     "tls-check compares them; tls-setup makes certificates of one authority"},
    {"cert-revoked", "certificate has been revoked|insecure algorithm",
     "the certificate is revoked, or signed in a way that counts as broken", EXPLAIN_BOTH,
     "make a new one (RSA 3072 or P-256, SHA-256); tls-setup {S} {D} --force does",
     "make a new one (RSA 3072 or P-256, SHA-256); tls-setup --force does"},
    {"cert-usage", "usage does not permit|purpose does not allow|basic constraints",
     "the certificate is not made for that use", EXPLAIN_BOTH,
     "a server needs digital signature, key encipherment and serverAuth, a client clientAuth, a CA the basic "
     "constraint CA and certificate signing"},
    {"cert-dn", "Distinguished Name is not on the list|tls_allowed_dn_list",
     "libvirtd does not let this certificate in", EXPLAIN_DEST,
     "add what virt-pki-query-dn says of the certificate to tls_allowed_dn_list in /etc/libvirt/libvirtd.conf"},
    {"cert-missing", "Unable to access credentials", "QEMU's certificates are missing", EXPLAIN_BOTH,
     "tls-check {S} {D} tells which, tls-setup {S} {D} makes them; or leave out --tls"},
    {"cert-file",
     "Cannot read CA certificate|Cannot read certificate|Cannot read private key|Unable to set x509|Unable to import * "
     "certificate",
     "a certificate or key of libvirt is missing or cannot be read", EXPLAIN_BOTH,
     "tls-check {S} {D} tells which, and on this machine virt-pki-validate; or use a qemu+ssh URI",
     "tls-check tells which of a node's, virt-pki-validate which of this machine's; or use a qemu+ssh URI"},
    {"tls-channel", "Cannot read from TLS channel|Cannot write to TLS channel",
     "the other end refused the TLS handshake", EXPLAIN_BOTH,
     "tls-check {S} {D} tells whether their certificates are of one authority and in date",
     "tls-check tells whether the certificates are of one authority and in date"},
    {"tls-handshake", "TLS handshake failed|non-properly terminated|TLS connection was",
     "the two ends could not agree on TLS", EXPLAIN_BOTH,
     "does the other end speak TLS at that port? tls-check {S} {D} tells of certificates and clocks",
     "does the other end speak TLS at that port? tls-check tells of certificates and clocks"},
    {NULL},
};
