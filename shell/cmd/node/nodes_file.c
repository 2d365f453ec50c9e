// SPDX-License-Identifier: GPL-3.0-or-later
// The inventory file. Main thread. Nothing but node-add is run from it: it is data, in the form of commands.
#include "cmd/node/nodes_file.h"

#include <string.h>

#include "cmd/commands.h"
#include "cmd/engine/bind.h"
#include "cmd/engine/parse.h"
#include "cmd/node/node_json.h"

static int load_command(struct ctx *ctx, const struct strv *words, struct err *e)
{
    if (strcmp(words->s[0], cmd_node_add.name) != 0)
        return err_set(e, ERR_USAGE, "'%s' is not allowed in an inventory, which has node-add lines only", words->s[0]);
    struct cmd_call call = {.ctx = ctx, .def = &cmd_node_add};
    struct node *n;
    int r = cmd_bind(&call, words, e);
    if (r == 0)
        r = node_from_call(&call, &n, e);
    if (r == 0)
        r = inventory_add(ctx_inventory(ctx), n, e);
    cmd_call_release(&call);
    return r;
}

int nodes_file_load(struct ctx *ctx, const char *text, const char *path, struct err *e)
{
    int line = 1;
    for (const char *at = text; *at; line++) {
        const char *nl = strchrnul(at, '\n');
        _cleanup_free_ char *one = xstrndup(at, (size_t)(nl - at));
        _cleanup_parsed_ struct parsed p = {0};
        int r = parse_text(one, &p, NULL, e);
        for (size_t i = 0; r == 0 && i < p.n; i++)
            r = p.to[i].kind ? err_set(e, ERR_USAGE, "nothing of an inventory goes elsewhere ('|' or '>')") : 0;
        for (size_t i = 0; r == 0 && i < p.n; i++)
            r = load_command(ctx, &p.cmds[i], e);
        if (r < 0) {
            e->code = e->code == ERR_UNSAFE ? ERR_UNSAFE : ERR_USAGE;
            return err_wrap(e, "%s:%d", path, line);
        }
        at = *nl ? nl + 1 : nl;
    }
    return 0;
}
