// SPDX-License-Identifier: GPL-3.0-or-later
// Give a node its host name: the kernel's, and /etc/hostname for the next boot.
#include <string.h>

#include "cmd/commands.h"
#include "cmd/engine/apply.h"
#include "cmd/rows.h"
#include "core/hosts/hosts.h"
#include "core/node/ask.h"
#include "io/ssh/remote.h"

enum { NODE, NAME };

static const struct opt_def opts[] = {
    [NODE] = NODE_ROW("which node"),
    [NAME] = {"name", OPT_STRING, OPTF_POS, "its new host name; not needed for --revert"},
    APPLY_ROWS,
    {NULL},
};

static void add_set(struct buf *out, const char *name)
{
    const char *const word[] = {name};
    buf_adds(out, "hostname ");
    remote_quote_words(out, word, 1);
    buf_adds(out, " 2>/dev/null || printf '%s\\n' ");
    remote_quote_words(out, word, 1);
    buf_adds(out, " >/proc/sys/kernel/hostname");
}

static int old_name(struct cmd_call *c, struct node *node, char **ret, struct err *e)
{
    struct question q = {.tools = {"say name \"$(uname -n)\""}, .as_user = true};
    _cleanup_facts_ struct facts facts = {0};
    if (node_ask(c->ctx, c->job, node, &q, &facts, e) < 0)
        return -1;
    const char *name = facts_get(&facts, "name");
    if (!name || !*name)
        return facts_unexpected(node, &facts, e);
    *ret = xstrdup(name);
    return 0;
}

static int make(struct cmd_call *c, enum apply_mode mode, void *data, struct plan *plan, struct err *e)
{
    (void)mode;
    (void)data;
    struct node *node = c->vals[NODE].node;
    const char *name = c->vals[NAME].s;
    _cleanup_free_ char *old = NULL;
    if (old_name(c, node, &old, e) < 0)
        return -1;
    struct change *file = plan_add(plan, node, CHANGE_FILE, "name at the next boot");
    _cleanup_free_ char *text = xasprintf("%s\n", name);
    file->path = xstrdup("/etc/hostname");
    change_set_text(file, text, strlen(text));
    struct change *now = plan_add(plan, node, CHANGE_COMMAND, "name now");
    _cleanup_buf_ struct buf check = BUF_INIT, run = BUF_INIT, undo = BUF_INIT;
    buf_adds(&check, "[ \"$(uname -n)\" = ");
    remote_quote_words(&check, &name, 1);
    buf_adds(&check, " ]");
    add_set(&run, name);
    add_set(&undo, old);
    now->check = buf_steal(&check);
    now->run = buf_steal(&run);
    now->undo = buf_steal(&undo);
    return 0;
}

static int run(struct cmd_call *c, struct err *e)
{
    if (apply_mode_of(c) != APPLY_MODE_REVERT && !c->vals[NAME].given)
        return err_set(e, ERR_USAGE, "node-hostname needs --name");
    if (c->vals[NAME].given && (!hosts_name_is_valid(c->vals[NAME].s) || strlen(c->vals[NAME].s) > 64)) {
        err_set(e, ERR_USAGE, "'%s' cannot be a host name (RFC 1123)", c->vals[NAME].s);
        return err_hint(e, "letters, digits and inner hyphens, in labels of at most 63, 64 in all");
    }
    return apply_node(c, c->vals[NODE].node, NULL, make, NULL, e);
}

const struct cmd_def cmd_node_hostname = {
    .name = "node-hostname",
    .group = "Nodes",
    .summary = "give a node its host name",
    .help = "Sets the name that the kernel bears and writes /etc/hostname, so that it stays. libvirt tells other hosts "
            "this\n"
            "name in a migration: it must be unique, and the others must resolve it (hosts-sync).\n"
            "Without --plan, --apply, --verify or --revert it shows what would be done and asks.",
    .example = "node-hostname source test1 --plan\nnode-hostname source test1 --apply\nnode-hostname source --revert",
    .opts = opts,
    .view = {VIEW_CUSTOM, .render = apply_render},
    .run = run};
