# SPDX-License-Identifier: GPL-3.0-or-later
# What a node has for TLS, behind qemu_user.sh. Nothing is changed, and of a private key only its public half is told.
# $tls_root goes before all paths; with $tls_quick nobody is waited for.
#   tls_path NUMBER PATH              of the files, in the order of core/tls/tls.h; always
#   tls_file NUMBER MODE OWNER GROUP  it is there;  tls_odd NUMBER yes: but is no file
#   tls_line NUMBER TEXT              a line of a certificate in it;  tls_mixed NUMBER yes: there is a private key, too
#   tls_public NUMBER TEXT, tls_sealed NUMBER WHY    the public half of a private key
#   tls_denied NUMBER yes             QEMU's user cannot read it;  tls_untried yes: nobody could try that
#   tls_missing DIRECTORY, tls_group NAME (QEMU's), tls_name NAME, tls_now SECONDS
#   tls_listens yes, tls_unit NAME yes|no (of systemd; is it on), tls_off yes, tls_setting TEXT
# shellcheck shell=sh disable=SC2034,SC2154 # qemu_conf; u, g
tls_pki=${tls_root:-}/etc/pki
tls_dir=$(conf migrate_tls_x509_cert_dir)
if [ -z "$tls_dir" ] && [ -d "$tls_pki/libvirt-migrate" ]; then tls_dir=/etc/pki/libvirt-migrate; fi
[ -n "$tls_dir" ] || tls_dir=$(conf default_tls_x509_cert_dir)
tls_dir=${tls_root:-}${tls_dir:-/etc/pki/qemu}
tls_public() { # NUMBER FILE
  command -v ssh-keygen >/dev/null || { say tls_sealed "$1 there is no ssh-keygen on the node"; return; }
  # A pipe, as ssh-keygen refuses a file that a group may read.
  if k=$(head -c 65536 -- "$2" | ssh-keygen -y -P '' -f /dev/stdin 2>&1); then say tls_public "$1 $k"
  else say tls_sealed "$1 ssh-keygen cannot read it: ${k##*: }"; fi
}
tls_one() { # NUMBER FILE
  say tls_path "$1 $2"
  [ ! -e "$2" ] || set -- "$1" "$2" "$(stat -L -c '%a %U %G' -- "$2" 2>/dev/null)"
  if [ -z "${3:-}" ]; then
    [ ! -L "$2" ] || { say tls_file "$1 777 root root"; say tls_odd "$1 yes"; }
    return
  fi
  say tls_file "$1 $3"
  [ -f "$2" ] || { say tls_odd "$1 yes"; return; }
  case $2 in
  *key.pem) tls_public "$1" "$2" ;;
  *)
    ! grep -q 'PRIVATE KEY-----' -- "$2" || say tls_mixed "$1 yes"
    head -c 65536 -- "$2" | sed -n "/BEGIN .*PRIVATE KEY-----/,/END .*PRIVATE KEY-----/d
      /-----BEGIN .*CERTIFICATE-----/,/-----END .*CERTIFICATE-----/ s/^/@tls_line $1 /p" && echo
    ;;
  esac
  [ "$1" -lt 5 ] || [ "$tls_try" = no ] || as_qemu test -r "$2" </dev/null 2>/dev/null || say tls_denied "$1 yes"
}
tls_n=0 tls_try=yes
[ -n "$u" ] && as_qemu true </dev/null 2>/dev/null || { tls_try=no; say tls_untried yes; }
for tls_f in "$tls_pki/CA/cacert.pem" "$tls_pki/libvirt/servercert.pem" "$tls_pki/libvirt/private/serverkey.pem" \
  "$tls_pki/libvirt/clientcert.pem" "$tls_pki/libvirt/private/clientkey.pem" "$tls_dir/ca-cert.pem" \
  "$tls_dir/server-cert.pem" "$tls_dir/server-key.pem" "$tls_dir/client-cert.pem" "$tls_dir/client-key.pem"; do
  tls_one $tls_n "$tls_f"
  tls_n=$((tls_n + 1))
done
for tls_f in "$tls_pki" "$tls_pki/CA" "$tls_pki/libvirt" "$tls_pki/libvirt/private" "$tls_dir"; do
  [ -d "$tls_f" ] || say tls_missing "$tls_f"
done
[ -z "$g" ] || say tls_group "$g"
say tls_name "$(uname -n)"
[ -n "${tls_quick:-}" ] || ! tls_f=$(timeout 5 hostname -f 2>/dev/null) || say tls_name "$tls_f"
ip -o addr show scope global 2>/dev/null | awk '{ sub(/\/.*/, "", $4); print "@tls_name " $4 }'
for tls_f in /proc/net/tcp /proc/net/tcp6; do
  [ -z "$(awk '$4 == "0A" && $2 ~ /:4082$/' $tls_f 2>/dev/null)" ] || say tls_listens yes
done
tls_conf=${tls_root:-}/etc/libvirt/libvirtd.conf
if [ -d "${tls_root:-}/run/systemd/system" ] && command -v systemctl >/dev/null; then
  tls_f=libvirtd-tls.socket
  if systemctl -q is-active virtqemud.socket virtqemud.service 2>/dev/null; then
    tls_f=virtproxyd-tls.socket tls_conf=${tls_root:-}/etc/libvirt/virtproxyd.conf
  fi
  if systemctl -q is-enabled $tls_f 2>/dev/null; then say tls_unit "$tls_f yes"; else say tls_unit "$tls_f no"; fi
fi
[ "$(qemu_conf=$tls_conf && conf listen_tls)" != 0 ] || say tls_off yes
for tls_f in key_file cert_file ca_file; do
  [ -z "$(qemu_conf=$tls_conf && conf $tls_f)" ] || say tls_setting "$tls_f in $tls_conf"
done
say tls_now "$(date +%s)"
