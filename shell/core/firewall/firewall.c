// SPDX-License-Identifier: GPL-3.0-or-later
// What a node has, and the words of --ports. See firewall.h.
#include "core/firewall/firewall.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/token.h"
#include "core/console/address.h"
#include "core/firewall/tools_priv.h"
#include "core/nfs/nfs.h"
#include "core/node/qemu_user.h"

enum { RULES_MAX = 32 << 20 };

void firewall_release(struct firewall *f)
{
    free(f->selinux);
    free(f->migration);
    free(f->ssh);
    strv_release(&f->rpc);
    strv_release(&f->doors);
    strv_release(&f->refused);
    for (size_t i = 0; i < f->n_ours; i++) {
        free(f->ours[i].id);
        free(f->ours[i].backend);
    }
    free(f->ours);
    *f = (struct firewall){0};
}

static void take_texts(const struct facts *f, const char *key, struct strv *ret)
{
    const char *value;
    for (size_t at = 0; (value = facts_next(f, key, &at));)
        strv_add(ret, value);
}

static void take_ours(struct firewall *f, const struct strv *rows)
{
    for (size_t i = 0; i < rows->n; i++) {
        _cleanup_strv_ struct strv words = STRV_INIT;
        long long id, end = 0;
        strv_split(&words, rows->s[i], ' ');
        if (words.n < 2 || str_to_int(words.s[1], FIREWALL_ID_MIN, FIREWALL_ID_MAX, &id) < 0)
            continue;
        if (words.n > 2)
            str_to_int(words.s[2], 1, 1LL << 40, &end);
        f->ours = xrealloc(f->ours, f->n_ours + 1, sizeof(*f->ours));
        f->ours[f->n_ours++] = (struct firewall_ours){xstrdup(words.s[1]), xstrdup(words.s[0]), end,
                                                      words.n > 2 && strcmp(words.s[2], "keep") == 0};
    }
}

// iptables' own chains are left to iptables, which may have no words for what nft puts there.
static void take_iptables(struct firewall *f, const struct facts *facts, const char *key, const char *table,
                          struct strv *skip)
{
    _cleanup_strv_ struct strv rules = STRV_INIT;
    take_texts(facts, key, &rules);
    if (rules.n)
        strv_add(skip, table);
    if (!(f->firewalld && strv_has(&rules, "-N INPUT_ZONES")) && firewall_iptables_drops(&rules))
        strv_add(&f->doors, key);
}

// Three words, as nft reads them back.
static bool is_nft_name(const char *door)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-";
    for (int left = 3; left; left--) {
        size_t n = strspn(door, plain);
        if (!n || *door == '-' || door[n] != (left > 1 ? ' ' : '\0'))
            return false;
        door += n + 1;
    }
    return true;
}

static int take_nft(struct firewall *f, const struct facts *facts, struct strv *skip, struct err *e)
{
    _cleanup_strv_ struct strv chains = STRV_INIT;
    if (f->firewalld)
        strv_add(skip, "firewalld");
    if (firewall_nft_doors(facts->text ? facts->text : "", skip, &chains, e) < 0)
        return -1;
    for (size_t i = 0; i < chains.n; i++) {
        if (is_nft_name(chains.s[i]))
            strv_take(&f->doors, xasprintf("nft %s", chains.s[i]));
        else
            strv_add(&f->refused, chains.s[i]);
    }
    return 0;
}

int firewall_read(const struct node *node, const struct facts *facts, struct firewall *ret, struct err *e)
{
    struct firewall f = {.firewalld = facts_yes(facts, "firewalld"),
                         .ufw = facts_yes(facts, "ufw"),
                         .systemctl = facts_yes(facts, "systemctl")};
    const char *selinux = facts_get(facts, "selinux"), *migration = facts_get(facts, "migration"),
               *now = facts_get(facts, "now");
    _cleanup_strv_ struct strv ours = STRV_INIT, skip = STRV_INIT;
    if (!now || str_to_int(now, 0, 1LL << 40, &f.now) < 0 || !migration)
        return facts_unexpected(node, facts, e);
    f.selinux = selinux && *selinux ? xstrdup(selinux) : NULL;
    f.migration = xstrdup(migration);
    f.ssh = xasprintf("%d", node->port ? node->port : 22);
    take_texts(facts, "rpc", &f.rpc);
    take_texts(facts, "ours", &ours);
    take_ours(&f, &ours);
    if (f.firewalld)
        strv_add(&f.doors, "firewalld");
    take_iptables(&f, facts, "iptables", "ip filter", &skip);
    take_iptables(&f, facts, "ip6tables", "ip6 filter", &skip);
    if (facts_yes(facts, "nft") && take_nft(&f, facts, &skip, e) < 0) {
        firewall_release(&f);
        return err_wrap(e, "%s", node->name);
    }
    *ret = f;
    return 0;
}

int firewall_look(struct ctx *ctx, struct job *job, struct node *node, struct firewall *ret, struct err *e)
{
    const struct question q = {.tools = {qemu_user, firewall_ours, firewall_facts}, .max_output = RULES_MAX};
    _cleanup_facts_ struct facts facts = {0};
    if (node_ask(ctx, job, node, &q, &facts, e) < 0)
        return -1;
    return firewall_read(node, &facts, ret, e);
}

static bool has_door(const struct firewall *f, const char *prefix)
{
    for (size_t i = 0; i < f->doors.n; i++) {
        if (str_starts(f->doors.s[i], prefix))
            return true;
    }
    return false;
}

json_t *firewall_backends(const struct firewall *f)
{
    json_t *list = json_array();
    bool iptables = has_door(f, "iptables") || has_door(f, "ip6tables");
    if (f->firewalld)
        json_array_append_new(list, json_text("firewalld"));
    if (f->ufw)
        json_array_append_new(list, json_text("ufw"));
    else if (iptables)
        json_array_append_new(list, json_text("iptables"));
    if (has_door(f, "nft ") || f->refused.n)
        json_array_append_new(list, json_text("nft"));
    return list;
}

// --- Ports

static int add_range(const char *word, struct strv *ret, struct err *e)
{
    const char *dash = strchr(word, '-');
    _cleanup_free_ char *low_text = dash ? xstrndup(word, (size_t)(dash - word)) : xstrdup(word);
    long long low, high;
    if (str_to_int(low_text, 1, 65535, &low) < 0 || str_to_int(dash ? dash + 1 : word, low, 65535, &high) < 0) {
        err_set(e, ERR_USAGE, "'%s' is not a port, a range of ports, or what some are for", word);
        return err_hint(e, "migration, libvirt, nfs, ssh, N or N-M, with commas between");
    }
    strv_take(ret, low == high ? xasprintf("%lld", low) : xasprintf("%lld-%lld", low, high));
    return 0;
}

int firewall_ports(const struct strv *words, const struct firewall *f, struct strv *ret, struct err *e)
{
    _cleanup_strv_ struct strv all = STRV_INIT;
    for (size_t i = 0; i < words->n; i++) {
        const char *word = words->s[i];
        if (strcmp(word, "migration") == 0) {
            if (f && add_range(f->migration, &all, e) < 0)
                return err_wrap(e, "qemu.conf");
        } else if (strcmp(word, "libvirt") == 0) {
            strv_add(&all, "16509");
            strv_add(&all, "16514");
        } else if (strcmp(word, "ssh") == 0) {
            strv_add(&all, f ? f->ssh : "22");
        } else if (strcmp(word, "nfs") == 0) {
            strv_add(&all, "111");
            strv_add(&all, "2049");
            for (size_t k = 0; f && k < f->rpc.n; k++) {
                if (add_range(f->rpc.s[k], &all, e) < 0)
                    return err_wrap(e, "rpcinfo");
            }
        } else if (add_range(word, &all, e) < 0) {
            return -1;
        }
    }
    strv_sort_unique(&all);
    strv_copy(ret, &all);
    return 0;
}

char *firewall_new_id(const struct firewall *f)
{
    for (;;) {
        unsigned n;
        token_fill(&n, sizeof(n));
        char *id = xasprintf("%u", FIREWALL_ID_MIN + n % (FIREWALL_ID_MAX - FIREWALL_ID_MIN + 1));
        bool taken = false;
        for (size_t i = 0; i < f->n_ours; i++)
            taken = taken || strcmp(f->ours[i].id, id) == 0;
        if (!taken)
            return id;
        free(id);
    }
}

// --- Who comes

int firewall_peer_read(const struct node *peer, const struct facts *f, struct strv *ret, struct err *e)
{
    _cleanup_strv_ struct strv all = STRV_INIT;
    struct address a;
    take_texts(f, "from", &all);
    for (size_t i = 0; i < all.n; i++) {
        if (!address_parse(all.s[i], &a) || address_is_unspecified(&a))
            return facts_unexpected(peer, f, e);
    }
    strv_copy(ret, &all);
    return 0;
}

int firewall_peer_addresses(struct ctx *ctx, struct job *job, struct node *peer, const struct node *node,
                            struct strv *ret, bool *ret_silent, struct err *e)
{
    const char *const args[] = {node->address};
    const struct question q = {.tools = {firewall_peer}, .args = args, .n_args = 1};
    _cleanup_facts_ struct facts facts = {0};
    _cleanup_err_ struct err silent = ERR_INIT;
    char *address = NULL;
    if (nfs_address(peer, &address, e) < 0)
        return -1;
    strv_take(ret, address);
    *ret_silent = !node->address || node_ask(ctx, job, peer, &q, &facts, &silent) < 0;
    return *ret_silent ? 0 : firewall_peer_read(peer, &facts, ret, e);
}
