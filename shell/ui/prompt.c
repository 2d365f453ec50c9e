// SPDX-License-Identifier: GPL-3.0-or-later
// The prompt's text. Main thread. See prompt.h.
#include "ui/prompt.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/printable.h"
#include "base/strv.h"
#include "core/console/ctx.h"
#include "core/console/silence.h"
#include "core/journal/journal.h"
#include "ui/lua_mode.h"

static void add_where(struct ctx *ctx, struct buf *out)
{
    _cleanup_target_ struct target t = {0};
    if (ctx_current(ctx, &t)) {
        const char *label = target_label(&t);
        buf_addc(out, ' ');
        buf_add_printable(out, label, strlen(label));
        return;
    }
    size_t n;
    struct node **nodes = inventory_hypervisors(ctx_inventory(ctx), &n);
    node_list_free(nodes, n);
    if (n)
        buf_addf(out, " [%zu node%s]", n, n == 1 ? "" : "s");
}

static void add_silent(struct ctx *ctx, struct buf *out)
{
    _cleanup_strv_ struct strv silent = STRV_INIT;
    silence_names(ctx, &silent);
    if (silent.n == 1)
        buf_addf(out, " (%s silent)", silent.s[0]);
    else if (silent.n)
        buf_addf(out, " (%zu nodes silent)", silent.n);
}

static void add_unfinished(struct buf *out)
{
    size_t unreadable, n = journal_unfinished(&unreadable);
    if (n)
        buf_addf(out, " (%zu unfinished)", n);
    if (unreadable)
        buf_addf(out, " (%zu journal%s unreadable)", unreadable, unreadable == 1 ? "" : "s");
}

char *prompt_text(struct ctx *ctx)
{
    if (lua_mode_is_on())
        return xstrdup("lua> ");
    _cleanup_buf_ struct buf out = BUF_INIT;
    const char *form = getenv("MIGSH_PROMPT");
    for (const char *s = form ? form : "migsh%w%r%s%u> "; *s; s++) {
        if (*s != '%' || !s[1] || !strchr("wrsu%", s[1])) {
            buf_addc(&out, *s);
            continue;
        }
        s++;
        if (*s == 'w')
            add_where(ctx, &out);
        else if (*s == 's')
            add_silent(ctx, &out);
        else if (*s == 'u')
            add_unfinished(&out);
        else if (*s == '%')
            buf_addc(&out, '%');
        else if (ctx_readonly(ctx))
            buf_adds(&out, " (ro)");
    }
    return buf_steal(&out);
}
