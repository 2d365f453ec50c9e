// SPDX-License-Identifier: GPL-3.0-or-later
// Pausing and continuing a guest; its autostart mark.
#include "cmd/commands.h"
#include "cmd/domain/power.h"
#include "cmd/engine/complete_journal.h"
#include "cmd/rows.h"
#include "core/journal/journal.h"
#include "io/virt/dom.h"
#include "io/virt/info.h"
#include "io/virt/lifecycle.h"
#include "io/virt/xml.h"

enum { DOMAIN, FORCE, DISABLE };

static const struct opt_def opts[] = {
    [DOMAIN] = DOMAIN_ROW,
    {NULL},
};

static const struct opt_def autostart_opts[] = {
    [DOMAIN] = DOMAIN_ROW,
    [FORCE] = {"force", OPT_BOOL, 0, "also if the guest was moved away"},
    [DISABLE] = {"disable", OPT_BOOL, 0, "disable autostarting"},
    {NULL},
};

static int run_suspend(struct cmd_call *c, struct err *e)
{
    struct virt_dom *dom = c->vals[DOMAIN].dom;
    if (virt_dom_suspend(dom, e) < 0)
        return domain_failed(dom, "suspend", "only a running guest can be suspended", e);
    domain_result(c, dom);
    return 0;
}

static int run_resume(struct cmd_call *c, struct err *e)
{
    struct virt_dom *dom = c->vals[DOMAIN].dom;
    if (domain_resume(c, dom, c->vals[FORCE].b, e) < 0)
        return -1;
    domain_result(c, dom);
    return 0;
}

static const struct view unmarked = {VIEW_NONE, .message = "Domain '{name}' unmarked as autostarted"};

static int mark_failed(const struct virt_dom *dom, bool on, struct err *e)
{
    if (e->code == ERR_STATE)
        err_hint(e, "a transient domain has no definition that could be marked");
    return err_wrap(e, "failed to %s domain '%s' as autostarted", on ? "mark" : "unmark", virt_dom_name(dom));
}

static int run_autostart(struct cmd_call *c, struct err *e)
{
    struct virt_dom *dom = c->vals[DOMAIN].dom;
    bool on = !c->vals[DISABLE].b;
    if (on && domain_check_moved(c, dom, VIRT_XML_INACTIVE, c->vals[FORCE].b, e) < 0)
        return err_wrap(e, "not marked");
    if (virt_dom_set_autostart(dom, on, e) < 0)
        return mark_failed(dom, on, e);
    domain_result(c, dom);
    json_object_set_new(c->result, "autostart", json_boolean(on));
    if (!on)
        c->view = &unmarked;
    return 0;
}

static const char *resume_other(const struct strv *words)
{
    for (size_t i = 1; i < words->n; i++) {
        if (journal_is_id(words->s[i]))
            return "journal-resume";
    }
    return NULL;
}

static const struct opt_def resume_opts[] = {
    [DOMAIN] = {"domain", OPT_DOMAIN, OPTF_POS | OPTF_REQ, "domain name, id or uuid", .complete = complete_unfinished},
    [FORCE] = FORCE_ROW,
    {NULL},
};

const struct cmd_def cmd_autostart = {.name = "autostart",
                                      .group = "Domains",
                                      .summary = "autostart a domain",
                                      .help = "Refused where a migration has left the definition behind: it would run\n"
                                              "twice when the host boots.",
                                      .example = "autostart share\nautostart share --disable",
                                      .opts = autostart_opts,
                                      .flags = CMD_CONN,
                                      .view = {VIEW_NONE, .message = "Domain '{name}' marked as autostarted"},
                                      .run = run_autostart};

const struct cmd_def cmd_resume = {
    .name = "resume",
    .group = "Domains",
    .summary = "resume a domain, or an unfinished undertaking",
    .help = "Refused, as start is, while another hypervisor has the same guest active or does\n"
            "not answer, and where the guest was moved away; --force insists on the latter.\n"
            "The id of a journal instead of a domain goes on with what was interrupted, as\n"
            "journal-resume does.",
    .example = "resume share\nresume 20261121-041914.120-cold-migrate-3fa9c1",
    .opts = resume_opts,
    .flags = CMD_CONN,
    .other = resume_other,
    .view = {VIEW_NONE, .message = "Domain '{name}' resumed"},
    .run = run_resume};

const struct cmd_def cmd_suspend = {.name = "suspend",
                                    .group = "Domains",
                                    .summary = "suspend a domain",
                                    .example = "suspend share",
                                    .opts = opts,
                                    .flags = CMD_CONN,
                                    .view = {VIEW_NONE, .message = "Domain '{name}' suspended"},
                                    .run = run_suspend};
