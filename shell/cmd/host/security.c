// SPDX-License-Identifier: GPL-3.0-or-later
// Guests whose memory is encrypted: what a host offers them, what their owners have to know of them, and the secret
// that these give.
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/printable.h"
#include "cmd/commands.h"
#include "cmd/domain/power.h"
#include "cmd/engine/render.h"
#include "cmd/objects.h"
#include "cmd/rows.h"
#include "cmd/tune/tune.h"
#include "io/virt/host.h"

enum { DOMAIN, HEADER, SECRET, ADDRESS };

static const struct opt_def info_opts[] = {[DOMAIN] = DOMAIN_ROW, {NULL}};
static const struct opt_def set_opts[] = {
    [DOMAIN] = DOMAIN_ROW,
    [HEADER] = {"secrethdr", OPT_PATH, OPTF_POS | OPTF_REQ, "path to file containing the secret header"},
    [SECRET] = {"secret", OPT_PATH, OPTF_POS | OPTF_REQ, "path to file containing the secret"},
    [ADDRESS] = {"set-address", OPT_INT, OPTF_POS,
                 "physical address within the guest domain's memory to set the secret", .min = 0,
                 .max = 0x7fffffffffffffffLL},
    {NULL},
};

static void render_sev(const json_t *value, struct buf *out)
{
    render_members(value, 18, out);
}

static int run_sev(struct cmd_call *c, struct err *e)
{
    return virt_node_sev(c->conn, &c->result, e) < 0 ? err_wrap(e, "failed to get the host's SEV information") : 0;
}

static int run_info(struct cmd_call *c, struct err *e)
{
    struct virt_dom *dom = c->vals[DOMAIN].dom;
    return virt_dom_tuning(dom, VIRT_TUNE_SECURITY, NULL, 0, &c->result, e) < 0
               ? domain_failed(dom, "get the launch security of", NULL, e)
               : 0;
}

static int run_set(struct cmd_call *c, struct err *e)
{
    struct virt_dom *dom = c->vals[DOMAIN].dom;
    unsigned long long address = (unsigned long long)c->vals[ADDRESS].i;
    _cleanup_free_ char *header = NULL;
    _cleanup_(mem_wipe_text_p) char *secret = NULL;
    if (object_read_file(c->vals[HEADER].s, &header, e) < 0 || object_read_file(c->vals[SECRET].s, &secret, e) < 0)
        return -1;
    if (virt_dom_set_launch_secret(dom, header, secret, c->vals[ADDRESS].given ? &address : NULL, e) < 0)
        return domain_failed(dom, "set the launch secret of", NULL, e);
    domain_result(c, dom);
    return 0;
}

const struct cmd_def cmd_nodesevinfo = {.name = "nodesevinfo",
                                        .group = "Hosts",
                                        .summary = "node SEV information",
                                        .help = "What an AMD host offers to guests whose memory is encrypted.",
                                        .example = "nodesevinfo",
                                        .flags = CMD_CONN,
                                        .view = {VIEW_CUSTOM, .render = render_sev},
                                        .run = run_sev};

const struct cmd_def cmd_domlaunchsecinfo = {.name = "domlaunchsecinfo",
                                             .group = "Tuning",
                                             .summary = "get domain launch security info",
                                             .example = "domlaunchsecinfo share",
                                             .opts = info_opts,
                                             .flags = CMD_CONN | CMD_READS,
                                             .view = TUNE_VIEW,
                                             .run = run_info};

const struct cmd_def cmd_domsetlaunchsecstate = {
    .name = "domsetlaunchsecstate",
    .group = "Tuning",
    .summary = "set domain launch security state",
    .help = "Puts a secret of the guest's owner into its memory, which waits for it paused. Both files are in base64.",
    .example = "domsetlaunchsecstate share header.b64 secret.b64",
    .opts = set_opts,
    .flags = CMD_CONN,
    .view = {VIEW_NONE},
    .run = run_set};
