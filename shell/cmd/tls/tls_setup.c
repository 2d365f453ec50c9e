// SPDX-License-Identifier: GPL-3.0-or-later
// Certificates for nodes: tls-setup, tls-renew, tls-revert. What of the nodes is done is core/tls/setup.h's.
#include <string.h>

#include "base/json.h"
#include "cmd/commands.h"
#include "cmd/engine/apply.h"
#include "cmd/keys/keys_common.h"
#include "core/tls/setup.h"
#include "io/job.h"

#define TLS_NODES_ROW                                                                                                  \
    {                                                                                                                  \
        "nodes", OPT_NODES, OPTF_POS | OPTF_MULTI | OPTF_HYPERVISORS, "which: NODE… or all", .def = "all"              \
    }
#define DAYS_ROW                                                                                                       \
    {                                                                                                                  \
        "days", OPT_INT, 0, "how long the certificates are good", .def = "730", .min = 1, .max = 3650                  \
    }

static const char title[] = "tls-setup"; // also of what tls-renew did, so that it is taken back before what it renewed

enum { NODES, DAYS };
enum { FORCE = DAYS + 1, LISTEN, RESTART };
enum { WITHIN = DAYS + 1, ALL };

static const struct opt_def setup_opts[] = {
    [NODES] = TLS_NODES_ROW,
    [DAYS] = DAYS_ROW,
    [FORCE] = {"force", OPT_BOOL, 0, "set foreign certificates and keys aside, and put new ones in their place"},
    [LISTEN] = {"listen", OPT_BOOL, 0, "let the daemons listen for qemu+tls"},
    [RESTART] = {"restart", OPT_BOOL, 0, "and restart them now, if need be; guests run on", .needs = "listen"},
    APPLY_ROWS,
    {NULL},
};
static const struct opt_def renew_opts[] = {
    [NODES] = TLS_NODES_ROW,
    [DAYS] = DAYS_ROW,
    [WITHIN] = {"within", OPT_INT, 0, "those that end within so many days", .def = "60", .min = 1, .max = 3650},
    [ALL] = {"all", OPT_BOOL, 0, "every one", .excludes = "within"},
    APPLY_ROWS,
    {NULL},
};
static const struct opt_def revert_opts[] = {
    [NODES] = TLS_NODES_ROW,
    {NULL},
};

static int look(struct tls_setup *s, enum apply_mode mode, struct err *e)
{
    s->dry = mode != APPLY_MODE_APPLY;
    tls_setup_look(s);
    return job_check(s->job, e);
}

static int make_keys(struct cmd_call *c, enum apply_mode mode, void *data, struct plan *p, struct err *e)
{
    (void)c;
    return look(data, mode, e) < 0 ? -1 : tls_plan_keys(data, p, e);
}

static int make_certificates(struct cmd_call *c, enum apply_mode mode, void *data, struct plan *p, struct err *e)
{
    struct tls_setup *s = data;
    (void)c;
    if (mode == APPLY_MODE_APPLY && look(s, mode, e) < 0)
        return -1;
    return tls_plan_certificates(s, p, e);
}

static int make_listening(struct cmd_call *c, enum apply_mode mode, void *data, struct plan *p, struct err *e)
{
    (void)c;
    (void)mode;
    (void)e;
    tls_plan_listening(data, p);
    return 0;
}

static int make_renewal(struct cmd_call *c, enum apply_mode mode, void *data, struct plan *p, struct err *e)
{
    (void)c;
    return look(data, mode, e) < 0 ? -1 : tls_plan_certificates(data, p, e);
}

static int run_mode(struct cmd_call *c, enum apply_mode mode, struct tls_setup *s, struct apply *a, struct err *e)
{
    size_t n;
    _cleanup_free_ struct node **nodes = keys_nodes(&c->vals[NODES], &n);
    _cleanup_strv_ struct strv names = STRV_INIT;
    tls_setup_init(s, c->ctx, c->job, nodes, n);
    for (size_t i = 0; i < n; i++)
        strv_add(&names, nodes[i]->name);
    a->title = title;
    a->nodes = c->vals[NODES].given ? &names : NULL;
    a->data = s;
    int status = apply_run(c, mode, a, e);
    status = apply_refused(c, s->refused, s->code, status, e);
    if (json_integer_value(json_object_get(c->result, "changed")) > 0)
        tls_reload_all(c->ctx, c->job, nodes, n);
    tls_setup_release(s);
    a->nodes = NULL; // `names` ends here, `a` does not
    return status;
}

static int run_setup(struct cmd_call *c, struct err *e)
{
    static const struct apply_stage stages[] = {{make_keys}, {make_certificates}, {make_listening}};
    struct tls_setup s = {.days = (int)c->vals[DAYS].i,
                          .within = TLS_SOON_DAYS,
                          .force = c->vals[FORCE].b,
                          .listen = c->vals[LISTEN].b,
                          .restart = c->vals[RESTART].b};
    struct apply a = {.stages = stages, .n_stages = ARRAY_SIZE(stages)};
    return run_mode(c, apply_mode_of(c), &s, &a, e);
}

static int run_renew(struct cmd_call *c, struct err *e)
{
    static const struct apply_stage stage = {make_renewal};
    struct tls_setup s = {
        .days = (int)c->vals[DAYS].i, .within = (int)c->vals[WITHIN].i, .all = c->vals[ALL].b, .renew = true};
    json_t *about = json_pack("{s:b}", "renewal", true); // --revert takes back renewals alone
    struct apply a = {.about = about, .stages = &stage, .n_stages = 1};
    int status = run_mode(c, apply_mode_of(c), &s, &a, e);
    json_decref(about);
    return status;
}

static int run_revert(struct cmd_call *c, struct err *e)
{
    struct tls_setup s = {.days = 0};
    struct apply a = {.stages = NULL};
    return run_mode(c, APPLY_MODE_REVERT, &s, &a, e);
}

const struct cmd_def cmd_tls_setup = {
    .name = "tls-setup",
    .group = "Nodes",
    .summary = "give the nodes certificates for qemu+tls and encrypted migrations",
    .help =
        "Makes an authority here, for libvirt and another one for QEMU, in $XDG_STATE_HOME/migsh/tls (mode 0600, sent\n"
        "nowhere). Each node makes its private keys itself, by ssh-keygen, and they stay there; what is signed here "
        "is\n"
        "their public half, as a server and as a client, for the node's name and address in the inventory, and for "
        "the\n"
        "names and addresses of its own that lead from here to where its host key was shown. The files are in\n"
        "/etc/pki/CA, /etc/pki/libvirt and /etc/pki/qemu (or where qemu.conf has them), and QEMU's user can read "
        "QEMU's.\n"
        "\n"
        "Certificates that are not of this console are left alone, and that is an error; --force sets all of that "
        "world\n"
        "aside, under names that say so. What is good already stays. migrate --tls works from then on. For qemu+tls "
        "the\n"
        "daemons have to listen: --listen turns on the socket unit, or says listen_tls = 1 where there is no systemd,\n"
        "and --restart does so at once. --revert puts every file back as it was; the authorities stay here.",
    .example = "tls-setup --plan\ntls-setup --apply\ntls-setup source dest --apply --listen --restart",
    .opts = setup_opts,
    .view = {VIEW_CUSTOM, .render = apply_render},
    .run = run_setup};

const struct cmd_def cmd_tls_renew = {
    .name = "tls-renew",
    .group = "Nodes",
    .summary = "sign the nodes' certificates anew before they end",
    .help =
        "Of what tls-setup has made here: for the same keys, and for the names that the nodes have now. A daemon that\n"
        "listens reads them without a restart; migrations read them each time. --revert takes back renewals alone.",
    .example = "tls-renew --plan\ntls-renew --apply\ntls-renew dest --all --days 365 --apply",
    .opts = renew_opts,
    .view = {VIEW_CUSTOM, .render = apply_render},
    .run = run_renew};

const struct cmd_def cmd_tls_revert = {
    .name = "tls-revert",
    .group = "Nodes",
    .summary = "take back what tls-setup and tls-renew did",
    .help = "Newest first: certificates, keys and directories go, and what was set aside is back as it was, byte by\n"
            "byte, with its mode and owner. A key that somebody has replaced since is left, and that is an error.",
    .example = "tls-revert\ntls-revert source",
    .opts = revert_opts,
    .view = {VIEW_CUSTOM, .render = apply_render},
    .run = run_revert};
