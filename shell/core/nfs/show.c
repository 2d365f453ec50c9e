// SPDX-License-Identifier: GPL-3.0-or-later
// Exports as the nodes see them. See nfs/show.h.
#include "core/nfs/show.h"

#include <ctype.h>
#include <string.h>

#include "base/json.h"
#include "core/console/inventory.h"
#include "core/nfs/nfs.h"
#include "core/nfs/tools_priv.h"
#include "io/job.h"

struct view {
    struct facts facts;
    bool seen;
    struct err err;
};

struct fan {
    struct ctx *ctx;
    struct node **from;
    struct strv addresses; // of the servers
    struct view *views;
    json_t *rows;
    json_t *index; // {a row's text without "seen_from": the row}
    struct buf failed;
    enum err_code code;
};

static void look_from(struct job *job, size_t i, void *arg)
{
    struct fan *f = arg;
    struct view *v = &f->views[i];
    struct question q = {
        .tools = {nfs_show_look}, .args = (const char *const *)f->addresses.s, .n_args = f->addresses.n};
    v->seen = node_ask(f->ctx, job, f->from[i], &q, &v->facts, &v->err) == 0;
}

static json_t *new_row(const char *server, json_t *path, json_t *clients, const char *how, const char *problem)
{
    return json_pack("{s:o, s:o, s:o, s:[], s:o, s:o}", "server", json_text(server), "export", path, "clients", clients,
                     "seen_from", "how", json_text(how), "problem", json_text(problem));
}

// The same export seen from another node is the same row. Steals the values.
static void add_row(struct fan *f, const char *server, const char *from, json_t *path, json_t *clients, const char *how,
                    const char *problem)
{
    json_t *row = new_row(server, path, clients, how, problem);
    char *key = json_dumps(row, JSON_COMPACT);
    json_t *there = json_object_get(f->index, key);
    if (!there) {
        json_array_append(f->rows, there = row);
        json_object_set(f->index, key, row);
    }
    json_t *seen = json_object_get(there, "seen_from"), *last = json_array_get(seen, json_array_size(seen) - 1);
    if (!last || strcmp(json_string_value(last), from) != 0) // two mounts of it on one node
        json_array_append_new(seen, json_text(from));
    free(key);
    json_decref(row);
}

// "/srv/my images   192.0.2.1,192.0.2.0/24": the last word is the clients.
static void add_export(struct fan *f, const char *server, const char *from, const char *line)
{
    size_t n = strlen(line);
    while (n && isspace((unsigned char)line[n - 1]))
        n--;
    size_t word = n;
    while (word && !isspace((unsigned char)line[word - 1]))
        word--;
    size_t path = word;
    while (path && isspace((unsigned char)line[path - 1]))
        path--;
    json_t *clients = json_array();
    _cleanup_strv_ struct strv words = STRV_INIT;
    _cleanup_free_ char *text = xstrndup(line + word, n - word);
    strv_split(&words, path ? text : "*", ',');
    for (size_t i = 0; i < words.n; i++)
        json_array_append_new(clients, json_text(strcmp(words.s[i], "(everyone)") == 0 ? "*" : words.s[i]));
    add_row(f, server, from, json_textn(line, path ? path : n), clients, "mountd", NULL);
}

static void fail(struct fan *f, const char *server, const char *from, enum err_code code, const char *why)
{
    add_row(f, server, from, json_null(), json_array(), NULL, why);
    f->code = f->code ? f->code : code;
    buf_addf(&f->failed, "%s%s from %s: %s", f->failed.len ? "\n" : "", server, from, why);
}

// One server's part of a node's answer; *at is behind it afterwards.
static void read_server(struct fan *f, const struct view *v, size_t *at, const char *server, const char *from)
{
    const char *problem = NULL;
    bool answered = false, any = false;
    for (; *at < v->facts.n && strcmp(v->facts.all[*at].key, "server") != 0; (*at)++) {
        const char *key = v->facts.all[*at].key, *value = v->facts.all[*at].value;
        bool mounted = strcmp(key, "mounted") == 0, v4 = strcmp(key, "v4") == 0, export = strcmp(key, "export") == 0;
        any = any || export || v4 || mounted;
        answered = answered || strcmp(key, "end") == 0;
        if (export)
            add_export(f, server, from, value);
        else if (v4)
            add_row(f, server, from, json_text(value), json_array(), "nfs4", NULL);
        else if (mounted) {
            _cleanup_free_ char *path = nfs_unmangle(value);
            add_row(f, server, from, json_text(path), json_array(), "mounted", NULL);
        } else if (strcmp(key, "problem") == 0)
            problem = value;
    }
    if (!answered && !any)
        fail(f, server, from, ERR_UNREACHABLE, problem ? problem : "no answer");
    else if (!any)
        add_row(f, server, from, json_null(), json_array(), problem ? "nfs4" : "mountd",
                "exports nothing to this node");
}

static void read_view(struct fan *f, size_t i, struct node **servers, size_t n)
{
    const struct view *v = &f->views[i];
    size_t at = 0;
    for (size_t k = 0; k < n; k++) {
        if (!v->seen) {
            fail(f, servers[k]->name, f->from[i]->name, v->err.code, v->err.msg);
            continue;
        }
        facts_next(&v->facts, "server", &at);
        read_server(f, v, &at, servers[k]->name, f->from[i]->name);
    }
}

int nfs_show(struct ctx *ctx, struct job *job, struct node **servers, size_t n_servers, struct node **from,
             size_t n_from, json_t **ret, struct err *e)
{
    struct fan f = {.ctx = ctx, .from = from, .rows = json_array(), .index = json_object(), .failed = BUF_INIT};
    for (size_t i = 0; i < n_servers; i++) {
        char *address;
        if (nfs_address(servers[i], &address, e) < 0) {
            strv_release(&f.addresses);
            json_decref(f.rows);
            json_decref(f.index);
            return -1;
        }
        strv_take(&f.addresses, address);
    }
    f.views = xcalloc(n_from + 1, sizeof(*f.views));
    job_each(job, n_from, look_from, &f);
    for (size_t i = 0; i < n_from; i++) {
        read_view(&f, i, servers, n_servers);
        if (f.views[i].seen)
            facts_release(&f.views[i].facts);
        err_release(&f.views[i].err);
    }
    free(f.views);
    strv_release(&f.addresses);
    json_decref(f.index);
    *ret = f.rows;
    if (f.code)
        err_set(e, f.code, "%s", buf_str(&f.failed));
    buf_release(&f.failed);
    return job_check(job, e) < 0 || f.code ? -1 : 0;
}
