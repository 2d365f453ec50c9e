// SPDX-License-Identifier: GPL-3.0-or-later
// What any connection says, and what only wraps another text: last, as it tells least. See rows_priv.h.
#include "core/explain/rows_priv.h"

const struct explain_row explain_rows_general[] = {
    {"name-unknown", "Name or service not known|nodename nor servname", "a host's name has no address", EXPLAIN_SOURCE,
     "hosts-sync --apply writes the names of all nodes into /etc/hosts; or give the address: --migrateuri "
     "tcp://ADDRESS",
     "hosts-sync --apply writes the names of all nodes into /etc/hosts; or use the address"},
    {"name-temporary", "Temporary failure in name resolution", "no name server answers", EXPLAIN_SOURCE,
     "hosts-sync --apply writes the names of all nodes into /etc/hosts; or give the address: --migrateuri "
     "tcp://ADDRESS",
     "hosts-sync --apply writes the names of all nodes into /etc/hosts; or use the address"},
    {"no-route", "No route to host", "the host cannot be reached", EXPLAIN_BOTH,
     "check the cable, the address and the firewall (firewall-check); node-test shows when it is back"},
    {"timed-out", "Connection timed out", "no answer came in time", EXPLAIN_BOTH,
     "node-test {S} and node-test {D} show whether both answer, firewall-check {D} --from {S} what drops the packets",
     "node-test shows whether it answers, firewall-check what drops the packets"},
    {"unreachable", "Network is unreachable", "there is no route to the host", EXPLAIN_BOTH,
     "check addresses and routes; node-test shows when it is back"},
    {"not-supported", "this function is not supported by the connection driver",
     "this hypervisor's driver does not know how to do that", EXPLAIN_HERE,
     "connect to a QEMU host (qemu:///system); version --daemon tells how old its libvirt is"},
    {"daemon-old", "unknown procedure: |unsupported flags (0x",
     "the libvirt or the driver there does not know an option of this", EXPLAIN_DEST,
     "version --daemon tells how old; leave the option out, or update it"},
    {"job-failed",
     "job 'migration out' unexpectedly failed|job 'migration out' failed|job 'migration in' failed|migration out job: "
     "unexpectedly failed|migration job: unexpectedly failed|migration out job: failed|migration in job: failed",
     "QEMU gave up, and libvirt was not told why", EXPLAIN_BOTH,
     "the last lines of /var/log/libvirt/qemu/{G}.log on both hosts say why"},
    {"mirror-failed", "migration of disk * failed", "copying a disk broke off", EXPLAIN_BOTH,
     "domfiles {G} on both hosts shows sizes and formats; is there room, and does the network hold?"},
    {"process-exited", "process exited while connecting to monitor|Process exited prior to exec",
     "QEMU ended at its start", EXPLAIN_DEST, "the text behind it, or /var/log/libvirt/qemu/{G}.log there, says why"},
    {"monitor-closed", "End of file from qemu monitor|QEMU monitor was closed|QEMU unexpectedly closed the monitor",
     "QEMU ended", EXPLAIN_DEST,
     "/var/log/libvirt/qemu/{G}.log there says why, and journalctl -k whether it was killed"},
    {"blocked", "cannot migrate domain: |disallowing migration blocker", "QEMU says what of this guest cannot move",
     EXPLAIN_GUEST, "unplug or change what it names; or cold-migrate {G} {D}"},
    {NULL},
};
