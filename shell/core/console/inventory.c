// SPDX-License-Identifier: GPL-3.0-or-later
// Nodes and their file. Any thread; see inventory.h. Must not connect to anything.
#include "core/console/inventory.h"

#include <ctype.h>
#include <stdatomic.h>
#include <string.h>

#include "io/file_trusted.h"
#include "io/job.h"

struct counted_node {
    struct node node; // first: a struct node * is also a struct counted_node *
    atomic_int refs;
};

struct inventory {
    struct lock *lock;
    char *path;
    struct node **nodes;
    size_t n;
};

static bool name_is_valid(const char *s)
{
    if (!isalnum((unsigned char)*s) || strcmp(s, "all") == 0)
        return false;
    for (; *s; s++) {
        if (!isalnum((unsigned char)*s) && !strchr("._-", *s))
            return false;
    }
    return true;
}

// An address ends up in URIs, in ssh's and the resolver's hands: only what host names and addresses are made of.
static bool address_is_valid(const char *s)
{
    return *s && *s != '-' &&
           strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.:_-%") == strlen(s);
}

static bool user_is_valid(const char *s)
{
    if (!*s || *s == '-')
        return false;
    for (; *s; s++) {
        if ((unsigned char)*s <= ' ' || *s == 0x7f || strchr("@/?#%:\"'\\;&|<>()$`", *s))
            return false;
    }
    return true;
}

static int split_target(struct node *n, const char *target, struct err *e)
{
    const char *at = strrchr(target, '@');
    if (at) {
        n->user = xstrndup(target, (size_t)(at - target));
        if (!user_is_valid(n->user))
            return err_set(e, ERR_USAGE, "'%s' is not a user name that can be used in a URI", n->user);
        target = at + 1;
    }
    size_t len = strlen(target);
    if (len > 2 && target[0] == '[' && target[len - 1] == ']')
        n->address = xstrndup(target + 1, len - 2);
    else
        n->address = xstrdup(target);
    const char *colon = strrchr(target, ':');
    bool port = colon && (colon == strchr(target, ':') || colon[-1] == ']'); // an IPv6 address has two colons at least
    if (!port && address_is_valid(n->address))
        return 0;
    err_set(e, ERR_USAGE, "'%s' is neither a host name nor an address", target);
    return port ? err_hint(e, "give the port with --port %s", colon + 1) : -1;
}

static char *derive_uri(const struct node *n)
{
    _cleanup_buf_ struct buf b = BUF_INIT;
    buf_adds(&b, "qemu+ssh://");
    if (n->user)
        buf_addf(&b, "%s@", n->user);
    buf_addf(&b, strchr(n->address, ':') ? "[%s]" : "%s", n->address);
    if (n->port)
        buf_addf(&b, ":%d", n->port);
    // no_tty: ssh must not fight readline for the terminal; without it a missing key asks behind the prompt's back.
    buf_adds(&b, "/system?no_tty=1");
    return buf_steal(&b);
}

int node_new(const char *name, const char *target, int port, const char *uri, const char *fingerprint,
             const struct strv *roles, struct node **ret, struct err *e)
{
    if (!name_is_valid(name)) {
        err_set(e, ERR_USAGE, "'%s' cannot be a node's name", name);
        return err_hint(e, "letters, digits, '.', '_' and '-', beginning with a letter or digit; not 'all'");
    }
    if ((!target || !*target) && !uri)
        return err_set(e, ERR_USAGE, "node '%s' needs an address or --uri", name);
    struct counted_node *c = xnew(struct counted_node);
    atomic_init(&c->refs, 1);
    _cleanup_(node_unref_p) struct node *n = &c->node;
    n->name = xstrdup(name);
    n->port = port;
    if (target && *target && split_target(n, target, e) < 0)
        return -1;
    n->uri_given = uri != NULL;
    n->uri = uri ? xstrdup(uri) : derive_uri(n);
    n->fingerprint = xstrdup(fingerprint);
    if (roles)
        strv_copy(&n->roles, roles);
    *ret = steal(&n);
    return 0;
}

struct node *node_ref(struct node *n)
{
    atomic_fetch_add(&((struct counted_node *)n)->refs, 1);
    return n;
}

void node_unref(struct node *n)
{
    if (!n || atomic_fetch_sub(&((struct counted_node *)n)->refs, 1) != 1)
        return;
    free(n->name);
    free(n->user);
    free(n->address);
    free(n->uri);
    free(n->fingerprint);
    strv_release(&n->roles);
    free(n);
}

bool node_has_role(const struct node *n, const char *role)
{
    return strv_has(&n->roles, role);
}

bool node_is_hypervisor(const struct node *n)
{
    bool storage_only = node_has_role(n, "storage") || node_has_role(n, "nfs") || node_has_role(n, "admin");
    return n->uri_given || !storage_only || node_has_role(n, "compute");
}

static void add_quoted(struct buf *out, const char *s)
{
    buf_addc(out, '\'');
    for (; *s; s++) {
        if (*s == '\'')
            buf_adds(out, "'\\''");
        else
            buf_addc(out, *s);
    }
    buf_addc(out, '\'');
}

static void add_option(struct buf *out, const char *option, const char *value)
{
    buf_addf(out, " %s ", option);
    add_quoted(out, value);
}

void node_line(const struct node *n, struct buf *out)
{
    buf_addf(out, "node-add %s", n->name);
    if (n->address) {
        _cleanup_free_ char *target = xasprintf("%s%s%s", n->user ? n->user : "", n->user ? "@" : "", n->address);
        buf_addc(out, ' ');
        add_quoted(out, target);
    }
    if (n->port)
        buf_addf(out, " --port %d", n->port);
    if (n->uri_given)
        add_option(out, "--uri", n->uri);
    if (n->allow_command)
        buf_adds(out, " --allow-command");
    if (n->fingerprint)
        add_option(out, "--fingerprint", n->fingerprint);
    for (size_t i = 0; i < n->roles.n; i++)
        add_option(out, "--role", n->roles.s[i]);
}

struct inventory *inventory_new(const char *path)
{
    struct inventory *inv = xnew(struct inventory);
    inv->lock = lock_new();
    inv->path = xstrdup(path);
    return inv;
}

void inventory_free(struct inventory *inv)
{
    if (!inv)
        return;
    node_list_free(inv->nodes, inv->n);
    lock_free(inv->lock);
    free(inv->path);
    free(inv);
}

const char *inventory_path(const struct inventory *inv)
{
    return inv->path;
}

static size_t index_of(const struct inventory *inv, const char *name)
{
    for (size_t i = 0; i < inv->n; i++) {
        if (strcmp(inv->nodes[i]->name, name) == 0)
            return i;
    }
    return inv->n;
}

int inventory_add(struct inventory *inv, struct node *n, struct err *e)
{
    lock_acquire(inv->lock);
    bool there = index_of(inv, n->name) < inv->n;
    if (!there) {
        inv->nodes = xrealloc(inv->nodes, inv->n + 1, sizeof(*inv->nodes));
        inv->nodes[inv->n++] = n;
    }
    lock_release(inv->lock);
    if (!there)
        return 0;
    err_set(e, ERR_EXISTS, "node '%s' is in the inventory already", n->name);
    err_hint(e, "node-remove %s first, or choose another name", n->name);
    node_unref(n);
    return -1;
}

static int unknown_node(struct inventory *inv, const char *name, struct err *e)
{
    _cleanup_strv_ struct strv names = STRV_INIT;
    inventory_names(inv, &names);
    err_set(e, ERR_NOT_FOUND, "no node '%s' in the inventory", name);
    const char *near = str_nearest(name, (const char *const *)names.s, names.n);
    return near ? err_hint(e, "did you mean '%s'?", near) : err_hint(e, "node-list shows the nodes, node-add adds one");
}

int inventory_remove(struct inventory *inv, const char *name, struct err *e)
{
    struct node *gone = NULL;
    lock_acquire(inv->lock);
    size_t i = index_of(inv, name);
    if (i < inv->n) {
        gone = inv->nodes[i];
        inv->n--;
        memmove(&inv->nodes[i], &inv->nodes[i + 1], (inv->n - i) * sizeof(*inv->nodes));
    }
    lock_release(inv->lock);
    if (!gone)
        return unknown_node(inv, name, e);
    node_unref(gone);
    return 0;
}

struct node *inventory_peek(struct inventory *inv, const char *name)
{
    lock_acquire(inv->lock);
    size_t i = index_of(inv, name);
    struct node *n = i < inv->n ? node_ref(inv->nodes[i]) : NULL;
    lock_release(inv->lock);
    return n;
}

int inventory_find(struct inventory *inv, const char *name, struct node **ret, struct err *e)
{
    struct node *n = inventory_peek(inv, name);
    if (!n)
        return unknown_node(inv, name, e);
    *ret = n;
    return 0;
}

struct node **inventory_all(struct inventory *inv, size_t *ret_n)
{
    lock_acquire(inv->lock);
    struct node **list = xcalloc(inv->n, sizeof(*list));
    for (size_t i = 0; i < inv->n; i++)
        list[i] = node_ref(inv->nodes[i]);
    *ret_n = inv->n;
    lock_release(inv->lock);
    return list;
}

bool inventory_is_empty(struct inventory *inv)
{
    lock_acquire(inv->lock);
    bool empty = !inv->n;
    lock_release(inv->lock);
    return empty;
}

struct node **inventory_hypervisors(struct inventory *inv, size_t *ret_n)
{
    size_t n, kept = 0;
    struct node **list = inventory_all(inv, &n);
    for (size_t i = 0; i < n; i++) {
        if (node_is_hypervisor(list[i]))
            list[kept++] = list[i];
        else
            node_unref(list[i]);
    }
    *ret_n = kept;
    return list;
}

void node_list_free(struct node **list, size_t n)
{
    for (size_t i = 0; i < n; i++)
        node_unref(list[i]);
    free(list);
}

void inventory_names(struct inventory *inv, struct strv *out)
{
    lock_acquire(inv->lock);
    for (size_t i = 0; i < inv->n; i++)
        strv_add(out, inv->nodes[i]->name);
    lock_release(inv->lock);
}

int inventory_save(struct inventory *inv, struct err *e)
{
    if (!inv->path)
        return 0;
    _cleanup_buf_ struct buf b = BUF_INIT;
    buf_adds(&b, "# migsh's inventory: one node-add line a node. node-add and node-remove rewrite this file.\n");
    lock_acquire(inv->lock);
    for (size_t i = 0; i < inv->n; i++) {
        node_line(inv->nodes[i], &b);
        buf_addc(&b, '\n');
    }
    lock_release(inv->lock);
    return file_replace(inv->path, buf_str(&b), b.len, 0600, e);
}
