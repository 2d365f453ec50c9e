// SPDX-License-Identifier: GPL-3.0-or-later
// Stopping a domain so that it goes on from where it was, and forgetting that state.
#include "cmd/commands.h"
#include "cmd/domain/power.h"
#include "cmd/rows.h"
#include "cmd/save/long.h"
#include "io/virt/info.h"
#include "io/virt/save.h"

enum { DOMAIN, BYPASS_CACHE, RUNNING, PAUSED, VERBOSE };

static const struct opt_def save_opts[] = {
    [DOMAIN] = DOMAIN_ROW,
    [BYPASS_CACHE] = {"bypass-cache", OPT_BOOL, 0, "avoid file system cache when saving",
                      .bits = VIRT_SAVE_BYPASS_CACHE},
    [RUNNING] = {"running", OPT_BOOL, 0, "set domain to be running on next start", .bits = VIRT_SAVE_RUNNING,
                 .excludes = "paused"},
    [PAUSED] = {"paused", OPT_BOOL, 0, "set domain to be paused on next start", .bits = VIRT_SAVE_PAUSED},
    [VERBOSE] = VERBOSE_ROW("save"),
    {NULL},
};

static const struct opt_def remove_opts[] = {
    [DOMAIN] = DOMAIN_ROW,
    {NULL},
};

static int call_save(void *data, struct err *e)
{
    struct cmd_call *c = data;
    return virt_dom_managed_save(c->vals[DOMAIN].dom, cmd_bits(c), e);
}

static int run_save(struct cmd_call *c, struct err *e)
{
    struct virt_dom *dom = c->vals[DOMAIN].dom;
    if (long_call(c, dom, VIRT_JOB_SAVE, c->vals[VERBOSE].b, call_save, c, e) < 0)
        return domain_failed(dom, "save", "only a running domain can be saved", e);
    domain_result(c, dom);
    return 0;
}

static int run_remove(struct cmd_call *c, struct err *e)
{
    static const struct view none = {VIEW_NONE, .message = "Domain '{name}' has no managed save image"};
    struct virt_dom *dom = c->vals[DOMAIN].dom;
    int has = virt_dom_has_managed_save(dom, e);
    if (has < 0 || (has && virt_dom_managed_save_remove(dom, e) < 0))
        return domain_failed(dom, "remove the managed save image of", NULL, e);
    domain_result(c, dom);
    if (!has)
        c->view = &none;
    return 0;
}

const struct cmd_def cmd_managedsave = {.name = "managedsave",
                                        .group = "Domains",
                                        .summary = "managed save of a domain state",
                                        .help = "Saves the state of a running domain on its host and stops it; the "
                                                "next start resumes from it.\n"
                                                "Ctrl-C cancels, and the guest keeps running.",
                                        .example = "managedsave share\nmanagedsave share --paused",
                                        .opts = save_opts,
                                        .flags = CMD_CONN,
                                        .view = {VIEW_NONE, .message = "Domain '{name}' state saved by libvirt"},
                                        .run = run_save};

const struct cmd_def cmd_managedsave_remove = {
    .name = "managedsave-remove",
    .group = "Domains",
    .summary = "remove managed save of a domain",
    .help = "The next start of the domain boots it.",
    .example = "managedsave-remove share",
    .opts = remove_opts,
    .flags = CMD_CONN | CMD_DESTROYS | CMD_EXACT,
    .view = {VIEW_NONE, .message = "Removed managedsave image for domain '{name}'"},
    .run = run_remove};
