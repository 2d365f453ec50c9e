# shellcheck shell=bash
# shellcheck disable=SC2154 # the caller's $here
# Interfaces that are changed, filter bindings, ports of networks, and events of pools and secrets: errors and their
# hints, JSON; what the test driver does as virsh is in tests/virsh.
cp "$here"/../virsh/files/{eth7,host}.xml .
cat >bond.xml <<'END'
<interface type='bond' name='bond0'><start mode='onboot'/><mtu size='9000'/><protocol family='ipv4'><dhcp/></protocol><bond mode='active-backup'><interface type='ethernet' name='eth8'/></bond></interface>
END
cat >bridge.xml <<'END'
<interface type='bridge' name='br9'><start mode='onboot'/><bridge stp='on'><interface type='ethernet' name='eth8'/><interface type='ethernet' name='eth9'/></bridge></interface>
END
cat >br1.xml <<'END'
<interface type='bridge' name='br1'><start mode='onboot'/><protocol family='ipv4'><dhcp/></protocol><bridge stp='on'><interface type='ethernet' name='eth1'/></bridge></interface>
END
m -k <<'END'
iface-define nosuch.xml
iface-define host.xml
iface-commit
iface-start eth1
iface-undefine nosuch
iface-edit nosuch
iface-define eth7.xml
iface-bridge eth7 eth1
iface-bridge nosuch br7
iface-bridge eth7 br7 --delay x
iface-bridge eth7 br7 --delay 3
iface-dumpxml br7
iface-bridge br7 br8
iface-unbridge eth1
iface-destroy eth7
iface-undefine eth7
iface-unbridge br7
iface-dumpxml eth7
iface-define bond.xml
iface-bridge bond0 'b r;$(x)' --no-stp --no-start
iface-dumpxml 'b r;$(x)'
iface-undefine bond0
iface-unbridge 'b r;$(x)' --no-start
iface-dumpxml bond0
iface-define bridge.xml
iface-unbridge br9
iface-dumpxml eth1
iface-define br1.xml
iface-start br1
iface-unbridge br1
iface-list
iface-dumpxml br1
iface-dumpxml eth1
net-port-create nosuch host.xml
net-port-create default nosuch.xml
net-port-create default host.xml
net-port-delete default nosuch
nwfilter-binding-create nosuch.xml
nwfilter-binding-create host.xml
nwfilter-binding-delete vnet0
nwfilter-binding-dumpxml vnet0 --wrap
pool-name nosuch
pool-capabilities
pool-event
pool-event --event refresh --timeout 50ms
pool-event --pool nosuch --event refresh
secret-event --event value-changed --timeout 50ms
secret-event --secret nosuch --event lifecycle
END
m --json -c 'iface-begin; iface-define eth7.xml; iface-bridge eth7 br7 --no-start; iface-commit; iface-undefine br7'
m --json -c 'pool-name default-pool; pool-uuid default-pool'
cat >events.lua <<'END'
print(mig.pool_uuid{pool = "default-pool"})
print(pcall(mig.secret_event, {}))
END
chmod 600 events.lua
m events.lua
