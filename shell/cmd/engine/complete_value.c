// SPDX-License-Identifier: GPL-3.0-or-later
// Values by type, from what is known. Main thread. See complete_value.h.
#include "cmd/engine/complete_value.h"

#include <dirent.h>
#include <string.h>
#include <sys/stat.h>

#include "base/mem.h"
#include "cmd/engine/table.h"
#include "core/console/names_of.h"
#include "core/console/names_watch.h"
#include "io/file.h"

struct request {
    struct ctx *ctx;
    const char *lead, *prefix, *place;
    struct completion *out;
};

static void add(const struct request *r, const char *word, const char *help, bool open)
{
    _cleanup_free_ char *whole = xasprintf("%s%s", r->lead, word), *typed = xasprintf("%s%s", r->lead, r->prefix);
    completion_add(r->out, typed, whole, help, open);
}

static void add_all(const struct request *r, const struct strv *words)
{
    for (size_t i = 0; i < words->n; i++)
        add(r, words->s[i], NULL, str_ends(words->s[i], ":")); // "NODE:", and a path
}

static void add_nodes(const struct request *r)
{
    size_t n;
    struct node **all = inventory_all(ctx_inventory(r->ctx), &n);
    for (size_t i = 0; i < n; i++)
        add(r, all[i]->name, all[i]->address ? all[i]->address : all[i]->uri, false);
    node_list_free(all, n);
}

// "a,b,pre": what is before the last comma stays, and is not offered again.
static void add_node_list(const struct request *r)
{
    const char *comma = strrchr(r->prefix, ',');
    if (!comma) {
        add_nodes(r);
        add(r, "all", "every node", false);
        return;
    }
    _cleanup_free_ char *before = xstrndup(r->prefix, (size_t)(comma + 1 - r->prefix));
    _cleanup_strv_ struct strv used = STRV_INIT, names = STRV_INIT;
    strv_split(&used, before, ',');
    inventory_names(ctx_inventory(r->ctx), &names);
    for (size_t i = 0; i < names.n; i++) {
        _cleanup_free_ char *word = xasprintf("%s%s", before, names.s[i]);
        if (!strv_has(&used, names.s[i]))
            add(r, word, NULL, false);
    }
}

// "a,b,pre": the last of them alone.
static struct request last_of_list(const struct request *r, char **ret_lead)
{
    const char *comma = strrchr(r->prefix, ',');
    struct request last = *r;
    if (comma) {
        *ret_lead = xasprintf("%s%.*s", r->lead, (int)(comma + 1 - r->prefix), r->prefix);
        last.lead = *ret_lead;
        last.prefix = comma + 1;
    }
    return last;
}

// "NAME@": the nodes where NAME was seen, or else every node: it may not have been listed yet.
static void add_places(const struct request *r, const char *at)
{
    _cleanup_free_ char *name = xstrndup(r->prefix, (size_t)(at - r->prefix));
    _cleanup_strv_ struct strv nodes = STRV_INIT, seen = STRV_INIT;
    inventory_names(ctx_inventory(r->ctx), &nodes);
    for (size_t i = 0; i < nodes.n; i++) {
        _cleanup_strv_ struct strv names = STRV_INIT;
        ctx_names(r->ctx, "domain", nodes.s[i], name, &names);
        if (strv_has(&names, name))
            strv_add(&seen, nodes.s[i]);
    }
    const struct strv *from = seen.n ? &seen : &nodes;
    for (size_t i = 0; i < from->n; i++) {
        _cleanup_free_ char *word = xasprintf("%s@%s", name, from->s[i]);
        add(r, word, NULL, false);
    }
}

static void add_domains(const struct request *r)
{
    const char *at = strrchr(r->prefix, '@');
    _cleanup_strv_ struct strv names = STRV_INIT;
    ctx_names(r->ctx, "domain", r->place, r->prefix, &names);
    add_all(r, &names);
    if (at)
        add_places(r, at);
}

static bool is_directory(const char *dir, const struct dirent *entry)
{
    if (entry->d_type != DT_UNKNOWN && entry->d_type != DT_LNK)
        return entry->d_type == DT_DIR;
    struct stat st;
    _cleanup_free_ char *path = xasprintf("%s/%s", dir, entry->d_name);
    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

static void add_files(const struct request *r)
{
    const char *slash = strrchr(r->prefix, '/');
    size_t dir_len = slash ? (size_t)(slash + 1 - r->prefix) : 0;
    _cleanup_free_ char *typed_dir = xstrndup(r->prefix, dir_len);
    _cleanup_free_ char *dir = dir_len ? file_expand_home(typed_dir) : xstrdup(".");
    const char *base = r->prefix + dir_len;
    DIR *d = opendir(dir);
    struct dirent *entry;
    while (d && (entry = readdir(d))) {
        const char *name = entry->d_name;
        if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0 || (*name == '.' && *base != '.') ||
            !str_starts(name, base))
            continue;
        bool directory = is_directory(dir, entry);
        _cleanup_free_ char *word = xasprintf("%s%s%s", typed_dir, name, directory ? "/" : "");
        add(r, word, NULL, directory);
    }
    if (d)
        closedir(d);
}

static void add_commands(const struct request *r)
{
    size_t n;
    _cleanup_free_ const struct cmd_def **all = cmd_all(&n);
    for (size_t i = 0; i < n; i++)
        add(r, all[i]->name, all[i]->summary, false);
}

// The kinds of names that the watch knows, by the type of option; "domain" has more to it.
static const char *const kinds[] = {
    [OPT_DOMAIN] = "domain", [OPT_POOL] = "pool",         [OPT_NETWORK] = "network",
    [OPT_SECRET] = "secret", [OPT_NWFILTER] = "nwfilter", [OPT_INTERFACE] = "interface"};

void complete_value(struct ctx *ctx, const struct opt_def *o, const char *lead, const char *prefix,
                    const struct complete_where *where, struct completion *out)
{
    _cleanup_free_ char *longer = NULL;
    const char *place = where->place;
    struct request r = {ctx, lead, prefix, place, out};
    if (o->flags & OPTF_LIST)
        r = last_of_list(&r, &longer);
    const char *kind = o->type < ARRAY_SIZE(kinds) ? kinds[o->type] : NULL;
    out->remote |= kind || (o->of_domain && where->domain) || o->of_pool;
    if (kind)
        names_watch_look(ctx, kind, place);
    _cleanup_strv_ struct strv words = STRV_INIT;
    switch (o->type) {
    case OPT_ENUM:
    case OPT_STRING:
        for (size_t i = 0; o->choices && o->choices[i]; i++)
            add(&r, o->choices[i], NULL, false);
        if (o->of_domain && where->domain)
            names_of_domain(ctx, o->of_domain, place, where->domain, r.prefix, &words);
        if (o->of_pool)
            names_of_pool(ctx, o->of_pool, place, where->pool, r.prefix, &words);
        break;
    case OPT_PATH:
        add_files(&r);
        break;
    case OPT_NODE:
    case OPT_URI:
        add_nodes(&r);
        break;
    case OPT_NODES:
        add_node_list(&r);
        break;
    case OPT_DOMAIN:
        add_domains(&r);
        break;
    case OPT_POOL:
    case OPT_NETWORK:
    case OPT_SECRET:
    case OPT_NWFILTER:
    case OPT_INTERFACE:
        ctx_names(ctx, kind, place, prefix, &words);
        break;
    case OPT_COMMAND:
        add_commands(&r);
        break;
    default:
        break;
    }
    if (o->complete)
        o->complete(ctx, r.prefix, &words);
    add_all(&r, &words);
}
