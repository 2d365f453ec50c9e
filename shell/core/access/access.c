// SPDX-License-Identifier: GPL-3.0-or-later
// The nodes asked, all at once, and what their findings amount to. See access.h.
#include "core/access/access.h"

#include <stdint.h>
#include <string.h>

#include "base/json.h"
#include "base/strv.h"
#include "core/access/tools_priv.h"
#include "core/console/inventory.h"
#include "core/node/ask.h"
#include "core/node/qemu_user.h"
#include "io/job.h"

struct one {
    struct facts facts;
    bool told;
    struct err err;
};

struct fan {
    struct ctx *ctx;
    struct node **nodes;
    const struct question *q;
    struct one *all;
};

static void ask_one(struct job *job, size_t i, void *arg)
{
    struct fan *f = arg;
    f->all[i].told = node_ask(f->ctx, job, f->nodes[i], f->q, &f->all[i].facts, &f->all[i].err) == 0;
}

// `take` makes rows of what each node told; who told nothing is in the error.
static int ask_all(struct ctx *ctx, struct job *job, struct node **nodes, size_t n, const struct question *q,
                   void (*take)(const char *node, const struct facts *f, json_t *rows), json_t **ret, struct err *e)
{
    struct fan f = {ctx, nodes, q, xcalloc(n, sizeof(*f.all))};
    json_t *rows = json_array();
    job_each(job, n, ask_one, &f);
    for (size_t i = 0; i < n; i++) {
        if (f.all[i].told)
            take(nodes[i]->name, &f.all[i].facts, rows);
        else
            err_join(e, &f.all[i].err);
        facts_release(&f.all[i].facts);
        err_release(&f.all[i].err);
    }
    free(f.all);
    *ret = rows;
    return err_is_set(e) ? -1 : 0;
}

int access_verdict(const json_t *findings, const char *what, struct err *e)
{
    size_t i;
    json_t *row;
    const char *last = NULL;
    json_array_foreach(findings, i, row)
    {
        const char *node = json_text_at(row, "node"), *remedy = json_text_at(row, "remedy");
        if (strcmp(json_text_at(row, "level"), "fail") != 0 || (last && strcmp(last, node) == 0))
            continue;
        _cleanup_err_ struct err one = ERR_INIT;
        const char *why = json_text_at(row, "why");
        err_set(&one, ERR_VERDICT, "%s: %s: %s%s%s%s", node, what, json_text_at(row, "gate"), why ? " (" : "",
                why ? why : "", why ? ")" : "");
        if (remedy)
            err_hint(&one, "%s", remedy);
        err_join(e, &one);
        last = node;
    }
    return err_is_set(e) ? -1 : 0;
}

int access_check(struct ctx *ctx, struct job *job, struct node **nodes, size_t n, const char *user, json_t **ret,
                 struct err *e)
{
    const char *const args[] = {user ? user : ""};
    const struct question q = {
        .tools = {qemu_user, access_daemon, access_opens, access_look}, .args = args, .n_args = 1};
    if (user && access_check_user(user, e) < 0)
        return -1;
    ask_all(ctx, job, nodes, n, &q, access_judge, ret, e);
    _cleanup_free_ char *what = user ? xasprintf("%s is refused", user) : xstrdup("the login is refused");
    return access_verdict(*ret, what, e);
}

// "NAME NUMBER" as two values.
static void add_id(json_t *row, const char *value, const char *name_key, const char *id_key)
{
    const char *blank = value ? strrchr(value, ' ') : NULL;
    long long id = -1;
    bool known = blank && str_to_int(blank + 1, 0, UINT32_MAX, &id) == 0;
    json_object_set_new(row, name_key, blank ? json_textn(value, (size_t)(blank - value)) : json_null());
    json_object_set_new(row, id_key, known ? json_integer(id) : json_null());
}

static void take_ids(const char *node, const struct facts *f, json_t *rows)
{
    static const char *const groups[] = {"libvirt", "kvm"};
    json_t *row = json_pack("{s:o}", "node", json_text(node));
    add_id(row, facts_get(f, "qemu_user"), "qemu_user", "qemu_uid");
    add_id(row, facts_get(f, "qemu_group"), "qemu_group", "qemu_gid");
    for (size_t i = 0; i < ARRAY_SIZE(groups); i++) {
        _cleanup_free_ char *key = xasprintf("%s_gid", groups[i]), *start = xasprintf("%s ", groups[i]);
        const char *v;
        size_t at = 0;
        while ((v = facts_next(f, "group", &at)) && !str_starts(v, start))
            continue;
        add_id(row, v, "name", key);
        json_object_del(row, "name");
    }
    json_array_append_new(rows, row);
}

int access_ids(struct ctx *ctx, struct job *job, struct node **nodes, size_t n, json_t **ret, struct err *e)
{
    const struct question q = {.tools = {qemu_user, qemu_ids, "users"}, .as_user = true};
    return ask_all(ctx, job, nodes, n, &q, take_ids, ret, e);
}

static void add_failure(json_t *rows, const char *node, const char *seen, const char *why)
{
    json_array_append_new(rows, json_pack("{s:o, s:o, s:o, s:o, s:o}", "node", json_text(node), "gate",
                                          json_text("virt-host-validate"), "level", json_text("fail"), "seen",
                                          json_text(seen), "why", json_text(why)));
}

static void take_lines(const char *node, const struct facts *f, json_t *rows)
{
    const char *text = f->text ? f->text : "";
    if (facts_yes(f, "absent"))
        add_failure(rows, node, "it is not installed", "libvirt-clients has it (libvirt-client in RHEL)");
    else if (!access_validate_parse(node, text, f->text_len, rows))
        add_failure(rows, node, text, "it did not say what it checked");
}

int access_validate(struct ctx *ctx, struct job *job, struct node **nodes, size_t n, const char *driver, json_t **ret,
                    struct err *e)
{
    const char *const args[] = {driver};
    const struct question q = {.tools = {access_host}, .args = args, .n_args = 1};
    ask_all(ctx, job, nodes, n, &q, take_lines, ret, e);
    return access_verdict(*ret, "not as virt-host-validate wants it", e);
}
