# SPDX-License-Identifier: GPL-3.0-or-later
# Which daemons of libvirt a node has, and which run.
#   unit NAME LOADED ACTIVE ENABLED     by systemd, where it is there
#   process NAME PID, binary NAME
#   socket NAME MODE OWNER GROUP        in /run/libvirt
# Defines daemon, which says so.
# shellcheck shell=sh
daemon() {
  if command -v systemctl >/dev/null && [ -d /run/systemd/system ]; then
    systemctl show -p Id,LoadState,ActiveState,UnitFileState -- libvirtd.service libvirtd.socket virtqemud.service \
      virtqemud.socket virtproxyd.service virtproxyd.socket 2>/dev/null |
      awk -F= -v RS= -v OFS=' ' '{
        delete v
        n = split($0, line, "\n")
        for (i = 1; i <= n; i++) { p = index(line[i], "="); v[substr(line[i], 1, p - 1)] = substr(line[i], p + 1) }
        print "@unit " v["Id"], v["LoadState"], v["ActiveState"], v["UnitFileState"] == "" ? "-" : v["UnitFileState"]
      }'
  fi
  for d in /proc/[0-9]*; do
    read -r c <"$d/comm" || continue
    case $c in libvirtd | virtqemud | virtproxyd | polkitd) say process "$c ${d#/proc/}" ;; esac
  done 2>/dev/null
  for c in libvirtd virtqemud virtproxyd; do
    ! command -v $c >/dev/null || say binary $c
  done
  for s in libvirt-sock virtqemud-sock; do
    [ ! -S /run/libvirt/$s ] || say socket "$s $(stat -L -c '%a %U %G' /run/libvirt/$s)"
  done
}
