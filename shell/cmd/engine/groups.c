// SPDX-License-Identifier: GPL-3.0-or-later
// The groups of the help. See groups.h.
#include "cmd/engine/groups.h"

#include <fnmatch.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "base/strv.h"

static const struct {
    const char *name, *about;
} groups[] = {
    {"Domains", "see, start, stop, define and change guests"},
    {"Devices", "devices of guests, disks before all; block jobs, backups"},
    {"Tuning", "processors, memory, threads and limits of guests"},
    {"Migration", "move guests; judge before, watch, verify and report afterwards"},
    {"Snapshots", "snapshots and checkpoints of guests"},
    {"Storage", "pools, volumes, NFS shares; disks from node to node"},
    {"Networks", "networks, packet filters, interfaces and bridges of hosts"},
    {"Secrets", "what encrypted and remote disks are opened with"},
    {"Nodes", "the inventory; logins, ports and certificates of its machines"},
    {"Hosts", "what the libvirt of a host tells of it; its own devices"},
    {"Journals", "what was done: look at it, go on with it, take it back"},
    {"Console", "connect, help, explain, quit; commands behind the prompt"},
};

// virsh's words: what they are a group of here, or the names of their commands.
static const struct {
    const char *word, *group, *names;
} words[] = {
    {"domain", "Domains", NULL},
    {"monitor", NULL, "domblk* domcontrol domif* dominfo dommemstat domstate domstats domtime list"},
    {"events", NULL, "event *-event"},
    {"host", "Hosts", NULL},
    {"checkpoint", NULL, "checkpoint-*"},
    {"interface", NULL, "iface-*"},
    {"filter", NULL, "nwfilter-*"},
    {"network", NULL, "net-*"},
    {"nodedev", NULL, "nodedev-*"},
    {"secret", "Secrets", NULL},
    {"snapshot", NULL, "snapshot-*"},
    {"backup", NULL, "backup-*"},
    {"pool", NULL, "pool-* find-storage-pool-*"},
    {"volume", NULL, "vol-*"},
    {"virsh", "Console", NULL},
};

const char *help_group_name(size_t i)
{
    return i < ARRAY_SIZE(groups) ? groups[i].name : NULL;
}

const char *help_group_about(const char *name)
{
    for (size_t i = 0; i < ARRAY_SIZE(groups); i++) {
        if (strcmp(groups[i].name, name) == 0)
            return groups[i].about;
    }
    return NULL;
}

static bool is_named(const char *names, const char *command)
{
    _cleanup_strv_ struct strv patterns = STRV_INIT;
    strv_split(&patterns, names, ' ');
    for (size_t i = 0; i < patterns.n; i++) {
        if (fnmatch(patterns.s[i], command, 0) == 0)
            return true;
    }
    return false;
}

bool help_group_has(const char *word, const struct cmd_def *def)
{
    if (strcasecmp(word, def->group) == 0)
        return true;
    for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
        if (strcmp(words[i].word, word) == 0)
            return words[i].group ? strcmp(words[i].group, def->group) == 0 : is_named(words[i].names, def->name);
    }
    return false;
}
