// SPDX-License-Identifier: GPL-3.0-or-later
// Another name for what backs an image.
#include "cmd/commands.h"
#include "cmd/domain/guest.h"
#include "core/guest/files.h"

enum { FILE_OPT, BACKING, FORMAT };

static const struct opt_def opts[] = {
    [FILE_OPT] = {"file", OPT_STRING, OPTF_POS | OPTF_REQ, "the qcow2 image on the node, by its absolute path"},
    [BACKING] = {"backing", OPT_STRING, OPTF_POS | OPTF_REQ, "the absolute path of what is to back it"},
    [FORMAT] = {"format", OPT_STRING, 0, "the format of that one", "qcow2"},
    {NULL},
};

static const struct view unchanged = {VIEW_NONE, .message = "{file} is backed by {backing} already"};

static int run(struct cmd_call *c, struct err *e)
{
    struct node *node;
    bool root;
    if (guest_node(c, &node, &root, e) < 0 ||
        guest_rebase(c->ctx, c->job, node, c->vals[FILE_OPT].s, c->vals[BACKING].s, c->vals[FORMAT].s, root, &c->result,
                     e) < 0)
        return -1;
    if (!json_is_true(json_object_get(c->result, "changed")))
        c->view = &unchanged;
    return 0;
}

const struct cmd_def cmd_disk_rebase = {
    .name = "disk-rebase",
    .group = "Storage",
    .summary = "point an image at another backing file",
    .help =
        "Only the reference is written, as qemu-img rebase -u does: what backs the image now must have the content\n"
        "of what did. For images that were copied to other directories. A relative reference stays relative.\n"
        "An image in use, or a backing file that is not there, is refused.",
    .example = "disk-rebase /images/web.qcow2 /images/base.qcow2 --node dest\n"
               "disk-rebase /images/web.qcow2 /images/base.img --format raw --node dest",
    .opts = opts,
    .flags = CMD_CONN,
    .view = {VIEW_NONE, .message = "{file} is backed by {backing} now"},
    .run = run};
