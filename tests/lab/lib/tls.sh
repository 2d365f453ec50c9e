# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# `up --tls`: a certificate authority of the lab's own, and for every host one certificate that is good as server and
# as client, in the places where libvirt (qemu+tls) and QEMU (migrate --tls) look by default. Sourced by `lab` only.

openssl_quiet() {
    openssl "$@" >/dev/null 2>>"$STATE/tls.log" || die "openssl $1 failed, see $STATE/tls.log"
}

make_certificates() {
    local dir=$STATE/keys host alias names
    openssl_quiet req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -noenc -days 3650 -subj "/CN=lab $NAME" \
        -addext "keyUsage=critical,keyCertSign,cRLSign" -keyout "$dir/ca.key" -out "$dir/ca.pem"
    for host in "${HOSTS[@]}"; do
        openssl_quiet req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -noenc -subj "/CN=$host" \
            -keyout "$dir/tls.$host.key" -out "$dir/tls.$host.csr"
        # every name and address that a client may use, as it compares them
        names=DNS:$host,IP:$(address_of "$host")
        for alias in $(aliases_of "$host"); do
            names+=,DNS:$alias
        done
        cat >"$dir/tls.$host.ext" <<EXT
keyUsage=critical,digitalSignature,keyEncipherment
extendedKeyUsage=serverAuth,clientAuth
subjectAltName=$names
EXT
        openssl_quiet x509 -req -in "$dir/tls.$host.csr" -CA "$dir/ca.pem" -CAkey "$dir/ca.key" -CAcreateserial \
            -days 3650 -extfile "$dir/tls.$host.ext" -out "$dir/tls.$host.pem"
    done
}

# tls_files HOST DIR: DIR is the host's private directory.
tls_files() {
    local keys=$STATE/keys host=$1 pki=$2/etc/pki side
    mkdir -p "$pki/CA" "$pki/libvirt/private" "$pki/qemu"
    cp "$keys/ca.pem" "$pki/CA/cacert.pem"
    cp "$keys/ca.pem" "$pki/qemu/ca-cert.pem"
    for side in server client; do
        install -m 644 "$keys/tls.$host.pem" "$pki/libvirt/${side}cert.pem"
        install -m 600 "$keys/tls.$host.key" "$pki/libvirt/private/${side}key.pem"
        install -m 644 "$keys/tls.$host.pem" "$pki/qemu/$side-cert.pem"
        install -m 600 "$keys/tls.$host.key" "$pki/qemu/$side-key.pem"
    done
}
