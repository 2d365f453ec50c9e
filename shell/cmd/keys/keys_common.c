// SPDX-License-Identifier: GPL-3.0-or-later
// Who takes part in an exchange of keys, what was refused, and the matrix of logins. Job threads. See keys_common.h.
#include "cmd/keys/keys_common.h"

#include <string.h>

#include "base/json.h"
#include "base/printable.h"
#include "base/strv.h"
#include "base/table.h"
#include "base/units.h"
#include "cmd/engine/apply.h"
#include "cmd/engine/render.h"
#include "io/job.h"

struct node **keys_nodes(const struct opt_val *v, size_t *ret_n)
{
    struct node **list = xcalloc(v->n_nodes + 1, sizeof(*list));
    size_t n = 0;
    bool all = !v->given || (v->list.n == 1 && strcmp(v->list.s[0], "all") == 0);
    for (size_t i = 0; i < v->n_nodes; i++) {
        if (v->nodes[i]->address || !all)
            list[n++] = v->nodes[i];
    }
    *ret_n = n;
    return list;
}

int keys_conclude(struct cmd_call *c, const struct keys *k, int status, struct err *e)
{
    return apply_refused(c, k->refused, k->code, status, e);
}

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
        char text[UNITS_TEXT];
        return xstrdup(json_is_integer(ms) ? units_duration(json_number_value(ms), text) : "ok");
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
    render_table(t, out);
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
