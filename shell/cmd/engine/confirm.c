// SPDX-License-Identifier: GPL-3.0-or-later
// The question before something is destroyed on a host that nobody has named. A job's thread. See confirm.h.
#include "cmd/engine/confirm.h"

#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/printable.h"
#include "core/console/out.h"

// Who types a command at the prompt, and leaves its host to the inventory or to an earlier connect, may have another
// one in mind than the one that is meant.
static bool is_wanted(const struct cmd_call *c)
{
    return (c->def->flags & CMD_DESTROYS) && c->asks && c->host_implied;
}

int confirm(struct cmd_call *c, struct err *e)
{
    if (!is_wanted(c))
        return 0;
    _cleanup_buf_ struct buf question = BUF_INIT;
    buf_adds(&question, c->def->name);
    for (size_t i = 0; c->def->opts[i].name; i++) {
        if ((c->def->opts[i].flags & (OPTF_POS | OPTF_SECRET)) != OPTF_POS || !c->vals[i].given)
            continue;
        buf_adds(&question, " '");
        buf_add_line(&question, c->vals[i].s);
        buf_addc(&question, '\'');
    }
    buf_adds(&question, " on ");
    buf_add_line(&question, target_label(&c->where));
    buf_addc(&question, '?');
    _cleanup_free_ char *answer = NULL;
    if (out_ask(c->job, OUT_ASK_YESNO, buf_str(&question), &answer, e) < 0)
        return -1;
    if (strcmp(answer, "yes") == 0)
        return 0;
    err_set(e, ERR_CANCELLED, "%s: not done", c->def->name);
    return err_hint(e, "NAME@NODE or --node NODE names the host, and then nothing is asked");
}
