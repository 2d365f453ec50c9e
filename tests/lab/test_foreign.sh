#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# What the lab's hosts do not have: package managers that install something, systemd, a kernel NFS server with its
# exportfs, a server that speaks NFSv4 alone, SELinux. A host gets fakes of them, first in the PATH of its sshd; each
# keeps to the contract of the real one, and notes what it was asked. A lab of its own (MIGSH_FOREIGNTEST_SUBNET).
# Prints "ok N - …".
set -uo pipefail
# shellcheck source=tests/lab/lib/own.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib/own.sh" foreigntest 192.168.92
asked() { on "$1" cat /fakes/asked; }
forget() { on "$1" sh -c ': >/fakes/asked'; }
# shellcheck disable=SC2016 # for the shell over there
# fake HOST NAME: a program of that name on the host, from stdin; `note` writes down how it was called.
fake() {
    { printf '#!/bin/sh\nnote() { echo "${0##*/}${*:+ $*}" >>/fakes/asked; }\n'; cat; } >"$work/fake"
    lab exec "$1" -- sh -c 'cat >"/fakes/$1"; chmod 755 "/fakes/$1"' sh "$2" <"$work/fake"
}
# shellcheck disable=SC2016 # for the shell over there
# hide HOST PROGRAM…: as if they were not installed.
hide() { local host=$1 p; shift; for p in "$@"; do on "$host" sh -c 'p=$(command -v "$1") && mount --bind /dev/null "$p"; :' sh "$p"; done; }
bare() {
    lab reset >/dev/null 2>&1
    for host in source dest; do
        on "$host" sh -c 'mkdir -p /fakes/store && : >/fakes/asked &&
            echo "SetEnv PATH=/fakes:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin" >>/etc/ssh/sshd_config'
        lab service "$host" sshd restart >/dev/null
        hide "$host" ganesha.nfsd ganesha.nfsd mount.nfs mount.nfs apt-get
    done
}

three_nodes
up --ready

# --- the fakes
# What the packages bring: exportfs, mount.nfs, and units in the state the distribution leaves them in.
brings() { # brings HOST SERVER-STATE: "enabled active" as Debian does, "disabled inactive" as the others do
    fake "$1" store/install <<SH
case " \$* " in *" nfs-kernel-server "* | *" nfs-utils "*)
    cp /fakes/store/exportfs /fakes/exportfs
    for u in rpcbind nfs-server; do echo $2 >/fakes/unit.\$u; done
    case "$2" in *" active") /fakes/systemctl start nfs-server.service ;; esac ;;
esac
case " \$* " in *" nfs-common "* | *" nfs-utils "* | *" nfs-client "*) cp /fakes/store/mount.nfs /fakes/mount.nfs ;; esac
SH
    fake "$1" store/mount.nfs <<'SH'
exit 0
SH
    # exportfs(8) of nfs-utils: -ra makes etab what the files say; a directory that is not there is told of, status 1.
    fake "$1" store/exportfs <<'SH'
note "$@"
[ "$*" = -ra ] || exit 1
s=0; : >/var/lib/nfs/etab
cat /etc/exports /etc/exports.d/*.exports 2>/dev/null | sed 's/#.*//' >/fakes/lines
while read -r dir rest; do
    [ -n "$dir" ] || continue
    if [ -d "$dir" ]; then echo "$dir $rest" >>/var/lib/nfs/etab
    else echo "exportfs: Failed to stat $dir: No such file or directory" >&2; s=1; fi
done </fakes/lines
exit $s
SH
    # systemctl(1): is-enabled and is-active print a word and tell by their status; enable --now enables first, and then
    # fails if the start does; a masked unit cannot be enabled.
    fake "$1" systemctl <<'SH'
case $1 in cat | is-*) ;; *) note "$@" ;; esac
verb=$1; shift
quiet=; [ "$1" != -q ] || { quiet=1; shift; }
now=; [ "$1" != --now ] || { now=1; shift; }
u=${1%.service} f=/fakes/unit.${1%.service}
[ -e "$f" ] || { echo "Failed to get unit file state for $1: No such file or directory" >&2; exit 1; }
read -r enabled active <"$f"
keep() { echo "$enabled $active" >"$f"; }
start() {
    if [ -e "/fakes/fail.$u" ]; then
        echo "Job for $u.service failed because the control process exited with error code." >&2
        echo "See \"systemctl status $u.service\" and \"journalctl -xeu $u.service\" for details." >&2
        active=failed; keep; exit 1
    fi
    [ "$active" = active ] && [ -e /fakes/listening ] || [ $u != nfs-server ] ||
        setsid python3 -c 'import os, socket, time
s = socket.socket(); s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1); s.bind(("", 2049)); s.listen()
open("/fakes/listening", "w").write(str(os.getpid())); time.sleep(600)' </dev/null >/dev/null 2>&1 &
    [ $u != nfs-server ] || until [ -e /fakes/listening ]; do sleep 0.05; done
    active=active; keep
}
case $verb in
cat) echo "[Unit]" ;;
is-enabled) [ -n "$quiet" ] || echo "$enabled"; case $enabled in enabled | static) ;; *) exit 1 ;; esac ;;
is-active) [ -n "$quiet" ] || echo "$active"; [ "$active" = active ] || exit 3 ;;
start) start ;;
enable)
    [ "$enabled" != masked ] || { echo "Failed to enable unit: Unit file /etc/systemd/system/$u.service is masked." >&2; exit 1; }
    enabled=enabled; keep
    [ -z "$now" ] || start ;;
disable) if [ "$enabled" = masked ]; then echo "Unit $u.service is masked, ignoring." >&2; else enabled=disabled; keep; fi ;;
stop)
    [ $u != nfs-server ] || [ ! -e /fakes/listening ] || { kill "$(cat /fakes/listening)"; rm /fakes/listening; }
    active=inactive; keep ;;
*) exit 1 ;;
esac
SH
    on "$1" mkdir -p /run/systemd/system
}
apt() {
    # apt-get(8): without DEBIAN_FRONTEND=noninteractive packages may ask, which here is the end; 100 on errors.
    fake "$1" apt-get <<'SH'
note "$@"
case $1 in
update)
    [ ! -e /fakes/fail.update ] || { echo "E: The repository 'http://gone.example stable Release' does not have a Release file." >&2; exit 100; }
    : >/fakes/updated ;;
install)
    [ "$DEBIAN_FRONTEND" = noninteractive ] || { echo "debconf: (Enter the items you want to select)"; read -r x; exit 100; }
    case " $* " in *" -y "*) ;; *) echo Abort. ; exit 1 ;; esac
    [ ! -e /fakes/fail.install ] || { printf 'Reading package lists...\nE: Unable to locate package nfs-kernel-server\n' >&2; exit 100; }
    exec /fakes/store/install "$@" ;;
*) exit 100 ;;
esac
SH
}
dnf() {
    fake "$1" dnf <<'SH'
note "$@"
[ "$1" = install ] || exit 1
case " $* " in *" -y "*) ;; *) echo "Operation aborted." >&2; exit 1 ;; esac
[ ! -e /fakes/fail.install ] || { echo "Error: Unable to find a match: nfs-utils" >&2; exit 1; }
exec /fakes/store/install "$@"
SH
}
zypper() {
    # zypper(8): 100 to 107 but for 104 and 105 are successes with something to say: 102, the machine should be
    # rebooted.
    fake "$1" zypper <<'SH'
note "$@"
[ "$1" = --non-interactive ] && [ "$2" = install ] || { echo "Continue? [y/n/v/...? shows all options] (y): " ; exit 4; }
[ ! -e /fakes/fail.install ] || { echo "No provider of 'nfs-client' found." >&2; exit 104; }
/fakes/store/install "$@"
exit 102
SH
}
export_it() { expect "$1" "$2" "$3" nfs-export source /srv/disks --to dest "${@:4}"; }
exports() { on source sh -c 'sha256sum /etc/exports 2>&1; ls -d /srv/disks 2>/dev/null'; }

# --- Debian: apt, units that start by themselves
bare
brings source "enabled active"
apt source
was=$(exports)
export_it "apt: the plan names the packages, and that they stay" 0 \
    "packages nfs-kernel-server\s+warning: this cannot be taken back.*source runs: .*apt-get install.*packages nfs-kernel-server +planned" --plan
check "apt: the plan installs nothing" prints "" asked source
on source touch /fakes/fail.install
export_it "apt: a package that is not there: told with its own words, nothing behind it is done" 1 \
    "packages nfs-kernel-server +failed.*directory /srv/disks +skipped.*error: source: exit status 100: .*\n +E: Unable to locate package" --apply
check "apt: nothing is exported" prints "$was" exports
on source sh -c 'rm /fakes/fail.install; touch /fakes/fail.update'
forget source
export_it "apt: one dead repository among others is no reason not to install" 0 \
    "packages nfs-kernel-server +changed.*service nfs-server +unchanged.*exports read by the server +changed" --apply
check "apt: what was asked of the host" prints "apt-get update -q
apt-get install -q -y nfs-kernel-server
systemctl start nfs-server.service
exportfs -ra" asked source
check "kernel server: exports are in its table" prints "/srv/disks $subnet.102(rw,sync,no_root_squash,no_subtree_check)" on source cat /var/lib/nfs/etab
export_it "a second time: 0 changes" 0 "export +unchanged.*service nfs-server +unchanged.*read by the server +unchanged" --apply
export_it "verified: it listens" 0 "exports read by the server +verified" --verify
on source systemctl stop nfs-server.service 2>/dev/null || on source /fakes/systemctl stop nfs-server.service
export_it "verify: the server has stopped" 12 "service nfs-server +failed" --verify
forget source
export_it "taken back: the packages stay, and that is said" 0 "packages .*cannot be taken back.*export +reverted" --revert
check "kernel server: has read the old file again" prints "" on source cat /var/lib/nfs/etab
check "by exportfs, once" prints "exportfs -ra" asked source
check "the file and the directory as before" prints "$was" exports

# --- Fedora: dnf, units that have to be enabled and started
bare
brings source "disabled inactive"
dnf source
was=$(exports)
on source touch /fakes/fail.nfs-server
export_it "systemd: a server that does not start: told, with where to look" 1 \
    "packages rpcbind nfs-utils +changed.*service rpcbind +changed.*service nfs-server +failed.*exports read .*skipped.*Job for nfs-server.service failed.*systemctl status" --apply
check "dnf: what was asked of the host" prints "dnf install -q -y rpcbind nfs-utils
systemctl enable --now rpcbind.service
systemctl enable --now nfs-server.service" asked source
export_it "systemd: and back, also what was only half done" 0 "service nfs-server +reverted.*export +reverted" --revert
check "systemd: units as the package left them" prints "disabled inactive
disabled inactive" on source cat /fakes/unit.rpcbind /fakes/unit.nfs-server
check "as before" prints "$was" exports
on source rm /fakes/fail.nfs-server
on source sh -c 'echo masked inactive >/fakes/unit.nfs-server'
export_it "systemd: a masked unit" 1 "service nfs-server +failed.*is masked" --apply
export_it "systemd: and back" 0 "export +reverted" --revert
check "systemd: it is still masked" prints "masked inactive" on source cat /fakes/unit.nfs-server
on source sh -c 'echo static inactive >/fakes/unit.rpcbind; echo disabled inactive >/fakes/unit.nfs-server'
forget source
export_it "systemd: enabled and started" 0 "service rpcbind +changed.*service nfs-server +changed.*read by the server +changed" --apply
export_it "systemd: verified" 0 "service nfs-server +verified" --verify
export_it "systemd: taken back" 0 "service nfs-server +reverted.*service rpcbind +reverted" --revert
check "systemd: stopped and disabled, but for what was not disabled before" prints "systemctl stop nfs-server.service
systemctl disable nfs-server.service
systemctl stop rpcbind.service
exportfs -ra" sh -c "$(declare -f asked on lab); here='$here'; asked source | tail -n 4"

# --- openSUSE: zypper, on a client
bare
brings dest "disabled inactive"
zypper dest
fake dest mount <<'SH'
note "$@"
SH
on dest touch /fakes/fail.install
expect "zypper: a package that is not there" 1 "packages nfs-client +failed.*directory .* +skipped.*exit status 104: No provider" \
    nfs-mount dest nfs:/srv/nfs /mnt/x --apply
on dest rm /fakes/fail.install
forget dest
expect "zypper: installed, with a word about a reboot, is installed" 1 \
    "packages nfs-client +changed.*directory /mnt/x +changed.*mount .*failed.*succeeded but had no effect" nfs-mount dest nfs:/srv/nfs /mnt/x --apply
check "zypper: what was asked of the host" prints "zypper --non-interactive install nfs-client
mount -t nfs -o defaults -- $subnet.101:/srv/nfs /mnt/x" asked dest
expect "no package manager at all" 11 "source has no NFS client and none of apt-get, dnf, yum and zypper" \
    nfs-mount source nfs:/srv/nfs /mnt/x --apply

# --- a server that speaks NFSv4 alone
fake dest showmount <<'SH'
note "$@"
echo "clnt_create: RPC: Program not registered" >&2
exit 1
SH
on dest mkdir -p /fakes/pseudo/disks "/fakes/pseudo/my images"
fake dest mount <<'SH'
note "$@"
for last; do :; done
case "$*" in *vers=4*:/\ *) exec /bin/mount --bind /fakes/pseudo "$last" ;; esac
exit 32
SH
forget dest
expect "NFSv4 alone: the names at the top of its tree" 0 "nfs +/disks .*dest +nfs4.*nfs +/my images .*dest +nfs4" nfs-show nfs --from dest
check "NFSv4 alone: nothing stays mounted" prints "" on dest grep pseudo /proc/self/mountinfo

# --- SELinux
label() { on source python3 -c 'import os, sys; print(os.getxattr(sys.argv[1], "security.selinux").decode().rstrip("\0"))' "$1"; }
set_label() { on source python3 -c 'import os, sys; os.setxattr(sys.argv[1], "security.selinux", sys.argv[2].encode())' "$1" "$2"; }
old=system_u:object_r:net_conf_t:s0
if set_label /etc/hosts "$old" 2>/dev/null; then
    fake source selinuxenabled <<'SH'
exit 0
SH
    # A cp without xattrs, or a policy that has its own mind about the label of what is made beside it.
    fake source cp <<'SH'
/bin/cp "$@" || exit
for last; do :; done
case $last in */.migsh.*) exec python3 -c 'import os, sys
os.setxattr(sys.argv[1], "security.selinux", b"system_u:object_r:etc_t:s0")' "$last" ;; esac
SH
    # chcon(1): --reference takes another file's label; a policy may forbid it.
    fake source chcon <<'SH'
note "$1"
[ ! -e /fakes/fail.chcon ] || { echo "chcon: failed to change context: Permission denied" >&2; exit 1; }
[ "$2" = -- ] && exec python3 -c 'import os, sys
os.setxattr(sys.argv[2], "security.selinux", os.getxattr(sys.argv[1], "security.selinux"))' "${1#--reference=}" "$3"
SH
    fake source restorecon <<'SH'
note "$@"
SH
    forget source
    expect "SELinux: a file is written" 0 "source .* changed" hosts-sync source --apply
    check "SELinux: it has its label" prints "$old" label /etc/hosts
    check "SELinux: from the old one" prints "chcon --reference=/etc/hosts" asked source
    expect "SELinux: and back" 0 "source .* reverted" hosts-sync --revert
    check "SELinux: it has its label still" prints "$old" label /etc/hosts
    on source touch /fakes/fail.chcon
    expect "SELinux: a label that a new file cannot get: in place" 0 "warning: the file has an owner, group or label.*source .* changed" hosts-sync source --apply
    check "SELinux: it keeps its label" prints "$old" label /etc/hosts
    expect "SELinux: and back" 0 "source .* reverted" hosts-sync --revert
    on source mv /etc/hosts /etc/hosts.away
    forget source
    expect "SELinux: a file that has to be made" 0 "source .* changed" hosts-sync source --apply
    check "SELinux: gets the label of its place" prints "restorecon -- /etc/hosts" asked source
    expect "SELinux: and back" 0 "source .* reverted" hosts-sync --revert
else
    skip_one "SELinux" "the file system takes no labels"
fi

finish
