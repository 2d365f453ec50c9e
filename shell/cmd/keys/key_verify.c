// SPDX-License-Identifier: GPL-3.0-or-later
// Who can log in to whom.
#include <string.h>

#include "base/json.h"
#include "base/printable.h"
#include "base/strv.h"
#include "base/table.h"
#include "cmd/commands.h"
#include "cmd/keys/keys_common.h"
#include "cmd/rows.h"
#include "io/job.h"

enum { NODES, USER };

static const struct opt_def opts[] = {
    [NODES] = KEYS_NODES_ROW,
    [USER] = USER_ROW,
    {NULL},
};

int keys_test_logins(struct cmd_call *c, struct keys *k, json_t **ret_logins, struct err *e)
{
    keys_gather(k, c->job);
    *ret_logins = keys_verify(k, c->job);
    if (job_check(c->job, e) < 0)
        return -1;
    size_t i, bad = 0;
    const json_t *l;
    json_array_foreach(*ret_logins, i, l)
    {
        bad += !json_is_true(json_object_get(l, "ok"));
    }
    if (!bad)
        return 0;
    err_set(e, ERR_VERDICT, "%zu of %zu logins fail", bad, json_array_size(*ret_logins));
    return err_hint(e, "key-exchange makes them work");
}

static int run(struct cmd_call *c, struct err *e)
{
    size_t n;
    _cleanup_free_ struct node **nodes = keys_nodes(&c->vals[NODES], &n);
    _cleanup_(keys_free_p) struct keys *k = NULL;
    if (keys_new(c->ctx, nodes, n, c->vals[USER].s, false, &k, e) < 0)
        return -1;
    return keys_test_logins(c, k, &c->result, e);
}

static const char *text_at(const json_t *l, const char *key)
{
    const char *s = json_text_at(l, key);
    return s ? s : "";
}

static char *cell(const json_t *logins, const char *from, const char *to)
{
    size_t i;
    const json_t *l;
    json_array_foreach(logins, i, l)
    {
        if (strcmp(text_at(l, "from"), from) != 0 || strcmp(text_at(l, "to"), to) != 0)
            continue;
        const json_t *ms = json_object_get(l, "ms");
        if (!json_is_true(json_object_get(l, "ok")))
            return xstrdup("fail");
        return json_is_integer(ms) ? xasprintf("%lld ms", (long long)json_integer_value(ms)) : xstrdup("ok");
    }
    return NULL;
}

void keys_render_logins(const json_t *logins, struct buf *out)
{
    _cleanup_strv_ struct strv from = STRV_INIT, to = STRV_INIT;
    size_t i;
    const json_t *l;
    strv_add(&to, "From \\ to");
    json_array_foreach(logins, i, l)
    {
        if (!strv_has(&from, text_at(l, "from")))
            strv_add(&from, text_at(l, "from"));
        if (!strv_has(&to, text_at(l, "to")))
            strv_add(&to, text_at(l, "to"));
    }
    struct table *t = table_new(to.n, (const char *const *)to.s);
    for (size_t row = 0; row < from.n; row++) {
        _cleanup_strv_ struct strv owned = STRV_INIT;
        _cleanup_free_ const char **cells = xcalloc(to.n, sizeof(*cells));
        cells[0] = from.s[row];
        for (size_t col = 1; col < to.n; col++) {
            char *text = cell(logins, from.s[row], to.s[col]);
            if (text)
                strv_take(&owned, text);
            cells[col] = text;
        }
        table_row(t, cells);
    }
    table_render(t, out);
    table_free(t);
    json_array_foreach(logins, i, l)
    {
        const char *why = text_at(l, "error");
        if (json_is_true(json_object_get(l, "ok")))
            continue;
        buf_addf(out, "%s to %s: ", text_at(l, "from"), text_at(l, "to"));
        buf_add_line(out, why);
        buf_addc(out, '\n');
    }
}

const struct cmd_def cmd_key_verify = {
    .name = "key-verify",
    .group = "Nodes",
    .summary = "try the ssh logins from every node to every node",
    .help =
        "Logs in from your machine and from each node to each node with ssh itself, as the account that migsh logs\n"
        "in as (or --user), answering no questions and trusting no unknown host key. The numbers are the time of a\n"
        "login. Fails if any login does.",
    .example = "key-verify\nkey-verify source dest\n--json key-verify --user root",
    .opts = opts,
    .view = {VIEW_CUSTOM, .render = keys_render_logins},
    .run = run};
