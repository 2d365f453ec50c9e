// SPDX-License-Identifier: GPL-3.0-or-later
// Keys pressed on a guest's keyboard.
#include "cmd/commands.h"
#include "cmd/domain/power.h"
#include "cmd/rows.h"
#include "io/virt/steer.h"

enum { DOMAIN, CODESET, HOLD, KEYS };

static void complete_keys(struct ctx *ctx, const char *prefix, struct strv *out)
{
    (void)ctx;
    virt_key_names(prefix, out);
}

static const struct opt_def opts[] = {
    [DOMAIN] = DOMAIN_ROW,
    [CODESET] = {"codeset", OPT_ENUM, 0, "the codeset of keycodes", .def = "linux", .choices = virt_codesets},
    [HOLD] = {"holdtime", OPT_INT, 0, "the time (in milliseconds) how long the keys will be held", .def = "0",
              .max = 3600000},
    [KEYS] = {"keycode", OPT_STRING, OPTF_POS | OPTF_REQ | OPTF_MULTI, "the key code", .complete = complete_keys},
    {NULL},
};

static int run(struct cmd_call *c, struct err *e)
{
    const struct strv *words = &c->vals[KEYS].list;
    const char *codeset = c->vals[CODESET].s;
    unsigned keys[VIRT_KEYS_MAX];
    if (words->n > VIRT_KEYS_MAX)
        return err_set(e, ERR_USAGE, "too many keycodes: %zu, and %d at most can be pressed at once", words->n,
                       VIRT_KEYS_MAX);
    for (size_t i = 0; i < words->n; i++) {
        if (virt_key_code(codeset, words->s[i], &keys[i], e) < 0)
            return -1;
    }
    struct virt_dom *dom = c->vals[DOMAIN].dom;
    if (virt_dom_send_keys(dom, codeset, (unsigned)c->vals[HOLD].i, keys, words->n, e) < 0)
        return domain_failed_off(dom, "send keys to", "only a running guest has a keyboard", e);
    domain_result(c, dom);
    return 0;
}

const struct cmd_def cmd_send_key = {
    .name = "send-key",
    .group = "Domains",
    .summary = "send keycodes to the guest",
    .help = "Numbers, or names of Linux's keys; all are pressed at once. Of the other codesets only numbers are known.",
    .example = "send-key share KEY_LEFTCTRL KEY_LEFTALT KEY_DELETE\nsend-key share --codeset xt --holdtime 500 28",
    .opts = opts,
    .flags = CMD_CONN,
    .view = {VIEW_NONE},
    .run = run};
