// SPDX-License-Identifier: GPL-3.0-or-later
// The options of `migrate`: one table of rows, from which the command's grammar, help, completion and Lua arguments are
// built (cmd/migration/migrate.c), and by which given values become libvirt's flags and parameters (migrate/opts.c).
// Names, order and meaning are those of virsh 9.0.0; the last two are our own. Pure but for reading the files that
// --xml and --persistent-xml name.
#pragma once

#include <jansson.h>
#include <stdbool.h>

#include "base/err.h"
#include "io/virt/migrate.h"

// Headings in the help.
#define MIGRATE_GROUP_DISKS "disks that are copied"
#define MIGRATE_GROUP_PACE "pace and end"
#define MIGRATE_GROUP_POSTCOPY "post-copy"
#define MIGRATE_GROUP_WAY "the way through the network"
#define MIGRATE_GROUP_DEST "the definition there"

// X(id, name, kind, target, help, …): behind the help more of the option's row (struct opt_def). Kinds: FLAG is a
// switch and a VIRT_MIGRATE_* bit; STRING, NUMBER (32 bits), BIG (64 bits), LIST (of strings, commas between) and FILE
// (whose content is sent) are a VIRT_PARAM_*; SWITCH and SECONDS concern this console only. The order is that of
// positional values.
#define MIGRATE_OPTS(X)                                                                                                \
    X(LIVE, "live", FLAG, VIRT_MIGRATE_LIVE, "keep the guest running while it moves", .excludes = "offline")           \
    X(OFFLINE, "offline", FLAG, VIRT_MIGRATE_OFFLINE, "move the definition of a guest that is shut off")               \
    X(P2P, "p2p", FLAG, VIRT_MIGRATE_PEER2PEER, "the source's daemon talks to the destination's by itself")            \
    X(DIRECT, "direct", SWITCH, 0, "leave control to the hypervisor (QEMU cannot)")                                    \
    X(TUNNELLED, "tunnelled", FLAG, VIRT_MIGRATE_TUNNELLED, "memory through libvirt's own connection; with --p2p",     \
      .group = MIGRATE_GROUP_WAY)                                                                                      \
    X(PERSISTENT, "persistent", FLAG, VIRT_MIGRATE_PERSIST_DEST, "define the guest on the destination")                \
    X(UNDEFINESOURCE, "undefinesource", FLAG, VIRT_MIGRATE_UNDEFINE_SOURCE, "undefine the guest on the source")        \
    X(SUSPEND, "suspend", FLAG, VIRT_MIGRATE_PAUSED, "leave the guest paused on the destination")                      \
    X(COPY_ALL, "copy-storage-all", FLAG, VIRT_MIGRATE_NON_SHARED_DISK, "copy the disks, too",                         \
      .group = MIGRATE_GROUP_DISKS)                                                                                    \
    X(COPY_INC, "copy-storage-inc", FLAG, VIRT_MIGRATE_NON_SHARED_INC,                                                 \
      "copy what the disks hold beyond a base image that both hosts have", .group = MIGRATE_GROUP_DISKS)               \
    X(SYNC_WRITES, "copy-storage-synchronous-writes", FLAG, VIRT_MIGRATE_NON_SHARED_SYNCHRONOUS_WRITES,                \
      "the guest's writes wait for the destination, so that the copy converges",                                       \
      .needs = "copy-storage-all|copy-storage-inc", .group = MIGRATE_GROUP_DISKS)                                      \
    X(CHANGE_PROTECTION, "change-protection", FLAG, VIRT_MIGRATE_CHANGE_PROTECTION,                                    \
      "refuse changes of the guest's configuration while it moves")                                                    \
    X(UNSAFE, "unsafe", FLAG, VIRT_MIGRATE_UNSAFE, "even where libvirt cannot tell that the disks are safe")           \
    X(VERBOSE, "verbose", SWITCH, 0, "show the progress")                                                              \
    X(COMPRESSED, "compressed", FLAG, VIRT_MIGRATE_COMPRESSED, "compress memory that is sent again",                   \
      .group = MIGRATE_GROUP_PACE)                                                                                     \
    X(AUTO_CONVERGE, "auto-converge", FLAG, VIRT_MIGRATE_AUTO_CONVERGE,                                                \
      "slow the guest's CPUs down when it dirties memory too fast", .group = MIGRATE_GROUP_PACE)                       \
    X(RDMA_PIN_ALL, "rdma-pin-all", FLAG, VIRT_MIGRATE_RDMA_PIN_ALL, "pin all memory before an RDMA migration",        \
      .group = MIGRATE_GROUP_PACE)                                                                                     \
    X(ABORT_ON_ERROR, "abort-on-error", FLAG, VIRT_MIGRATE_ABORT_ON_ERROR,                                             \
      "give up on soft errors such as an I/O error of a disk")                                                         \
    X(POSTCOPY, "postcopy", FLAG, VIRT_MIGRATE_POSTCOPY, "allow post-copy; migrate-postcopy switches to it",           \
      .group = MIGRATE_GROUP_POSTCOPY)                                                                                 \
    X(AFTER_PRECOPY, "postcopy-after-precopy", SWITCH, 0, "switch to post-copy after the first pass over memory",      \
      .needs = "postcopy", .group = MIGRATE_GROUP_POSTCOPY)                                                            \
    X(POSTCOPY_RESUME, "postcopy-resume", FLAG, VIRT_MIGRATE_POSTCOPY_RESUME, "go on with a post-copy that broke",     \
      .needs = "postcopy", .group = MIGRATE_GROUP_POSTCOPY)                                                            \
    X(ZEROCOPY, "zerocopy", FLAG, VIRT_MIGRATE_ZEROCOPY, "send memory without copying it first; with --parallel",      \
      .group = MIGRATE_GROUP_PACE)                                                                                     \
    X(MIGRATEURI, "migrateuri", STRING, VIRT_PARAM_URI, "where the memory stream goes, such as tcp://192.0.2.7",       \
      .group = MIGRATE_GROUP_WAY)                                                                                      \
    X(GRAPHICSURI, "graphicsuri", STRING, VIRT_PARAM_GRAPHICS_URI, "where graphics clients shall reconnect to",        \
      .group = MIGRATE_GROUP_WAY)                                                                                      \
    X(LISTEN_ADDRESS, "listen-address", STRING, VIRT_PARAM_LISTEN_ADDRESS, "address the destination listens on",       \
      .group = MIGRATE_GROUP_WAY)                                                                                      \
    X(DNAME, "dname", STRING, VIRT_PARAM_DEST_NAME, "the guest's name on the destination",                             \
      .group = MIGRATE_GROUP_DEST)                                                                                     \
    X(TIMEOUT, "timeout", SECONDS, 0, "seconds after which a live migration is helped (--timeout-*; else suspend)",    \
      .group = MIGRATE_GROUP_PACE)                                                                                     \
    X(TIMEOUT_SUSPEND, "timeout-suspend", SWITCH, 0, "after --timeout: suspend the guest until it has moved",          \
      .excludes = "timeout-postcopy", .group = MIGRATE_GROUP_PACE)                                                     \
    X(TIMEOUT_POSTCOPY, "timeout-postcopy", SWITCH, 0, "after --timeout: switch to post-copy", .needs = "postcopy",    \
      .group = MIGRATE_GROUP_PACE)                                                                                     \
    X(XML, "xml", FILE, VIRT_PARAM_DEST_XML, "file with the XML to use on the destination",                            \
      .group = MIGRATE_GROUP_DEST)                                                                                     \
    X(MIGRATE_DISKS, "migrate-disks", LIST, VIRT_PARAM_MIGRATE_DISKS, "disks to copy: vda,vdb",                        \
      .group = MIGRATE_GROUP_DISKS)                                                                                    \
    X(DISKS_PORT, "disks-port", NUMBER, VIRT_PARAM_DISKS_PORT, "port on the destination that takes the disks",         \
      .group = MIGRATE_GROUP_DISKS)                                                                                    \
    X(DISKS_URI, "disks-uri", STRING, VIRT_PARAM_DISKS_URI, "where the disks go, instead of --disks-port",             \
      .group = MIGRATE_GROUP_DISKS)                                                                                    \
    X(COMP_METHODS, "comp-methods", LIST, VIRT_PARAM_COMPRESSION, "how to compress: mt,xbzrle",                        \
      .group = MIGRATE_GROUP_PACE)                                                                                     \
    X(COMP_MT_LEVEL, "comp-mt-level", NUMBER, VIRT_PARAM_MT_LEVEL, "level of mt compression",                          \
      .group = MIGRATE_GROUP_PACE)                                                                                     \
    X(COMP_MT_THREADS, "comp-mt-threads", NUMBER, VIRT_PARAM_MT_THREADS, "threads that compress (mt)",                 \
      .group = MIGRATE_GROUP_PACE)                                                                                     \
    X(COMP_MT_DTHREADS, "comp-mt-dthreads", NUMBER, VIRT_PARAM_MT_DTHREADS, "threads that decompress (mt)",            \
      .group = MIGRATE_GROUP_PACE)                                                                                     \
    X(COMP_XBZRLE_CACHE, "comp-xbzrle-cache", BIG, VIRT_PARAM_XBZRLE_CACHE, "bytes of xbzrle's page cache",            \
      .group = MIGRATE_GROUP_PACE)                                                                                     \
    X(CONVERGE_INITIAL, "auto-converge-initial", NUMBER, VIRT_PARAM_AUTO_CONVERGE_INITIAL,                             \
      "percent by which --auto-converge first slows the guest", .group = MIGRATE_GROUP_PACE)                           \
    X(CONVERGE_INCREMENT, "auto-converge-increment", NUMBER, VIRT_PARAM_AUTO_CONVERGE_INCREMENT,                       \
      "percent that it adds when that is not enough", .group = MIGRATE_GROUP_PACE)                                     \
    X(PERSISTENT_XML, "persistent-xml", FILE, VIRT_PARAM_PERSIST_XML,                                                  \
      "file with the XML to define on the destination", .needs = "persistent", .group = MIGRATE_GROUP_DEST)            \
    X(TLS, "tls", FLAG, VIRT_MIGRATE_TLS, "encrypt the memory stream", .group = MIGRATE_GROUP_WAY)                     \
    X(POSTCOPY_BANDWIDTH, "postcopy-bandwidth", BIG, VIRT_PARAM_BANDWIDTH_POSTCOPY, "limit of post-copy in MiB/s",     \
      .group = MIGRATE_GROUP_POSTCOPY)                                                                                 \
    X(PARALLEL, "parallel", FLAG, VIRT_MIGRATE_PARALLEL, "several connections for the memory stream",                  \
      .group = MIGRATE_GROUP_PACE)                                                                                     \
    X(PARALLEL_CONNECTIONS, "parallel-connections", NUMBER, VIRT_PARAM_PARALLEL_CONNECTIONS,                           \
      "how many connections; with --parallel", .group = MIGRATE_GROUP_PACE)                                            \
    X(BANDWIDTH, "bandwidth", BIG, VIRT_PARAM_BANDWIDTH, "limit of the memory stream in MiB/s",                        \
      .group = MIGRATE_GROUP_PACE)                                                                                     \
    X(TLS_DESTINATION, "tls-destination", STRING, VIRT_PARAM_TLS_DESTINATION,                                          \
      "name to expect in the destination's certificate", .needs = "tls", .group = MIGRATE_GROUP_WAY)                   \
    X(COPY_UNCHECKED, "copy-storage-unchecked", SWITCH, 0,                                                             \
      "copy also a disk of which it cannot be told whether both hosts share it",                                       \
      .needs = "copy-storage-all|copy-storage-inc", .group = MIGRATE_GROUP_DISKS)                                      \
    X(PLAN, "plan", SWITCH, 0, "tell libvirt's flags and parameters, and migrate nothing")

enum migrate_opt {
#define MIGRATE_OPT_ID(id, name, kind, target, ...) MIGRATE_OPT_##id,
    MIGRATE_OPTS(MIGRATE_OPT_ID)
#undef MIGRATE_OPT_ID
        MIGRATE_OPT_COUNT
};

// What was given for one row; `s` as typed (lent), `i` for NUMBER, BIG and SECONDS.
struct migrate_value {
    bool given;
    const char *s;
    long long i;
};

enum migrate_on_timeout { MIGRATE_TIMEOUT_NONE, MIGRATE_TIMEOUT_SUSPEND, MIGRATE_TIMEOUT_POSTCOPY };

// What is to be done, ready to be handed to libvirt.
struct migrate_plan {
    unsigned flags;             // VIRT_MIGRATE_*
    struct virt_params *params; // owned
    bool direct, verbose, after_precopy, only_tell;
    bool unchecked;    // copy also what cannot be told to be the guest's own, see core/migrate/disks.h
    double timeout_ms; // 0: none
    enum migrate_on_timeout on_timeout;
};

// values: MIGRATE_OPT_COUNT of them, whose rows' rules are kept. Reads the files. ERR_USAGE for values that do not go
// together, as virsh has it; what depends on the hypervisor is left to libvirt. Nothing has been started then.
int migrate_plan_make(const struct migrate_value *values, struct migrate_plan *ret, struct err *e);
void migrate_plan_release(struct migrate_plan *p);
// {"flags": [libvirt's names], "params": {name: value}}; the caller's.
json_t *migrate_plan_json(const struct migrate_plan *p);
