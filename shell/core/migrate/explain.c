// SPDX-License-Identifier: GPL-3.0-or-later
// The table of explanations. See explain.h. The more telling pattern stands first: the first that fits wins.
#include "core/migrate/explain.h"

#include <fnmatch.h>

#include "base/buf.h"
#include "base/mem.h"

const struct explain_row explain_rows[] = {
    {"cannot acquire state change lock", "another operation holds the guest", EXPLAIN_SOURCE,
     "wait for it; domjobinfo tells which one"},
    // Names and addresses
    {"resolve address '*' service '4*", "the source cannot resolve the name by which the destination calls itself",
     EXPLAIN_SOURCE, "add {D} to /etc/hosts, or give the address: --migrateuri tcp://ADDRESS"},
    {"ssh: Could not resolve hostname", "the host's name has no address", EXPLAIN_HERE,
     "add it to /etc/hosts, or use the address in the URI"},
    {"Name or service not known", "a host's name has no address", EXPLAIN_SOURCE,
     "add {D} to /etc/hosts, or give the address: --migrateuri tcp://ADDRESS"},
    {"Temporary failure in name resolution", "no name server answers", EXPLAIN_SOURCE,
     "add {D} to /etc/hosts, or give the address: --migrateuri tcp://ADDRESS"},
    {"resolved to localhost, but migration requires an FQDN", "the destination's own name leads to 127.0.0.1",
     EXPLAIN_DEST, "correct its line in /etc/hosts, or give --migrateuri tcp://ADDRESS"},
    {"Failed to reserve port", "every port for migrations is taken", EXPLAIN_DEST,
     "wait for other migrations, or widen migration_port_min and _max in /etc/libvirt/qemu.conf"},
    {"Cannot assign requested address", "the address to listen on is not one of the destination's", EXPLAIN_DEST,
     "give --listen-address an address of {D}, or leave it out"},
    {"unable to connect to server at '*:49*No route to host", "the way to the destination's migration ports is closed",
     EXPLAIN_DEST, "open ports 49152-49215 in its firewall for {S} (the ssh connection carries control only)"},
    {"unable to connect to server at '*:49*Connection refused", "nothing listens on the migration port", EXPLAIN_DEST,
     "check that the migration URI names {D}, and that its firewall lets ports 49152-49215 through"},
    {"unable to connect to server at '*:49*timed out", "packets to the migration port are dropped", EXPLAIN_DEST,
     "open ports 49152-49215 in its firewall for {S}"},
    {"unable to connect to server at '*Connection refused", "no libvirtd listens there", EXPLAIN_DEST,
     "start libvirtd with its TCP or TLS socket, or use a qemu+ssh URI"},
    {"No route to host", "the host cannot be reached", EXPLAIN_BOTH, "check the cable, the address and the firewall"},
    {"Connection timed out", "no answer came in time", EXPLAIN_BOTH,
     "check that both hosts answer, and the firewall between them"},
    {"Network is unreachable", "there is no route to the host", EXPLAIN_BOTH, "check addresses and routes"},
    // Connections
    {"Host key verification failed", "the host's key is not the known one, or not known at all", EXPLAIN_HERE,
     "compare the key, then put it into known_hosts (of the one who connects: with --p2p, root on {S})"},
    {"Permission denied*publickey", "the login by key is refused", EXPLAIN_DEST,
     "put your public key (with --p2p: that of root on {S}) into authorized_keys"},
    {"Permission denied, please try again", "the login is refused", EXPLAIN_DEST,
     "put your public key (with --p2p: that of root on {S}) into authorized_keys"},
    {"ssh: connect to host*Connection refused", "no sshd listens there", EXPLAIN_DEST, "start sshd, or check the port"},
    {"transport in URL not recogni", "the URI names a transport that libvirt does not have", EXPLAIN_HERE,
     "use qemu+ssh://, qemu+tcp:// or qemu+tls://"},
    {"migrate guest to the same host", "both ends have the same host UUID", EXPLAIN_BOTH,
     "if they are two hosts, give each its own host_uuid in /etc/libvirt/libvirtd.conf and restart libvirtd"},
    {"Lost connection to destination host", "the source lost the destination half-way", EXPLAIN_BOTH,
     "look at the network between {S} and {D}, then migrate again"},
    {"keepalive timeout", "the other end did not answer for half a minute", EXPLAIN_BOTH,
     "look at the network, and whether libvirtd still answers on {S} and {D}"},
    {"client socket is closed", "the connection to a daemon broke", EXPLAIN_BOTH,
     "look at libvirtd on {S} and {D}: was it restarted?"},
    // Storage
    {"Migration without shared storage is unsafe", "libvirt cannot tell that the destination sees the same disk",
     EXPLAIN_BOTH, "--unsafe if {D} mounts the very same export, --copy-storage-all if the disk is {S}'s own"},
    {"disks use cache other than none or directsync", "the disk's cache mode could lose writes", EXPLAIN_SOURCE,
     "set cache='none' on the disk, or --unsafe if the file system keeps caches coherent"},
    {"no storage pool with matching target path", "the disk cannot be created: no pool lies there", EXPLAIN_DEST,
     "define and start a pool with that target path, or create the volume by hand"},
    {"pre-creation of storage targets for incremental", "libvirt creates no volumes for an incremental copy",
     EXPLAIN_DEST, "create the volume with the same size and base image first"},
    {"Cannot access storage file", "a disk or CD image is not there", EXPLAIN_DEST,
     "mount the same storage at the same path, take the CD out (virsh change-media NAME TARGET --eject), or "
     "--copy-storage-all"},
    {"Source and target image have different sizes", "a volume of that name exists with another size", EXPLAIN_DEST,
     "remove it or create it with exactly the source's size"},
    {"nbd-server-start*Permission denied", "QEMU may not open the port for the disks", EXPLAIN_DEST,
     "check AppArmor or SELinux, or choose --disks-port"},
    {"Could not open '", "QEMU cannot open an image", EXPLAIN_DEST,
     "check that the file is there, under the same path, and readable for QEMU's user"},
    // The guest and the definition
    {"already exists with uuid", "the destination has another guest of that name", EXPLAIN_DEST,
     "undefine it there, or give this one another name with --dname"},
    {"is already active", "the destination runs a guest of that name or uuid", EXPLAIN_DEST,
     "find out which of the two is the right one before anything else"},
    {"cannot migrate domain with * snapshots", "libvirt does not carry snapshots along", EXPLAIN_SOURCE,
     "remove their metadata first: snapshot-delete --metadata"},
    {"domain is not running", "only a running guest can be migrated this way", EXPLAIN_SOURCE,
     "start it, or move its definition with --offline --persistent"},
    {"offline migration must be specified with the persistent flag", "a guest that is off must be defined there",
     EXPLAIN_HERE, "add --persistent"},
    {"offline migration cannot handle non-shared storage", "--offline moves the definition only", EXPLAIN_HERE,
     "leave out --copy-storage-*, and copy the disks by other means"},
    {"tunnelled migration without using peer2peer", "the tunnel runs between the two daemons", EXPLAIN_HERE,
     "add --p2p"},
    {"is not being migrated", "there is no migration to tune", EXPLAIN_SOURCE, "domjobinfo shows what goes on"},
    {"another migration job is already running", "the guest is being migrated already", EXPLAIN_SOURCE,
     "wait for it, or domjobabort"},
    {"migration is still running", "QEMU has not ended the last attempt", EXPLAIN_SOURCE,
     "wait until domjobinfo shows no job, then try again"},
    {"doesn't match specification: missing features", "the destination's CPU lacks what the guest was started with",
     EXPLAIN_GUEST, "give it a CPU model that both hosts have (virsh hypervisor-cpu-baseline), and restart it once"},
    {"Target network card MTU", "the network cards' MTU differ in the two definitions", EXPLAIN_DEST,
     "give the bridge there the same MTU, or change --xml"},
    {"Cannot get interface MTU on '*No such device", "the bridge that the guest is connected to does not exist",
     EXPLAIN_DEST, "create it, or name another in --xml"},
    {"backing store for guest RAM: Cannot allocate memory", "there is too little memory for the guest", EXPLAIN_DEST,
     "free memory, or huge pages where the guest uses them"},
    {"load of migration failed", "QEMU could not take over the guest's state", EXPLAIN_DEST,
     "compare QEMU's versions and machine type; /var/log/libvirt/qemu/GUEST.log says more"},
    // TLS and secrets
    {"allows migration only with VIR_MIGRATE_TLS", "the host insists on encryption", EXPLAIN_HERE, "add --tls"},
    {"Certificate does not match the hostname", "the certificate is made out to another name", EXPLAIN_DEST,
     "give --tls-destination the certificate's name, or use that name in the URI"},
    {"Cannot read from TLS channel", "the other end refused the TLS handshake", EXPLAIN_BOTH,
     "check that the certificates are signed by the same authority and not out of date"},
    {"Unable to access credentials", "QEMU's certificates are missing", EXPLAIN_BOTH,
     "put ca-cert.pem, server- and client-cert.pem and keys into /etc/pki/qemu, or leave out --tls"},
    {"Setting the stateblob*TPM error", "the TPM's state is encrypted with another key", EXPLAIN_DEST,
     "define the same secret there as on {S}: virsh secret-define, secret-set-value"},
    // Jobs
    {"canceled by client", "somebody aborted the job", EXPLAIN_HERE, "migrate again when it suits"},
    {"failed in post-copy phase", "the connection broke after the guest had begun to run on the destination",
     EXPLAIN_BOTH, "destroy it on neither: migrate with the same options and --postcopy-resume"},
    {"cannot abort migration in post-copy mode", "the guest already runs on the destination", EXPLAIN_HERE,
     "wait for its end; domjobabort --postcopy pauses it, --postcopy-resume goes on"},
    {"not outgoing migration in post-copy", "the migration is not in post-copy", EXPLAIN_SOURCE,
     "plain domjobabort ends it"},
    {"cannot abort incoming migration", "the guest is arriving here", EXPLAIN_SOURCE, "abort the job on {S}"},
    {"no job is active", "nothing is going on with this guest", EXPLAIN_SOURCE, "domstate and list show where it is"},
    // Options
    {"extensible parameters are not supported", "this hypervisor's driver cannot migrate that way", EXPLAIN_HERE,
     "connect to a QEMU host (qemu:///system)"},
    {"not supported by the connection driver: virDomainMigrate", "this hypervisor's driver cannot migrate",
     EXPLAIN_HERE, "connect to a QEMU host (qemu:///system)"},
    {"cannot limit locked memory", "zero-copy and RDMA lock the guest's memory, which is more than the limit allows",
     EXPLAIN_SOURCE, "set <hard_limit> in the guest's <memtune>, or leave out --zerocopy"},
    {"RDMA migration with no memory hard limit", "RDMA locks the guest's memory", EXPLAIN_GUEST,
     "set <memtune><hard_limit>"},
    {"direct migration is not supported", "this hypervisor has no migration of its own", EXPLAIN_HERE,
     "leave out --direct"},
    {"Turn parallel migration on to tune it", "the option belongs to --parallel", EXPLAIN_HERE, "add --parallel"},
    {"Turn * compression on to tune it", "the option belongs to a compression method", EXPLAIN_HERE,
     "add --comp-methods with that method"},
    {"hook script execution failed", "the destination's hook refused the guest", EXPLAIN_DEST,
     "look at /etc/libvirt/hooks/qemu"},
};
const size_t explain_rows_n = ARRAY_SIZE(explain_rows);

const struct explain_row *explain_find(const char *text)
{
    for (size_t i = 0; i < explain_rows_n; i++) {
        _cleanup_free_ char *anywhere = xasprintf("*%s*", explain_rows[i].pattern);
        if (fnmatch(anywhere, text, FNM_CASEFOLD) == 0)
            return &explain_rows[i];
    }
    return NULL;
}

static void add_filled(struct buf *b, const char *text, const char *source, const char *dest)
{
    for (const char *p = text; *p; p++) {
        if (p[0] == '{' && (p[1] == 'S' || p[1] == 'D') && p[2] == '}') {
            buf_adds(b, p[1] == 'S' ? source : dest);
            p += 2;
        } else {
            buf_addc(b, *p);
        }
    }
}

void explain_fill(struct err *e, const char *source, const char *dest)
{
    const struct explain_row *row = e->hint || !e->msg ? NULL : explain_find(e->msg);
    if (!row)
        return;
    _cleanup_buf_ struct buf b = BUF_INIT;
    buf_addf(&b, "%s; ", row->cause);
    switch (row->where) {
    case EXPLAIN_SOURCE:
        buf_addf(&b, "on %s: ", source);
        break;
    case EXPLAIN_DEST:
        buf_addf(&b, "on %s: ", dest);
        break;
    case EXPLAIN_BOTH:
        buf_addf(&b, "on %s and %s: ", source, dest);
        break;
    case EXPLAIN_GUEST:
        buf_adds(&b, "in the guest's definition: ");
        break;
    case EXPLAIN_HERE:
        break;
    }
    add_filled(&b, row->remedy, source, dest);
    err_hint(e, "%s", buf_str(&b));
}
