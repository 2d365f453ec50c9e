// SPDX-License-Identifier: GPL-3.0-or-later
// Networks of guests, and ports of migrations. See rows_priv.h.
#include "core/explain/rows_priv.h"

const struct explain_row explain_rows_network[] = {
    {"no-bridge",
     "Cannot get interface MTU on '*No such device|Unable to add bridge * port *No such device|Failed to add tap "
     "interface to bridge|bridge * does not exist",
     "the bridge that the guest is connected to does not exist", EXPLAIN_DEST,
     "bridge-ensure {D} BRIDGE --port INTERFACE makes it (bridge-check {D} shows those that are there); or name "
     "another in --xml (cold-migrate {G} {D} --map bridge=OLD:NEW)",
     "bridge-ensure {N} BRIDGE --port INTERFACE makes it (bridge-check {N} shows those that are there); or name "
     "another in the definition"},
    {"mtu", "Target network card MTU", "the network cards' MTU differ in the two definitions", EXPLAIN_DEST,
     "bridge-check {S} {D} shows those of the bridges; give the one there the same, or change --xml"},
    {"network-inactive", "network '*' is not active", "the virtual network is defined and not started", EXPLAIN_DEST,
     "net-start NAME --node {D}; net-autostart keeps it so", "net-start NAME; net-autostart keeps it so"},
    {"no-network", "no network with matching", "the virtual network does not exist", EXPLAIN_DEST,
     "net-clone NAME {D} --node {S}; or name another in --xml", "net-list --all shows what there is"},
    {"network-in-use", "Network is already in use by interface|Failed to create * bridge *File exists",
     "the address range or name of the virtual network is taken on the host", EXPLAIN_DEST,
     "net-edit NAME: take another range or bridge name"},
    {"no-nwfilter", "no nwfilter with matching|referenced filter", "a filter of the network card is missing",
     EXPLAIN_DEST, "nwfilter-dumpxml NAME --node {S}, and of that nwfilter-define FILE --node {D}",
     "nwfilter-list shows what there is"},
    {"macvtap", "macvtap tap|macvtap interface|Failed to create macvtap",
     "the physical interface below a direct (macvtap) card is not there or in use", EXPLAIN_DEST,
     "ip link there shows it; name the one of {D} in --xml, or a bridge",
     "ip link there shows it; name another in the definition, or a bridge"},
    {"ovs", "OVS port data|to OVS bridge|Unable to add port * to OVS",
     "Open vSwitch has no such bridge, or does not run", EXPLAIN_DEST,
     "ovs-vsctl show there; create the bridge with the same name"},
    {"no-tun", "Unable to open /dev/net/tun|Unable to open vhost-net|vhost-net requested",
     "the kernel module for the card is missing", EXPLAIN_DEST, "modprobe tun vhost_net there"},
    {"ports-taken", "Failed to reserve port|unused port in range 'migration'|Unable to find an unused port",
     "every port for migrations is taken", EXPLAIN_DEST,
     "wait for other migrations (who, domjobinfo), or widen migration_port_min and _max in /etc/libvirt/qemu.conf"},
    {"port-in-use", "Failed to find an available port|Address already in use", "another program listens at that port",
     EXPLAIN_DEST, "ss -ltnp there shows who; a console with a fixed port needs another one, or autoport='yes'"},
    {"listen-address", "Cannot assign requested address", "the address to listen on is not one of the destination's",
     EXPLAIN_DEST, "give --listen-address an address of {D}, or leave it out",
     "set listen of the <graphics> to an address of the host, or 0.0.0.0"},
    {"port-closed", "unable to connect to server at '*:49*No route to host|Failed to connect to '*:49*No route to host",
     "the way to the destination's migration ports is closed", EXPLAIN_DEST,
     "firewall-check {D} --from {S} tells what closes it, firewall-open {D} --from {S} --for 1h opens it (the ssh "
     "connection carries control only)"},
    {"port-refused",
     "unable to connect to server at '*:49*Connection refused|Failed to connect to '*:49*Connection refused",
     "nothing listens on the migration port", EXPLAIN_DEST,
     "check that the migration URI names {D}; firewall-check {D} --from {S} tells whether its firewall refuses, "
     "firewall-open {D} --from {S} --for 1h opens it"},
    {"port-dropped", "unable to connect to server at '*:49*timed out|Failed to connect to '*:49*timed out",
     "packets to the migration port are dropped", EXPLAIN_DEST,
     "firewall-check {D} --from {S} tells by what, firewall-open {D} --from {S} --for 1h opens the ports"},
    {NULL},
};
