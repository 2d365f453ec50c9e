# shellcheck shell=bash
# Networks, interfaces, secrets and a domain's network cards as virsh shows them: outputs compared, blank lines, blanks
# at line ends and new uuids aside. What is meant to differ is compared as it is, with the reason.
command -v virsh >/dev/null || { echo "virsh is not installed (scripts/packages.txt, group lab)"; exit 1; }
plain() { grep -v '^ *$' | sed -E -e 's/ +$//' -e 's/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/UUID/'; }
# The hosts are two where both could not be in one.
compare() { diff <(virsh -c "$uri" "$1" 2>/dev/null | plain) <("$MIGSH" -C "${ours:-$uri}" -k "$1" 2>/dev/null | plain); }
same() {
    if compare "$1" >diff.txt; then
        echo "same: $1"
    else
        echo "differs: $1"
        cat diff.txt
    fi
}
# Both refuse it.
refused() {
    if virsh -c "$uri" "$1" >said.txt 2>&1 || "$MIGSH" -C "${ours:-$uri}" "$1" >said.txt 2>&1; then
        echo "not refused: $1"
        cat said.txt
    else
        echo "refused by both: $1"
    fi
}
# differs REASON COMMAND
differs() {
    echo "differs, as $1: $2"
    compare "$2"
}
network() { echo "<network><name>$1</name><bridge name='$2'/><ip address='10.9.9.1' netmask='255.255.255.0'><dhcp><range start='10.9.9.2' end='10.9.9.9'/></dhcp></ip></network>"; }
network lab virbr7 >lab.xml
network 'a b;$(x)"'"&apos;&lt;" virbr8 >hostile.xml
network -rf virbr9 >dash.xml
echo "<host mac='52:54:00:00:00:01' ip='192.168.122.10'/>" >host.xml
echo "<secret><uuid>55806c7d-8e93-456f-829b-607d8c198367</uuid><usage type='ceph'><name>client.admin &amp; co</name></usage></secret>" >ceph.xml
echo "<secret ephemeral='no' private='yes'><uuid>55806c7d-8e93-456f-829b-607d8c198368</uuid></secret>" >private.xml
host="<host mac=\"52:54:00:00:00:02\" ip=\"192.168.122.11\"/>"

uri=test:///default
for c in net-list 'net-list --all' 'net-list --inactive' 'net-list --persistent' 'net-list --transient' 'net-list --all --autostart' \
    'net-list --no-autostart' 'net-list --uuid' 'net-list --name' 'net-list --table' 'net-info default' \
    'net-info dd8fe884-6c02-601e-7551-cca97df1c5df' 'net-dumpxml default' 'net-dumpxml default --xpath //bridge' \
    'net-dumpxml default --xpath //ip --wrap' 'net-uuid default' 'net-name dd8fe884-6c02-601e-7551-cca97df1c5df' 'net-event --list' \
    'net-define lab.xml; net-list --all; net-info lab; net-start lab; net-list; net-autostart lab; net-list --autostart' \
    'net-define lab.xml; net-autostart lab --disable; net-undefine lab; net-list --all' \
    'net-create lab.xml; net-list --transient; net-destroy lab; net-list --all' 'net-define hostile.xml; net-list --all' \
    'net-define dash.xml; net-info --network -rf; net-start --network=-rf; net-destroy --network=-rf; net-undefine --network=-rf' \
    'net-destroy default; net-list --all; net-start default; net-list' \
    'net-update default add ip-dhcp-host host.xml --live --config; net-dumpxml default' \
    "net-update default add-first ip-dhcp-host '$host' --live" "net-update default add-last ip-dhcp-host '$host' --config" \
    "net-update default add ip-dhcp-host '$host' --current" \
    "net-update default add ip-dhcp-host '$host'; net-update default delete ip-dhcp-host '$host'; net-dumpxml default" \
    "net-destroy default; net-update default add ip-dhcp-host '$host'" \
    "net-update --network default --command modify --section ip-dhcp-range --xml '<range/>' --parent-index 0" \
    iface-list 'iface-list --all' 'iface-list --inactive' 'iface-dumpxml eth1' 'iface-dumpxml aa:bb:cc:dd:ee:ff' \
    'iface-dumpxml eth1 --xpath //mtu' 'iface-mac eth1' 'iface-name aa:bb:cc:dd:ee:ff' \
    'attach-interface test network default --print-xml' 'attach-interface test bridge br0 vnet7 52:54:00:11:22:33 /x virtio ua-1 1,2,3 4 --print-xml' \
    'attach-interface --domain test --type direct --source eth0 --model virtio --persistent --print-xml' \
    'attach-interface test hostdev 0000:03:00.1 --managed --print-xml' 'attach-interface test hostdev 0:3:0.1 --print-xml' \
    'attach-interface test vhostuser /tmp/s --source-mode client --print-xml' \
    'attach-interface test network default --inbound 1,,3 --print-xml' 'attach-interface test network default --inbound ,,,4 --print-xml' \
    'detach-interface test network --print-xml' 'detach-interface test network --mac AA:bb:cc:dd:ee:ff --print-xml' \
    'domif-getlink test testnet0' 'domif-getlink test testnet0 --config' 'domif-getlink test aa:bb:cc:dd:ee:ff' \
    'domif-setlink test testnet0 down --print-xml' 'domif-setlink test testnet0 up --config --print-xml'; do
    same "$c"
done
for c in 'net-info nosuch' 'net-start default' 'net-define nosuch.xml' 'net-list --uuid --name' 'net-create host.xml' \
    'net-update default bogus ip-dhcp-host host.xml' 'net-update default add bogus host.xml' \
    'net-update default add ip-dhcp-host host.xml --current --live' 'net-event' 'net-event --event bogus' \
    'net-event --event lifecycle --timeout 1' 'net-dhcp-leases default' 'net-port-list default' 'nwfilter-list' 'nwfilter-binding-list' \
    'secret-list' 'iface-mac nosuch' 'attach-interface test user x --print-xml' 'attach-interface test vhostuser /s --print-xml' \
    'attach-interface test hostdev 3:0.1 --print-xml' 'attach-interface test network default --inbound x --print-xml' \
    'attach-interface test network default --outbound 1,2,3,4 --print-xml' 'attach-interface test network default --current --live' \
    'detach-interface test bridge' 'detach-interface test network --mac 52:54:00:00:00:99' 'domif-getlink test nosuch' \
    'domif-setlink test testnet0 sideways'; do
    refused "$c"
done
differs 'either name leads to the other' 'net-name default'
differs 'what is given is no XML, and virsh passes it on as it is' "attach-interface test network 'a<b&c' --print-xml"
differs 'an option that means nothing is refused' 'attach-interface test network default --source-mode client --print-xml'

# The driver of secrets, in the process itself. (It crashes in virsh, too, when it is to undefine a secret or to
# define an ephemeral one: tests/lab has these.)
uri="secret:///embed?root=$TMP/theirs" ours="secret:///embed?root=$TMP/ours"
mkdir theirs ours
for c in secret-list 'secret-define ceph.xml' 'secret-define private.xml --validate' secret-list 'secret-list --private' \
    'secret-list --no-private' 'secret-list --ephemeral' 'secret-list --no-ephemeral' \
    'secret-dumpxml 55806c7d-8e93-456f-829b-607d8c198367' 'secret-dumpxml 55806c7d-8e93-456f-829b-607d8c198367 --xpath //usage/name'; do
    same "$c"
done
id=55806c7d-8e93-456f-829b-607d8c198367
printf 'S2V5\nIQ==\n' >base64
printf 'a\0\377' >bytes
printf 'no newline behind it' >plain
for how in 'base64' 'plain --plain'; do
    same "secret-set-value $id --file $how"
    same "secret-get-value $id"
    same "secret-get-value $id --plain"
done
[ "$("$MIGSH" -C "$ours" secret-get-value $id --plain | tr '\n' N)" = "$(cat plain)" ] && echo "to the byte"
for c in "secret-set-value $id" "secret-set-value $id --file nosuch" "secret-set-value $id --file base64 --interactive" \
    'secret-dumpxml nosuch' 'secret-get-value 55806c7d-8e93-456f-829b-607d8c198360'; do
    refused "$c"
done
same "secret-set-value $id --file bytes --plain"
same "secret-get-value $id"
echo "differs, as a result is text, and they are refused: secret-get-value $id --plain"
"$MIGSH" -C "$ours" secret-get-value $id --plain 2>&1
differs 'what is typed is seen by others' "secret-set-value $id AQBz"
differs 'a list of processes has it' "secret-set-value $id --base64 AQBz"
true
