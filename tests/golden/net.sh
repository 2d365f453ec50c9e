# shellcheck shell=bash
# Networks, interfaces, secrets, filters and network cards: what virsh says in other words (errors and their hints), and
# what only migsh has (JSON, --node all, clones, refusals).
network() { echo "<network><name>$1</name><uuid>b1260cb9-0263-45ed-913d-e1b8f48ebb0$2</uuid><bridge name='virbr$2'/><ip address='10.9.$2.1' netmask='255.255.255.0'/></network>"; }
network lab 7 >lab.xml
network 'x; $(touch y)
"z"' 8 >hostile.xml
echo '<network><name>x</nome></network>' >broken.xml
m -k <<END
net-define lab.xml
net-define nosuch.xml
net-define broken.xml
net-define hostile.xml
net-list --all
net-info nosuch
net-start default
net-destroy lab
net-undefine lab
net-start lab
net-undefine lab
net-list --uuid --name
net-update default add ip-dhcp-host '<host/>' --current --live
net-update default change ip-dhcp-host '<host/>'
net-update default add ip-dhcp-host nosuch.xml
net-event
net-event --event lifecycle --list
net-event --event lifecycle --timeout 50ms --loop
net-dhcp-leases default
net-port-list default
net-port-dumpxml default nosuch
net-clone default nosuch
net-clone default test:///default
net-edit nosuch
nwfilter-list
nwfilter-dumpxml nosuch
secret-list
secret-set-value 55806c7d-8e93-456f-829b-607d8c198367
secret-set-value 55806c7d-8e93-456f-829b-607d8c198367 AQBz
secret-set-value 55806c7d-8e93-456f-829b-607d8c198367 top secret
secret-set-value 55806c7d-8e93-456f-829b-607d8c198367 --plain --interactive
iface-mac nosuch
iface-name nosuch
attach-interface test user x
attach-interface test vhostuser /s
attach-interface test hostdev eth0
attach-interface test network default --inbound 1,2,x
attach-interface test network default --current --live
attach-interface test network default
detach-interface test bridge
detach-interface test network --mac 52:54:00:00:00:99
detach-interface test network
domif-getlink test nosuch
domif-setlink test testnet0 sideways
domif-setlink test testnet0 down
END
m -j -k <<END
net-define lab.xml
net-list --all
net-info default
net-autostart lab
net-start lab
net-update lab add ip-dhcp-range "<range start='10.9.7.2' end='10.9.7.9'/>" --live --config
net-destroy lab
net-undefine lab
net-uuid default
net-event --list
iface-list
domif-getlink test testnet0
attach-interface test network default --print-xml
END
# Two hosts: with another network of that name, and without one.
m net-clone default test:///default --node nosuch
cat >nodes <<END
node-add a 192.0.2.1 --uri test:///default
node-add b 192.0.2.2 --uri test://$TMP/b.xml
END
chmod 600 nodes
cat >b.xml <<END
<node><network><name>default</name><uuid>b1260cb9-0263-45ed-913d-e1b8f48ebb05</uuid><bridge name='virbr5'/><ip address='10.9.5.1' netmask='255.255.255.0'/></network></node>
END
n() { "$MIGSH" -i "$TMP/nodes" "$@"; }
n -k <<END
net-list --all --node all
net-list --all --name
net-info default --node all
net-clone default b --node a
net-clone default a
END
cat >b.xml <<END
<node><cpu/></node>
END
n -k <<END
net-clone default b --node a
net-clone default b --node a
net-info default --node b
net-autostart default --node b
net-clone default b --node a
net-destroy default --node b
net-clone default b --node a
END
n -j net-clone default b --node a
n -r -k <<END
net-clone default b --node a
net-destroy default --node a
END
# No terminal, no editor.
for c in 'net-edit default' 'pool-edit default-pool' 'edit test'; do
    EDITOR=true setsid -w "$MIGSH" -C test:///default "$c" </dev/null
    echo "[$?]"
done
EDITOR=true setsid -w "$MIGSH" -C test:///default -j net-edit default </dev/null
