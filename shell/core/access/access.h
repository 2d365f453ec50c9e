// SPDX-License-Identifier: GPL-3.0-or-later
// Who may use libvirt on a node, and how that is changed. Job threads, but for what says that it is pure.
#pragma once

#include <jansson.h>
#include <stdbool.h>

#include "base/err.h"
#include "core/access/conf.h"
#include "core/change/change.h"
#include "core/console/ctx.h"

struct job;
struct facts;

// Findings: {"node", "gate", "level": "pass" | "warn" | "fail" | "skip", "seen", "wanted", "why", "remedy"}, of which
// the last four may be absent. A remedy is a line of migsh, or a sentence.

// The gates between a user and libvirt, one after the other: user, daemon, socket, group, auth, polkit, selinux, kvm,
// and at last open, where the connection was really tried. Appends to `findings`. Pure: `f` is what
// tools/access_look.sh said.
void access_judge(const char *node, const struct facts *f, json_t *findings);
// The same of nodes, each asked by one script; `user` NULL: each node's login. ERR_VERDICT where the user is refused
// (*ret is set then, too).
int access_check(struct ctx *ctx, struct job *job, struct node **nodes, size_t n, const char *user, json_t **ret,
                 struct err *e);
// The numbers of QEMU's user and of the groups: [{"node", "qemu_user", "qemu_uid", "qemu_group", "qemu_gid",
// "libvirt_gid", "kvm_gid"}].
int access_ids(struct ctx *ctx, struct job *job, struct node **nodes, size_t n, json_t **ret, struct err *e);

// A user that no account has, or that no command line could carry: ERR_USAGE. Pure.
int access_check_user(const char *user, struct err *e);
// The group that lets its members use libvirt there; NULL: none does. Pure; the caller frees.
char *access_group(const struct facts *f);
// The rule that lets this user in and nobody else, and where it is. Pure; the caller frees.
char *access_rule(const char *user);
char *access_rule_path(const char *user);
// Puts the user into the group, or writes the rule.
int access_grant_plan(struct ctx *ctx, struct job *job, struct plan *p, struct node *node, const char *user,
                      bool polkit, struct err *e);

// libvirt's own settings (CONF_DAEMON: libvirtd.conf, or virtqemud.conf where that is what runs) or its QEMU driver's.
// {"node", "file", "daemon", "restart_needed": bool or null (it does not run), "settings": [{"key", "type", "value",
// "stock"}]}; "unknown" is the type of a key that is not ours.
int access_conf_show(struct ctx *ctx, struct job *job, struct node *node, enum conf_file file, json_t **ret,
                     struct err *e);
int access_conf_plan(struct ctx *ctx, struct job *job, struct plan *p, struct node *node, enum conf_file file,
                     const struct conf_wishes *w, bool restart, struct err *e);

// Findings of virt-host-validate: gate is what it checked, with "driver". `driver` "" is all. ERR_VERDICT as above.
int access_validate(struct ctx *ctx, struct job *job, struct node **nodes, size_t n, const char *driver, json_t **ret,
                    struct err *e);
// Its lines as findings. Pure. How many there were.
size_t access_validate_parse(const char *node, const char *text, size_t len, json_t *findings);

// Adds to `e` each node's failures of `findings`; -1 when there are any. `what` is of whom: "alice is refused".
int access_verdict(const json_t *findings, const char *what, struct err *e);
