// SPDX-License-Identifier: GPL-3.0-or-later
// QEMU: its start, what blocks a migration, its stream. See rows_priv.h.
#include "core/explain/rows_priv.h"

const struct explain_row explain_rows_qemu[] = {
    {"machine-type", "does not support machine type|unsupported machine type|Unsupported machine type",
     "the QEMU there does not know the machine type", EXPLAIN_DEST,
     "domcapabilities --node {D} and version tell what it has; update QEMU, or start the guest with an older machine "
     "type (that is for a guest that is off)",
     "take one that capabilities lists"},
    {"no-emulator",
     "Cannot check QEMU binary|Cannot find suitable emulator|No emulator found for arch|emulator * not found|Cannot "
     "find QEMU binary",
     "QEMU is not where the definition says", EXPLAIN_DEST,
     "install the same QEMU package, or name its path in <emulator> (--xml)",
     "install the same QEMU package, or name its path in <emulator>"},
    {"only-migratable", "but --only-migratable was specified|(--only-migratable)",
     "QEMU was told to refuse devices that cannot move", EXPLAIN_GUEST, "leave out the device"},
    {"vfio-dirty",
     "VFIO migration is not supported|device dirty tracking|not supported with vIOMMU|VFIO device doesn't support "
     "migration|VFIO devices migration is supported only|does not support migration, and|vfio mdev",
     "the device handed through cannot move while it runs", EXPLAIN_GUEST,
     "unplug it first (detach-device {G} FILE), or cold-migrate {G} {D} where {D} has the like"},
    {"vhost",
     "lacks VHOST_F_LOG_ALL|LOG_SHMFD|vhost * does not support migration|vhost-scsi does not support migration|failed "
     "to allocate shared memory",
     "the back end of a device cannot tell which memory it changes", EXPLAIN_GUEST,
     "use virtio without vhost-user for it, or update what serves it"},
    {"virgl",
     "virgl is not yet migratable|vdagent chardev doesn't yet support|dump-guest-memory in progress|virtio-gpu * not "
     "migratable",
     "a device or task of the guest is in the way", EXPLAIN_GUEST,
     "switch 3D acceleration or the clipboard channel off in the definition; wait for a memory dump"},
    {"block-format", "does not support live migration", "the format of an image cannot move while it is in use",
     EXPLAIN_GUEST, "convert it while the guest is off: qemu-img convert -O qcow2; or cold-migrate {G} {D}"},
    {"hv-features",
     "hv-passthrough|hv-no-nonarch-coresharing|SEV has a migration blocker|migration is not implemented*SEV|SEV: "
     "Migration is not",
     "a CPU or memory feature of the guest is tied to this host", EXPLAIN_GUEST,
     "name the Hyper-V features one by one; a guest with encrypted memory moves while it is off: cold-migrate {G} {D}"},
    {"non-migratable", "non-migratable device|devices are not migratable|is not migratable",
     "one of its devices cannot move", EXPLAIN_GUEST,
     "unplug it, or replace it by a virtio one (NVMe, USB and sound are the usual ones); or cold-migrate {G} {D}"},
    {"userfaultfd",
     "userfaultfd not available|Userfaultfd not available|Postcopy is not supported|not supported by the host: "
     "userfault|userfaultfd: Operation not permitted",
     "the kernel there does not allow post-copy", EXPLAIN_DEST,
     "sysctl vm.unprivileged_userfaultfd=1 there, or leave out --postcopy"},
    {"postcopy-memory",
     "nvdimm memory, postcopy|Postcopy is not compatible with|Postcopy preempt|postcopy is not supported with",
     "post-copy does not go with that memory or option", EXPLAIN_HERE, "leave out --postcopy"},
    {"compress-mix", "not compatible with compress|compress is not compatible|xbzrle is not compatible",
     "two ways of compressing, or a way that the other options exclude", EXPLAIN_HERE,
     "give one of --comp-methods alone"},
    {"return-path", "return-path for postcopy", "the migration has no way back", EXPLAIN_BOTH,
     "leave out --tunnelled, or --postcopy"},
    {"multifd-channel", "via multifd channel|multifd_send_|multifd: received|multifd_recv_|multifd: unknown",
     "one of the connections of --parallel broke, or the two ends disagree", EXPLAIN_BOTH,
     "open ports for all of them; without --parallel it tells whether they are the reason; compare version --daemon on "
     "both"},
    {"savevm-section",
     "Unknown savevm section|Missing section footer|Mismatched section id|Expected vmdescription section|Unknown "
     "section id",
     "the two guests do not have the same devices", EXPLAIN_BOTH,
     "were devices plugged in? --xml from dumpxml {G} --migratable; else compare version --daemon and machine type on "
     "both"},
    {"device-state",
     "error while loading state for instance|error while loading state section|Failed to load *:|features 0x* "
     "unsupported. Allowed features",
     "the QEMU there does not understand the state of a device", EXPLAIN_BOTH,
     "compare version --daemon on both; from newer to older often fails: update {D}; the machine type must be a "
     "versioned one"},
    {"load-failed", "load of migration failed", "QEMU could not take over the guest's state", EXPLAIN_DEST,
     "compare version --daemon and machine type on both; /var/log/libvirt/qemu/{G}.log there says more"},
    {"stream-broken",
     "Unable to write to socket|Unable to read from socket|Not a migration stream|Unsupported migration stream version",
     "the connection between the two QEMU broke", EXPLAIN_BOTH,
     "the last lines of /var/log/libvirt/qemu/{G}.log on the other end say why; does the network hold?"},
    {"incoming",
     "waiting for an incoming migration|incoming migration has already been started|vm that was paused due to previous "
     "migration",
     "the guest waits for its memory, or has sent it away", EXPLAIN_DEST,
     "cleanup {G} tells where it runs; do not resume it before"},
    {"hotplug-migrating", "not allowed while migrating", "devices cannot be changed during a migration", EXPLAIN_SOURCE,
     "wait for its end: domjobinfo {G}"},
    {"monitor-timeout",
     "cannot connect to QEMU|Failed to connect monitor|monitor socket did not show up|Failed to connect to monitor",
     "QEMU did not come up in time", EXPLAIN_DEST,
     "/var/log/libvirt/qemu/{G}.log there says why; a host short of memory or disk is slow, too"},
    {"qemu-log", "Unable to open log file|connect to virtlogd|virtlogd-sock",
     "virtlogd does not take the guest's messages", EXPLAIN_DEST, "exec {N} -- systemctl restart virtlogd",
     "systemctl restart virtlogd there"},
    {NULL},
};
