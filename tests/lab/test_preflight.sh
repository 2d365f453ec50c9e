#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# preflight-facts of real guests on real hosts: each fact is compared with what is so, and with what was made so;
# nothing stays behind. A lab of its own (MIGSH_PREFLIGHT_SUBNET). Prints "ok N - …". About three minutes.
set -uo pipefail
# shellcheck source=tests/lab/lib/own.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib/own.sh" preflight 192.168.99

images=/var/lib/libvirt/images
up --ready
three_nodes "$(lab address source)" "$(lab address dest)" "$(lab address nfs)"
lab guest start share >/dev/null && lab wait share >/dev/null || exit 1

# facts ARG…: $work/facts is what preflight-facts tells; the rest of the line is shown when it fails.
facts() { m preflight-facts "$@" >"$work/facts" 2>"$work/said" || { cat "$work/said"; return 1; }; }
# tells FILTER…: each is a jq expression that has to be true of them.
tells() {
    local f
    for f in "$@"; do
        jq -e "$f" "$work/facts" >/dev/null || { echo "not so: $f"; jq -c '.guests[].missing, .hosts[].missing, .pairs' "$work/facts"; return 1; }
    done
}
# of FILTER…: the same, of the only pair.
pair() { tells "${@/#/.pairs[0] | }"; }
listening() { on dest ss -Hltn "sport >= :49152 and sport <= :49215"; }
nobody_listens() {
    local i
    for i in {1..100}; do
        [ -n "$(listening)" ] || return 0
        sleep 0.1
    done
    listening
    return 1
}
has_it_again() { facts share@source dest && pair '.ports | .reached and .port == 49215'; }
markers() { on "$1" sh -c "find /srv/nfs $images -name '.migsh-*'"; }
no_marker() { [ -z "$(markers source)$(markers dest)" ] || { markers source; markers dest; return 1; }; }
# A disk of the running guest alone.
local_disk() {
    on source sh -c "head -c 4M /dev/urandom >$images/own.img" &&
        on source virsh -q attach-disk share "$images/own.img" vdb --driver qemu --subdriver raw
}

# --- A guest that runs
check "a guest with a disk on the share and one of its own" local_disk
check "its facts are gathered" facts share@source dest --p2p
check "what it is" tells '.guests | length == 1' '.guests[0] | .name == "share" and .node == "source" and .state == "running"' \
    '.guests[0] | .persistent and (.autostart | not) and (.managed_save | not) and .id > 0' \
    '.guests[0] | .snapshots == 0 and .checkpoints == 0 and .block_jobs == []' \
    '.guests[0].job == {"type": "none", "operation": null}' '.guests[0] | has("blockers") | not'
check "what it runs by, and what it is defined by" tells '.guests[0].xml | contains("<domain type='"'qemu'"' id=")' \
    '.guests[0].xml | contains("own.img")' '.guests[0].inactive | contains("own.img") | not'
check "nothing of it is missing" tells '.guests[0] | has("missing") | not'
check "its files, on the share and its own" tells '[.guests[0].files[].path] | contains(["/srv/nfs/share.qcow2", "'$images/own.img'"])'
check "both hosts, each once, with the machine that the destination is asked for" tells '.hosts | keys == ["dest", "source"]' \
    '.hosts.source.machines == []' '.hosts.dest.machines | length == 1' \
    '.hosts.dest.machines[0] | .arch == "x86_64" and .virttype == "qemu" and (.xml | contains("domainCapabilities"))'
check "what libvirt calls them" tells ".hosts.dest.hostname == \"$(on dest virsh hostname | head -n 1)\"" \
    '.hosts.dest.domains == [] and (.hosts.source.domains | map(.name) | contains(["share"]))'
check "the CPU is one that the destination has" pair '.cpu | .result == "superset" or .result == "identical"' '.cpu.error == null'
check "the disk on the share is proved to be one, the other one to be its own" pair \
    '.disks | map(select(.path == "/srv/nfs/share.qcow2"))[0] | .shared and .there == .path and .why == null' \
    '.disks | map(select(.path == "'$images/own.img'"))[0] | .shared == false'
check "a port of the destination was reached by its address" pair \
    '.ports | .reached and .error == null and .port >= 49152 and .port <= 49215' ".ports.address == \"$(lab address dest)\"" \
    ".ports.resolved == [\"$(lab address dest)\"]"
check "the source's root reaches the destination's libvirt" pair '.p2p | .reached and .error == null'
check "nothing is missing of the pair" pair 'has("missing") | not'
check "no marker is left" no_marker
check "nobody listens any more" nobody_listens
check "the next one has the same port at once" has_it_again

# --- Where there is no way
on dest nft "add table ip closed; add chain ip closed input { type filter hook input priority 0; }; add rule ip closed input tcp dport 49152-49215 drop"
check "facts behind a firewall that drops" facts share@source dest
check "the port was not reached, and how that looked" pair '.ports | (.reached | not) and (.error | test("no answer within"))'
on dest nft "flush chain ip closed input; add rule ip closed input tcp dport 49152-49215 reject with icmp type port-unreachable"
check "facts behind one that rejects" facts share@source dest
check "nor was it then" pair '.ports | (.reached | not) and (.error | test("refused"))'
on dest nft delete table ip closed
check "nobody listens after a refusal either" nobody_listens
on source sh -c "mv /root/.ssh/known_hosts /root/.ssh/known_hosts.off"
check "facts without the destination's key on the source" facts share@source dest --p2p
check "peer to peer is not reached, and why" pair '.p2p | (.reached | not) and (.error | test("[Hh]ost key"))'
on source sh -c "mv /root/.ssh/known_hosts.off /root/.ssh/known_hosts"

# --- The range of ports, and the name, are the destination's to choose
on dest sh -c "printf '%s\n' 'migration_port_min = 49400' 'migration_port_max = 49401' 'migration_host = \"nosuch.invalid\"' >>/etc/libvirt/qemu.conf"
check "facts with a range of its own" facts share@source dest
check "a port of that range" pair '.ports | .reached and (.port == 49400 or .port == 49401)'
three_nodes source dest nfs
check "facts of nodes that are known by names" facts share@source dest
check "the source would go to what the destination calls itself" pair \
    '.ports | .address == "nosuch.invalid" and .resolved == [] and (.reached | not) and (.error | test("not resolved"))'
on dest sh -c "sed -i '/^migration_/d' /etc/libvirt/qemu.conf"
check "facts with its own name" facts share@source dest
check "that is its host name" pair ".ports | .reached and .address == \"$(on dest virsh hostname | head -n 1)\""

# --- No proof, no question to QEMU; and with them
check "facts without proof" facts share@source dest --no-proof
check "there are none, and why" pair '(has("disks") or has("ports")) | not' '.missing | .disks and .ports' 'has("cpu")'
check "QEMU is asked" facts share@source dest --no-proof --ask-qemu
check "it says that nothing blocks it" tells '.guests[0].blockers == []'
check "which taints the guest, and that is told" facts share@source dest --no-proof
check "the taint" tells '.guests[0].messages | map(test("custom monitor")) | any'

# --- By other names there
check "facts by a map" facts share@source dest --map path=/srv/nfs:/elsewhere
check "the disk is looked for there" pair '.disks | map(select(.path == "/srv/nfs/share.qcow2"))[0] | .there == "/elsewhere/share.qcow2" and .shared == false'
check "a machine that the destination lacks" facts share@source dest --no-proof --map emulator=/usr/bin/qemu-system-x86_64:/nosuch/qemu
check "is an error of that machine, and the CPU is missing" tells '.hosts.dest.machines[0] | .emulator == "/nosuch/qemu" and .error' \
    '.pairs[0] | has("cpu") | not' '.pairs[0].missing.cpu'

# --- Three guests cost no more than their own
small() { # NAME
    on source sh -c "virsh -q dumpxml --inactive share | sed -e 's,<name>.*,<name>$1</name>,' -e /uuid/d -e '/<mac /d' -e 's,/srv/nfs/share.qcow2,$images/$1.img,' >/root/$1.xml &&
        truncate -s 1M $images/$1.img && virsh -q define /root/$1.xml"
}
# costs GUESTS: calls to libvirt, and scripts on nodes.
costs() { m --json --timing preflight-facts "$1" dest | jq -r 'select(.event? == "timing") | "\(.calls) \(.commands)"'; }
costs_its_own() {
    local a b c
    read -ra a < <(costs a@source)
    read -ra b < <(costs a@source,b@source)
    read -ra c < <(costs a@source,b@source,c@source)
    echo "# calls to libvirt and scripts on nodes for one guest: ${a[*]}, for two: ${b[*]}, for three: ${c[*]}" >&3
    [ $((c - b)) -eq $((b - a)) ] && [ $((b - a)) -le 5 ] && [ "${c[1]}" -eq "${a[1]}" ]
}
exec 3>&1
for guest in a b c; do small $guest || exit 1; done
check "each guest more costs the same, five calls at most, and no script more" costs_its_own
check "guests that are off" facts a@source,b@source,c@source dest,source
check "their hosts, each once; their pairs; not with where they are" tells '.hosts | length == 2' '.pairs | map(.dest) == ["dest", "dest", "dest"]' \
    '.guests | map(.state) == ["shut off", "shut off", "shut off"]' '.guests[0] | .id == null and .job.type == "none" and .addresses == []' \
    '.hosts.dest.machines | length == 1'
check "no marker is left of them" no_marker

# --- A host that does not answer
lab service dest libvirtd stop >/dev/null
check "facts with a destination whose libvirt is gone" facts share@source dest
check "it is missing, and the rest is there" tells '.hosts.dest.missing.libvirt' '.hosts.dest | has("look")' '.pairs[0].missing.cpu' '.pairs[0].disks | length > 0'
lab service dest libvirtd start >/dev/null
finish
