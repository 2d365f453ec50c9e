// SPDX-License-Identifier: GPL-3.0-or-later
// What a guest's agent is asked for. Job threads. An agent may take for ever: libvirt waits 5 s for its first sign of
// life, and then, unless virt_agent_timeout() has said otherwise, as long as it takes. ERR_TIMEOUT: it does not answer.
#pragma once

#include <jansson.h>
#include <stdbool.h>

#include "base/err.h"
#include "base/strv.h"
#include "io/virt/dom.h"

// The guest's clock, since 1970.
int virt_agent_time(struct virt_dom *d, long long *ret_s, unsigned *ret_ns, struct err *e);
int virt_agent_set_time(struct virt_dom *d, long long s, unsigned ns, struct err *e);
// As its own hardware clock has it.
int virt_agent_sync_time(struct virt_dom *d, struct err *e);
// mountpoint NULL: all file systems. Free ranges that are smaller than `minimum` bytes may be left alone.
int virt_agent_trim(struct virt_dom *d, const char *mountpoint, unsigned long long minimum, struct err *e);
// How many seconds later commands may take, until the guest stops: -2 no limit, -1 libvirt's default, 0 no waiting.
// What was set before cannot be asked for; no limit is what a guest begins with.
enum { VIRT_AGENT_NO_LIMIT = -2, VIRT_AGENT_PATIENCE_S = 5 };
int virt_agent_timeout(struct virt_dom *d, int seconds, struct err *e);

// *ret, the caller's: the guest's answer in JSON, foreign text. `timeout_s`: as above, or a number of seconds.
int virt_agent_command(struct virt_dom *d, const char *command, int timeout_s, char **ret, struct err *e);

enum virt_hostname_source { VIRT_HOSTNAME_LEASE = 1, VIRT_HOSTNAME_AGENT = 2 };
int virt_dom_hostname(struct virt_dom *d, unsigned source, char **ret, struct err *e); // source 0: the driver's choice
enum virt_guest_info {
    VIRT_GUEST_USERS = 1,
    VIRT_GUEST_OS = 2,
    VIRT_GUEST_TIMEZONE = 4,
    VIRT_GUEST_HOSTNAME = 8,
    VIRT_GUEST_FILESYSTEM = 16,
    VIRT_GUEST_DISKS = 32,
    VIRT_GUEST_INTERFACES = 64,
};
// *ret: {field: value} in libvirt's names and order. `what` 0: all that there is.
int virt_guest_info(struct virt_dom *d, unsigned what, json_t **ret, struct err *e);
int virt_guest_vcpus(struct virt_dom *d, json_t **ret, struct err *e); // {"vcpus": "0-3", "online", "offlinable"}
int virt_guest_set_vcpus(struct virt_dom *d, const char *cpus, bool online, struct err *e);

// [{"mountpoint", "name", "type", "targets": ["vda"]}]
int virt_guest_filesystems(struct virt_dom *d, json_t **ret, struct err *e);
// `mountpoints` empty: all of them. *ret_n: how many it was about.
int virt_guest_freeze(struct virt_dom *d, const struct strv *mountpoints, int *ret_n, struct err *e);
int virt_guest_thaw(struct virt_dom *d, const struct strv *mountpoints, int *ret_n, struct err *e);

int virt_guest_set_password(struct virt_dom *d, const char *user, const char *password, bool encrypted, struct err *e);
int virt_guest_ssh_keys(struct virt_dom *d, const char *user, struct strv *ret, struct err *e);
enum virt_ssh_keys { VIRT_SSH_KEYS_REPLACE, VIRT_SSH_KEYS_APPEND, VIRT_SSH_KEYS_REMOVE };
int virt_guest_set_ssh_keys(struct virt_dom *d, const char *user, const struct strv *keys, enum virt_ssh_keys how,
                            struct err *e);
