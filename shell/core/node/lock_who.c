// SPDX-License-Identifier: GPL-3.0-or-later
// Who holds a lock: the line in its file, in words; the locks of all nodes; and taking one away. See node/lock.h.
#include <pwd.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/printable.h"
#include "base/strv.h"
#include "base/token.h"
#include "core/console/inventory.h"
#include "core/node/ask.h"
#include "core/node/lock_priv.h"
#include "core/node/place.h"
#include "io/digest.h"
#include "io/job.h"

enum { ENDING_S = 12 };

char *node_lock_name(const char *key)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789:-_";
    if (strlen(key) < 100 && strspn(key, plain) == strlen(key))
        return xasprintf("work-%s", key);
    char sum[DIGEST_HEX];
    digest_sha256(key, strlen(key), sum);
    return xasprintf("work-%s", sum);
}

// "root@admin", "root@admin (alice)" by sudo.
static json_t *person(void)
{
    char buf[4096], host[256] = "?";
    struct passwd pw, *found = NULL;
    getpwuid_r(getuid(), &pw, buf, sizeof(buf), &found);
    gethostname(host, sizeof(host) - 1);
    const char *name = found ? found->pw_name : "?", *sudo = getenv("SUDO_USER");
    _cleanup_free_ char *text = sudo && *sudo && strcmp(sudo, name) != 0 ? xasprintf("%s@%s (%s)", name, host, sudo)
                                                                         : xasprintf("%s@%s", name, host);
    return json_text(text);
}

char *node_lock_line(const char *key, const json_t *about)
{
    json_t *who = about ? json_deep_copy(about) : json_object();
    json_object_set_new(who, "lock", json_text(key));
    json_object_set_new(who, "by", person());
    json_object_set_new(who, "pid", json_integer(getpid()));
    json_object_set_new(who, "seconds", json_integer((json_int_t)clock_real_s()));
    _cleanup_free_ char *id = token_hex(8); // no two holders have the same line
    json_object_set_new(who, "id", json_text(id));
    char *line = json_dumps(who, JSON_COMPACT | JSON_ENSURE_ASCII | JSON_SORT_KEYS);
    json_decref(who);
    if (!line)
        abort();
    return line;
}

static void add(struct buf *b, const char *before, const char *text)
{
    if (!text)
        return;
    buf_adds(b, before);
    buf_add_line(b, text);
}

char *node_lock_describe(const json_t *row)
{
    struct buf b = BUF_INIT;
    const char *command = json_text_at(row, "command");
    add(&b, "", command ? command : "something that does not say what it is");
    add(&b, " by ", json_text_at(row, "by"));
    const json_t *seconds = json_object_get(row, "seconds");
    if (json_is_number(seconds)) {
        _cleanup_free_ char *at = clock_text_brief(json_number_value(seconds));
        add(&b, " since ", at);
    }
    add(&b, ", journal ", json_text_at(row, "journal"));
    add(&b, ": ", json_text_at(row, "reason"));
    return buf_steal(&b);
}

struct fan {
    struct ctx *ctx;
    struct node **nodes; // the first is NULL: this machine
    json_t **rows;
};

static json_t *row_of(const struct node *node, const char *line)
{
    json_t *row = json_loads(line, 0, NULL);
    if (!json_is_object(row)) {
        json_decref(row);
        row = json_object();
    }
    json_object_set_new(row, "held", json_text(line)); // as it stands there, for breaking it
    json_object_set_new(row, "node", json_text(place_name(node)));
    const json_t *seconds = json_object_get(row, "seconds");
    if (json_is_number(seconds)) {
        _cleanup_free_ char *since = clock_text_brief(json_number_value(seconds));
        json_object_set_new(row, "since", json_text(since));
    }
    return row;
}

static void look(struct job *job, size_t i, void *arg)
{
    struct fan *f = arg;
    struct node *node = f->nodes[i];
    _cleanup_err_ struct err e = ERR_INIT;
    _cleanup_facts_ struct facts facts = {0};
    struct question q = {.tools = {lock_place, lock_list}, .as_user = !node};
    f->rows[i] = json_array();
    if (node_ask(f->ctx, job, node, &q, &facts, &e) < 0)
        json_array_append_new(f->rows[i], json_pack("{s:o, s:o, s:o}", "node", json_text(place_name(node)), "error",
                                                    json_text(e.msg), "code", json_text(err_code_name(e.code))));
    const char *line;
    for (size_t at = 0; (line = facts_next(&facts, "lock", &at));)
        json_array_append_new(f->rows[i], row_of(node, line));
}

json_t *node_lock_list(struct ctx *ctx, struct job *job, struct node **nodes, size_t n)
{
    struct fan f = {ctx, xcalloc(n + 1, sizeof(*f.nodes)), xcalloc(n + 1, sizeof(*f.rows))};
    size_t count = 1;
    for (size_t i = 0; i < n; i++) {
        if (nodes[i]->address)
            f.nodes[count++] = nodes[i];
    }
    job_each(job, count, look, &f);
    json_t *all = json_array();
    for (size_t i = 0; i < count; i++) {
        json_array_extend(all, f.rows[i]);
        json_decref(f.rows[i]);
    }
    free(f.nodes);
    free(f.rows);
    return all;
}

int node_lock_break(struct ctx *ctx, struct job *job, const json_t *row, const char *reason, struct err *e)
{
    const char *key = json_text_at(row, "lock");
    const char *held = json_text_at(row, "held");
    const char *at = json_text_at(row, "node");
    if (!key || !held || !at)
        return err_set(e, ERR_STATE, "what holds the lock does not say who it is");
    _cleanup_(node_unref_p) struct node *node = inventory_peek(ctx_inventory(ctx), at);
    _cleanup_free_ char *name = node_lock_name(key);
    json_t *about = json_pack("{s:o, s:o}", "command", json_text("break-lock"), "reason", json_text(reason));
    _cleanup_free_ char *line = node_lock_line(key, about), *limit = xasprintf("%d", ENDING_S);
    json_decref(about);
    const char *const args[] = {name, held, line, limit};
    struct question q = {.tools = {lock_place, lock_break}, .args = args, .n_args = ARRAY_SIZE(args), .as_user = !node};
    _cleanup_facts_ struct facts facts = {0};
    return node_ask(ctx, job, node, &q, &facts, e) < 0 ? err_wrap(e, "the lock on %s", at) : 0;
}
