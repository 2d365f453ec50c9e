// SPDX-License-Identifier: GPL-3.0-or-later
// A guest's serial console on the operator's terminal, wherever the guest goes; and what that console is on its host.
#include <stdlib.h>

#include "base/json.h"
#include "cmd/commands.h"
#include "cmd/domain/power.h"
#include "cmd/rows.h"
#include "cmd/screen/serial.h"
#include "core/guest/serial.h"
#include "io/virt/console.h"
#include "io/virt/xml.h"
#include "io/xml.h"

enum { DOMAIN, DEVNAME, FORCE, SAFE, RESUME, ESCAPE };

static const struct opt_def opts[] = {
    [DOMAIN] = DOMAIN_ROW,
    [DEVNAME] = {"devname", OPT_STRING, OPTF_POS, "character device name"},
    [FORCE] = {"force", OPT_BOOL, 0, "force console connection (disconnect already connected sessions)",
               .bits = VIRT_CONSOLE_FORCE},
    [SAFE] = {"safe", OPT_BOOL, 0, "only connect if safe console handling is supported", .bits = VIRT_CONSOLE_SAFE},
    [RESUME] = {"resume", OPT_BOOL, 0, "resume domain after connecting to console"},
    [ESCAPE] = {"escape", OPT_STRING, 0,
                "the key that leaves it: one character, or ^ and one (else $MIGSH_ESCAPE, or ^])"},
    {NULL},
};

static const struct opt_def tty_opts[] = {[DOMAIN] = DOMAIN_ROW, {NULL}};

struct attached {
    struct cmd_call *c;
    struct virt_dom *dom;
    const struct serial_opts *o;
};

static int on_open(void *data, struct err *e)
{
    struct attached *a = data;
    return a->o->opened(a->c, a->dom, e);
}

int serial_attach(struct cmd_call *c, struct virt_dom *dom, const struct serial_opts *o, struct err *e)
{
    _cleanup_strv_ struct strv moved = STRV_INIT;
    struct attached a = {c, dom, o};
    struct serial s = {.ctx = c->ctx,
                       .job = c->job,
                       .here = &c->where,
                       .conn = c->conn,
                       .dom = dom,
                       .devname = o->devname,
                       .flags = o->flags,
                       .opened = o->opened ? on_open : NULL,
                       .data = &a};
    const char *escape = o->escape ? o->escape : getenv("MIGSH_ESCAPE");
    if (serial_escape(escape && *escape ? escape : "^]", &s.escape, e) < 0 || serial_run(&s, &moved, e) < 0)
        return -1;
    json_t *followed = json_array();
    for (size_t i = 0; i < moved.n; i++)
        json_array_append_new(followed, json_text(moved.s[i]));
    json_object_set_new(c->result, "followed", followed);
    return 0;
}

static int resume(struct cmd_call *c, struct virt_dom *dom, struct err *e)
{
    return domain_resume(c, dom, false, e);
}

static int run_console(struct cmd_call *c, struct err *e)
{
    struct virt_dom *dom = c->vals[DOMAIN].dom;
    struct serial_opts o = {.devname = c->vals[DEVNAME].s,
                            .escape = c->vals[ESCAPE].s,
                            .flags = cmd_bits(c),
                            .opened = c->vals[RESUME].b ? resume : NULL};
    // Asked first, as virsh does: drivers word it in different ways.
    if (virt_dom_id(dom) < 0) {
        err_set(e, ERR_STATE, "the domain is not running: '%s'", virt_dom_name(dom));
        return err_hint(e, "start %s --console starts it and shows its console", virt_dom_name(dom));
    }
    domain_result(c, dom);
    return serial_attach(c, dom, &o, e);
}

static int run_ttyconsole(struct cmd_call *c, struct err *e)
{
    struct virt_dom *dom = c->vals[DOMAIN].dom;
    _cleanup_free_ char *xml = NULL;
    _cleanup_(xml_free_p) struct xml_doc *doc = NULL;
    if (virt_dom_xml(dom, 0, &xml, e) < 0 || xml_parse(xml, &doc, e) < 0)
        return -1;
    _cleanup_free_ char *tty = xml_string(doc, NULL, "string(/domain/devices/console/@tty)");
    if (!tty)
        return err_set(e, ERR_NOT_FOUND, "domain '%s' has no console on a terminal of its host", virt_dom_name(dom));
    c->result = json_text(tty);
    return 0;
}

const struct cmd_def cmd_console = {
    .name = "console",
    .group = "Domains",
    .summary = "connect to the guest console",
    .help = "The first serial console, or the one of that device, on this terminal; Ctrl-] leaves it. When the guest\n"
            "is migrated the console follows it to its new host, where that is a node of the inventory, and a line\n"
            "says so. What the guest prints reaches the terminal as it is. --resume lets a paused guest go on, after\n"
            "the same questions as resume.",
    .example = "console share\nconsole share@source --force --escape ^A",
    .opts = opts,
    .flags = CMD_CONN,
    .view = {VIEW_NONE},
    .run = run_console};

const struct cmd_def cmd_ttyconsole = {.name = "ttyconsole",
                                       .group = "Domains",
                                       .summary = "tty console",
                                       .help = "The device on the host that is the guest's first console; of a running "
                                               "guest.",
                                       .example = "ttyconsole share",
                                       .opts = tty_opts,
                                       .flags = CMD_CONN | CMD_READS,
                                       .view = {VIEW_TEXT},
                                       .run = run_ttyconsole};
