// SPDX-License-Identifier: GPL-3.0-or-later
// What keeps connections out of a node, and how some are let in for a while: what is there (firewall_look()), and the
// steps of a plan that open and close. Nothing of the operator's own is touched: migsh adds rules of its own in front
// of his, for some addresses and ports, each with the comment "migsh ID END", and takes those away again. The node
// closes by itself. Job threads where a ctx is taken; the rest is pure.
//
// Which chains have to be opened: each base chain that sees what comes in, and may drop it, is asked by the kernel, and
// one that accepts does not help against another that drops. So a rule goes in front of each of them, where they are:
// in nft's tables, in iptables' INPUT, and in firewalld's zones.
#pragma once

#include <jansson.h>
#include <stdbool.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/strv.h"
#include "core/change/change.h"
#include "core/console/ctx.h"
#include "core/node/ask.h"

struct job;

// Numbers of openings: those that firewalld takes as a priority, too.
enum { FIREWALL_ID_MIN = 10000, FIREWALL_ID_MAX = 29999 };

// What migsh has opened on a node.
struct firewall_ours {
    char *id, *backend;
    long long end; // seconds since 1970; 0: when somebody closes it
    bool keep;
};

struct firewall {
    bool firewalld, ufw, systemctl;
    char *selinux;       // "Enforcing", …; NULL: there is none
    char *migration;     // "LOW-HIGH"
    char *ssh;           // its port
    struct strv rpc;     // ports of an NFS server's helpers
    struct strv doors;   // what may drop: "firewalld", "iptables", "ip6tables", "nft FAMILY TABLE CHAIN"
    struct strv refused; // such, too, but with names that nft cannot be told
    struct firewall_ours *ours;
    size_t n_ours;
    long long now; // the node's own clock
};

int firewall_look(struct ctx *ctx, struct job *job, struct node *node, struct firewall *ret, struct err *e);
// The same of what the node has told. Pure.
int firewall_read(const struct node *node, const struct facts *f, struct firewall *ret, struct err *e);
void firewall_release(struct firewall *f);
#define _cleanup_firewall_ _cleanup_(firewall_release)

// The back ends by name, those that drop: "firewalld", "ufw", "nft", "iptables". The caller's array.
json_t *firewall_backends(const struct firewall *f);
// The chains of `nft -j list ruleset` that may drop what comes in: "FAMILY TABLE CHAIN" each. `skip` names tables that
// somebody else answers for ("ip filter"); a name without a family holds for all families.
int firewall_nft_doors(const char *json, const struct strv *skip, struct strv *ret, struct err *e);
// Does INPUT of these lines of `iptables -S` drop anything?
bool firewall_iptables_drops(const struct strv *rules);

// Words as --ports has them ("migration", "libvirt", "nfs", "ssh", "N", "N-M"), to ranges "N" or "N-M". With `f` NULL
// only looked at: ERR_USAGE.
int firewall_ports(const struct strv *words, const struct firewall *f, struct strv *ret, struct err *e);

struct firewall_wish {
    struct node *node;
    const struct strv *ports;     // ranges
    const struct strv *addresses; // who may come
    unsigned seconds;             // 0: until somebody closes it
};
// A number that is none of f's openings.
char *firewall_new_id(const struct firewall *f);
// One step, or none where nothing drops. `id` as of firewall_new_id().
int firewall_open_plan(struct plan *p, const struct firewall *f, const struct firewall_wish *w, const char *id,
                       struct err *e);
void firewall_close_plan(struct plan *p, struct node *node, const char *id);
// Switches the whole off. ERR_UNSUPPORTED where there is none, or nothing that could do it.
int firewall_off_plan(struct plan *p, struct node *node, const struct firewall *f, struct err *e);
int firewall_selinux_plan(struct plan *p, struct node *node, const struct firewall *f, struct err *e);

// The addresses by which `peer` comes to `node`: what it says itself, and the inventory's. *ret_silent: it did not
// answer, so that there is the inventory's alone.
int firewall_peer_addresses(struct ctx *ctx, struct job *job, struct node *peer, const struct node *node,
                            struct strv *ret, bool *ret_silent, struct err *e);
// What `peer` says of it, one address each: anything else (a prefix, words of nft) would open the node to others.
// ERR_FAILED. Pure.
int firewall_peer_read(const struct node *peer, const struct facts *f, struct strv *ret, struct err *e);
