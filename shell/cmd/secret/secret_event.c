// SPDX-License-Identifier: GPL-3.0-or-later
// Waiting for what happens to secrets.
#include "base/mem.h"
#include "cmd/commands.h"
#include "cmd/event_wait.h"
#include "cmd/secret/secret.h"
#include "io/virt/secret.h"

enum { SECRET, EVENT };

static const char *const kinds[] = {"lifecycle", "value-changed", NULL};
static const enum virt_event_objects which[] = {VIRT_EVENT_SECRETS, VIRT_EVENT_SECRET_VALUE};

static const struct opt_def opts[] = {
    [SECRET] = {"secret", OPT_SECRET, OPTF_POS, "filter by secret uuid"},
    [EVENT] = {"event", OPT_ENUM, OPTF_POS, "which event type to wait for", .choices = kinds, .excludes = "list"},
    EVENT_ROWS,
    {NULL},
};

static int run(struct cmd_call *c, struct err *e)
{
    _cleanup_(virt_secret_free_p) struct virt_secret *secret = NULL;
    if (event_wait_lists(c, kinds, ARRAY_SIZE(kinds) - 1))
        return 0;
    if (c->vals[SECRET].s && secret_find(c, SECRET, &secret, e) < 0)
        return -1;
    return event_wait_objects(c, kinds, which, secret ? virt_secret_uuid(secret) : NULL, e);
}

const struct cmd_def cmd_secret_event = {.name = "secret-event",
                                         .group = "Secrets",
                                         .summary = "wait for secret events, or list their types",
                                         .help = EVENT_HELP,
                                         .example = "secret-event --event value-changed --loop",
                                         .opts = opts,
                                         .flags = CMD_CONN | CMD_EACH | CMD_STOP_IS_END,
                                         .view = {VIEW_NONE, .message = "events received: {events}"},
                                         .run = run};
