// SPDX-License-Identifier: GPL-3.0-or-later
// A file or block device from one node to another.
#include <string.h>

#include "base/mem.h"
#include "cmd/commands.h"
#include "cmd/vol/copy_common.h"

static void complete_end(struct ctx *ctx, const char *prefix, struct strv *out)
{
    _cleanup_strv_ struct strv names = STRV_INIT;
    inventory_names(ctx_inventory(ctx), &names);
    for (size_t i = 0; i < names.n; i++) {
        char *end = xasprintf("%s:", names.s[i]);
        if (str_starts(end, prefix))
            strv_take(out, end);
        else
            free(end);
    }
}

enum { FROM, TO, PLAN, READERS, UPDATE, OWNER, MODE };

static const struct opt_def opts[] = {
    [FROM] = {"from", OPT_STRING, OPTF_POS | OPTF_REQ, "what to copy: NODE:PATH, or PATH of this machine",
              .complete = complete_end},
    [TO] = {"to", OPT_STRING, OPTF_POS | OPTF_REQ,
            "where to: NODE:PATH, or PATH here; PATH may end in / to keep the name", .complete = complete_end},
    [PLAN] = {"plan", OPT_BOOL, 0, "tell what would be copied, and onto what, and copy nothing"},
    [READERS] = {"readers", OPT_BOOL, 0, "a source that others have open for reading only, as a base image, will do"},
    [UPDATE] = {"update", OPT_BOOL, 0, "make a destination that is there equal, sending only what differs"},
    [OWNER] = {"owner", OPT_STRING, 0, "USER:GROUP of the copy, if not the source's"},
    [MODE] = {"mode", OPT_STRING, 0, "its permissions, octal, if not the source's"},
    COPY_ROWS,
    {NULL},
};

// "NODE:PATH", or "/PATH" of this machine; *ret_path is in `text`.
static int parse_end(struct cmd_call *c, const char *text, struct node **ret, const char **ret_path, struct err *e)
{
    const char *colon = strchr(text, ':');
    *ret = NULL;
    *ret_path = text;
    if (*text == '/')
        return 0;
    if (!colon || colon == text || colon[1] != '/')
        return err_set(e, ERR_USAGE, "'%s' is neither NODE:/PATH nor /PATH", text);
    _cleanup_free_ char *name = xstrndup(text, (size_t)(colon - text));
    *ret_path = colon + 1;
    return inventory_find(ctx_inventory(c->ctx), name, ret, e);
}

static int run(struct cmd_call *c, struct err *e)
{
    _cleanup_(node_unref_p) struct node *from = NULL, *to = NULL;
    struct copy_options o = {.plan = c->vals[PLAN].b,
                             .readers = c->vals[READERS].b,
                             .update = c->vals[UPDATE].b,
                             .owner = c->vals[OWNER].s,
                             .mode = c->vals[MODE].s};
    _cleanup_free_ char *in_dir = NULL;
    if (parse_end(c, c->vals[FROM].s, &from, &o.from.path, e) < 0 ||
        parse_end(c, c->vals[TO].s, &to, &o.to.path, e) < 0)
        return -1;
    if (str_ends(o.to.path, "/")) {
        in_dir = xasprintf("%s%s", o.to.path, strrchr(o.from.path, '/') + 1);
        o.to.path = in_dir;
    }
    o.from.node = from;
    o.to.node = to;
    return copy_run(c, &o, e);
}

const struct cmd_def cmd_disk_copy = {
    .name = "disk-copy",
    .group = "Storage",
    .summary = "copy a disk image or block device from one node to another",
    .help =
        "Byte for byte, whatever is in it; holes are not sent and stay holes. Both ends are read again and compared\n"
        "by digests, segment by segment, before the copy gets its name. Until then it is .NAME.migsh-part beside it:\n"
        "after a cut, a Ctrl-C or an error the same command sends only what is missing or wrong there.\n"
        "A file that any process has open is refused (with --readers: that one could write to), and so is one that\n"
        "changes meanwhile. A file that both nodes see (shared storage) is recognised and not copied; --plan tells\n"
        "that of a file in use, too.\n"
        "direct: the source sends by its own ssh, for which key-exchange makes the keys. relay: through this machine.\n"
        "A PATH without a node is a file of this machine, read and written with your own rights.\n"
        "A device is written over with --update whatever it holds, unless it is in use: --plan tells what that is.\n"
        "The copy has owner and mode of the source. Only what a hypervisor has is needed on the nodes.",
    .example = "disk-copy source:/var/lib/libvirt/images/test.qcow2 dest:/var/lib/libvirt/images/\n"
               "disk-copy source:/srv/a.img dest:/srv/a.img --update --bwlimit 50M\n"
               "disk-copy source:/dev/vg0/test dest:/dev/vg0/test --update --route relay",
    .opts = opts,
    .view = {VIEW_CUSTOM, .render = copy_render},
    .run = run};
