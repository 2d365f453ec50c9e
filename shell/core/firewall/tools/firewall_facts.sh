# SPDX-License-Identifier: GPL-3.0-or-later
# What may keep connections out of a node, behind qemu_user.sh and firewall_ours.sh. Nothing is changed.
#   firewalld yes, ufw yes    they run, and are active
#   systemctl yes             services can be stopped and started
#   selinux Enforcing|Permissive|Disabled
#   migration LOW-HIGH        libvirt's ports for it
#   rpc PORT                  those of an NFS server and its helpers (portmapper, mountd, nlockmgr, status)
#   ours BACKEND ID END       what migsh has opened
#   iptables RULE, ip6tables RULE    a line each, as -S has them
#   now SECONDS
#   nft yes                   and "text": its ruleset as JSON
# shellcheck shell=sh
runs_ufw() { here ufw && case $(ufw status 2>/dev/null) in 'Status: active'*) ;; *) false ;; esac; }
! here firewall-cmd || ! firewall-cmd -q --state 2>/dev/null || say firewalld yes
! runs_ufw || say ufw yes
! { [ -d /run/systemd/system ] && here systemctl; } || say systemctl yes
! here getenforce || say selinux "$(getenforce 2>/dev/null)"
low=$(conf migration_port_min) high=$(conf migration_port_max)
say migration "${low:-49152}-${high:-49215}"
! here rpcinfo || timeout 5 rpcinfo -p 2>/dev/null | awk '$1 ~ /^1000(00|03|05|21|24)$/ && $3 == "tcp" { print "@rpc " $4 }' | sort -u
ours | sed 's/^/@ours /'
for t in iptables ip6tables; do
  ! has_tables $t || $t -w -S 2>/dev/null | sed "s/^/@$t /"
done
say now "$(date +%s)"
here nft || exit 0
say nft yes
echo @text
nft -j list ruleset
