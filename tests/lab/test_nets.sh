#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Networks, secrets, network filters and a running guest's network cards on real hosts, from admin: what libvirt's test
# driver does not have, with hostile names, and clones to the other node. Texts are compared with virsh's.
# Prints "ok N - name" and "not ok N - name", last line the counts; 77 where there can be no lab.
set -uo pipefail
# shellcheck source=tests/lab/lib/own.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib/own.sh" netstest 192.168.144
migsh=$plain
three_nodes
up --ready
v() { on source virsh -q "$@"; }
fails() { ! "$@" >"$work/unwanted" 2>&1 || { cat "$work/unwanted"; return 1; }; }
trimmed() { grep -v '^ *$' | sed 's/ *$//'; }
# as_virsh WORD…: both print the same.
as_virsh() { diff <(on source virsh "$@" 2>&1 | trimmed) <(m -C source "$@" 2>&1 | trimmed); }
name='a '\''b" ; $(touch x) -rf <&>'
xml_name='a &apos;b&quot; ; $(touch x) -rf &lt;&amp;&gt;'

# --- networks
network() { echo "<network><name>$1</name><bridge name='$2'/></network>"; }
network "$xml_name" hostile0 >"$work/hostile.xml"
network -rf dashed0 >"$work/dashed.xml"
check "a network of a hostile name is defined" says "defined from" m -C source net-define "$work/hostile.xml"
check "and one that looks like an option" says "defined from" m -C source net-define "$work/dashed.xml" --validate
check "started" prints "Network $name started" m -C source net-start "$name"
check "marked as autostarted" prints "Network $name marked as autostarted" m -C source net-autostart "$name"
check "an option's value may look like one" prints "Network -rf started" m -C source net-start --network=-rf
for words in 'net-list --all' 'net-info --network -rf' 'net-dumpxml --network -rf'; do
    read -r -a words <<<"$words"
    check "as virsh: ${words[*]}" as_virsh "${words[@]}"
done
check "as virsh: the hostile one" as_virsh net-dumpxml "$name" --inactive
check "net-clone" says "Network $name cloned from source to dest" m net-clone "$name" dest --node source
check "it runs there, and starts at boot" says "$name   active   yes" on dest virsh -q net-list --all
check "a second one changes nothing" says "is on dest already" m net-clone "$name" dest --node source
on dest virsh -q net-destroy "$name" >/dev/null
check "only what is missing is done" says '"steps":["start"]' m -j net-clone "$name" dest --node source
on dest sh -c 'ip link add dashed0 type bridge'
check "a start that fails there" gives 1 "failed to start network '-rf' on dest.*dest is as it was before" \
    m net-clone --network=-rf dest --node source
check "leaves no definition" fails on dest virsh -q net-info -- -rf
on dest ip link del dashed0
network "$xml_name" other0 >"$work/other.xml"
on dest sh -c "virsh -q net-destroy -- \"\$1\" && virsh -q net-undefine -- \"\$1\" && virsh -q net-define \"\$2\"" sh "$name" "$work/other.xml" >/dev/null
check "another definition is left alone" gives 4 "dest has a network .* with another definition; nothing was changed" \
    m net-clone "$name" dest --node source
check "of all nodes" says "source   $name   active" m net-list --all --node all
# As dnsmasq's helper writes them.
on source mkdir -p /var/lib/libvirt/dnsmasq
lab exec source -- sh -c 'cat >/var/lib/libvirt/dnsmasq/dashed0.status' <<'END'
[{"ip-address": "10.9.9.5", "mac-address": "52:54:00:00:00:05", "hostname": "$(touch x)\u001b[31m", "expiry-time": 4102444800},
 {"ip-address": "fd00::9", "mac-address": "52:54:00:00:00:04", "client-id": "ff:00:01", "iaid": "7", "expiry-time": 4102444800}]
END
check "leases as virsh shows them" says "10.9.9.5/0" m -C source net-dhcp-leases --network=-rf
check "of one card alone" prints "1" sh -c "'$here/lab' exec admin -- '$migsh' -i '$work/nodes' -j -C source net-dhcp-leases --network=-rf --mac 52:54:00:00:00:04 </dev/null | grep -c fd00::9"
event() {
    (sleep 1.5; on source virsh -q net-destroy -- -rf; on source virsh -q net-start -- -rf) >/dev/null 2>&1 &
    m -C source net-event --network=-rf --event lifecycle --timeout 30
}
check "net-event" says "event 'lifecycle' for network -rf: Stopped" event
wait
cat >"$work/an-editor" <<'END'
#!/bin/sh
# The first time somebody else is faster.
[ -e /root/edited ] || { touch /root/edited; ssh source "virsh -q net-update --config --network -rf add portgroup \"<portgroup name='theirs'/>\""; }
sed -i "s|<bridge |<mtu size='1400'/><bridge |" "$1"
END
chmod 755 "$work/an-editor"
edited() { timeout 60 python3 "$here/lib/answer.py" "$here/lab" exec admin -- env EDITOR="$work/an-editor" "$migsh" -i "$work/nodes" -C source net-edit --network=-rf; }
check "net-edit tells of another's change, and goes on if wanted" \
    gives 0 "was changed by somebody else meanwhile.*Network -rf XML configuration edited" edited
check "the change is there" says "<mtu size='1400'/>" on source virsh -q net-dumpxml --inactive -- -rf

# --- secrets
id=55806c7d-8e93-456f-829b-607d8c198367
echo "<secret ephemeral='no' private='no'><uuid>$id</uuid><description>$xml_name</description><usage type='ceph'><name>$xml_name</name></usage></secret>" >"$work/secret.xml"
value="v4lue ; \$(touch x) '\"<&>"
printf '%s' "$value" >"$work/value"
check "secret-define" prints "Secret $id created" m -C source secret-define "$work/secret.xml"
check "no value yet" gives 3 "does not have a value" m -C source secret-get-value $id
check "secret-set-value" prints "Secret value set" m -C source secret-set-value $id --file "$work/value" --plain
check "as virsh: secret-list" as_virsh secret-list
check "as virsh: secret-dumpxml" as_virsh secret-dumpxml $id
check "as virsh: secret-get-value" as_virsh secret-get-value $id
check "secret-clone" says "Secret $id cloned from source to dest" m secret-clone $id dest --node source
check "with its value" prints "$value" on dest virsh -q secret-get-value --plain $id
check "a second one changes nothing" says "is on dest already" m secret-clone $id dest --node source
printf other >"$work/other"
m -C dest secret-set-value $id --file "$work/other" --plain >/dev/null
check "another value is left alone" gives 4 "with another value; nothing was changed" m secret-clone $id dest --node source
no_trace() { ! lab exec admin -- grep -rF "v4lue" /root/state; }
check "no value in the state directory" no_trace
check "secret-undefine" prints "Secret $id deleted" m -C dest secret-undefine $id
sed "s/private='no'/private='yes'/; s/$id/${id%7}8/; s/<usage.*usage>//" "$work/secret.xml" >"$work/private.xml"
m -C source secret-define "$work/private.xml" >/dev/null
m -C source secret-set-value "${id%7}8" --file "$work/value" --plain >/dev/null
check "a private one is not given away" gives 5 "secret is private.*does not leave the host" m secret-clone "${id%7}8" dest --node source
check "and nothing of it is there" fails on dest virsh -q secret-dumpxml "${id%7}8"

# --- filters and a running guest
echo "<filter name='$xml_name' chain='root'><rule action='drop' direction='in' priority='500'><mac srcmacaddr='02:00:00:00:00:01'/></rule></filter>" >"$work/filter.xml"
check "nwfilter-define" says "Network filter $name defined from" m -C source nwfilter-define "$work/filter.xml"
check "as virsh: nwfilter-list" as_virsh nwfilter-list
check "as virsh: nwfilter-dumpxml" as_virsh nwfilter-dumpxml "$name"
check "nwfilter-undefine" prints "Network filter $name undefined" m -C source nwfilter-undefine "$name"
# What libvirt itself quotes in a guest's description; other names it writes as they are.
filter='$(touch x);-rf'
sed "s/name='[^']*'/name='$filter'/" "$work/filter.xml" >"$work/filter2.xml"
m -C source nwfilter-define "$work/filter2.xml" >/dev/null
cat >"$work/guest.xml" <<END
<domain type='qemu'><name>$xml_name</name><memory unit='MiB'>32</memory><os><type arch='x86_64'>hvm</type></os>
<features><acpi/></features><devices><interface type='network'><mac address='52:54:00:00:00:01'/><source network='$xml_name'/><target dev='card0'/>
<model type='virtio'/><filterref filter='\$(touch x);-rf'/></interface></devices></domain>
END
check "a guest with it runs" sh -c "'$here/lab' exec source -- virsh -q define '$work/guest.xml' && '$here/lab' exec source -- virsh -q start \"\$1\"" sh "$name"
check "as virsh: nwfilter-binding-list" as_virsh nwfilter-binding-list
check "its card is bound" says "card0      $filter" m -q -C source nwfilter-binding-list
check "a filter in use stays" gives 10 "nwfilter is in use.*nwfilter-binding-list shows" m -C source nwfilter-undefine "$filter"
check "as virsh: net-port-list" as_virsh net-port-list "$name"
port=$(v net-port-list --uuid "$name" | head -n 1)
check "as virsh: net-port-dumpxml" as_virsh net-port-dumpxml "$name" "$port"
check "attach-interface, now and for good" prints "Interface attached successfully" \
    m -C source attach-interface "$name" network "$name" --target card1 --mac 52:54:00:00:00:02 --model virtio --persistent
check "the guest has it" says "card1" m -C source domiflist "$name"
check "domif-setlink" prints "Device updated successfully" m -C source domif-setlink "$name" card1 down
check "domif-getlink" prints "card1 down" m -C source domif-getlink "$name" card1
check "its configuration's is up" prints "52:54:00:00:00:02 up" m -C source domif-getlink "$name" 52:54:00:00:00:02 --config
check "domif-setlink --config" prints "Device updated successfully" m -C source domif-setlink "$name" 52:54:00:00:00:01 down --config
check "of which the running guest knows nothing" prints "card0 up" m -C source domif-getlink "$name" card0
check "detach-interface wants to know which" gives 2 "has 2 interfaces of type network: --mac says which" \
    m -C source detach-interface "$name" network
check "detach-interface --config" prints "Interface detached successfully" \
    m -C source detach-interface "$name" network --mac 52:54:00:00:00:02 --config
check "the configuration has it no more" fails on source sh -c 'virsh -q dumpxml --inactive "$1" | grep 52:54:00:00:00:02' sh "$name"
v destroy "$name" >/dev/null
check "nothing said means the running guest" gives 10 "not running.*use --config for" m -C source attach-interface "$name" network "$name"
v undefine "$name" >/dev/null
check "a filter that nobody uses goes" prints "Network filter $filter undefined" m -C source nwfilter-undefine "$filter"
check "net-undefine of one that runs" prints "Network $name has been undefined" m -C source net-undefine "$name"
check "it is transient now" says "$name" m -C source net-list --transient --name
check "and gone when it stops" prints "Network $name destroyed" m -C source net-destroy "$name"
check "nothing was touched" fails on source test -e x

finish
