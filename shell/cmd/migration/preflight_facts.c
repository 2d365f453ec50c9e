// SPDX-License-Identifier: GPL-3.0-or-later
// What a preflight judges, as it is.
#include "base/json.h"
#include "cmd/commands.h"
#include "core/guest/xml_map.h"
#include "core/preflight/facts.h"
#include "io/file.h"
#include "io/virt/dom.h"

enum { DOMAINS, DESTS, ASK_QEMU, NO_PROOF, ONLY_DISKS, P2P, MAP, XML };
enum { XML_MAX = 16 << 20 };

static const struct opt_def opts[] = {
    [DOMAINS] = {"domain", OPT_DOMAIN, OPTF_POS | OPTF_LIST, "what would be moved: NAME[@NODE][,NAME…]"},
    [DESTS] = {"dest", OPT_NODES, OPTF_POS | OPTF_HYPERVISORS, "where it might go: NODE[,NODE…] or all"},
    [ASK_QEMU] = {"ask-qemu", OPT_BOOL, 0, "ask QEMU itself what keeps it from migrating, which taints the guest"},
    [NO_PROOF] = {"no-proof", OPT_BOOL, 0, "write no marker beside a disk, and listen at no port"},
    [ONLY_DISKS] = {"only-disks", OPT_BOOL, 0, "nothing but the guests, and whether their disks are the same there",
                    .excludes = "no-proof|p2p"},
    [P2P] = {"p2p", OPT_BOOL, 0, "ask whether the source's root reaches the destination's libvirt"},
    [MAP] = {"map", OPT_STRING, OPTF_MULTI,
             "what is called otherwise there: pool=A:B,bridge=A:B,network=A:B,path=/A:/B,machine=A:B,emulator=A:B"},
    [XML] = {"xml", OPT_PATH, 0, "a file that describes a guest which is on no node yet; with --dest"},
    {NULL},
};

static int read_map(const struct opt_val *v, json_t **ret, struct err *e)
{
    json_auto_t *map = json_object();
    for (size_t i = 0; i < v->list.n; i++) {
        if (xml_map_add(map, v->list.s[i], e) < 0)
            return err_wrap(e, "--map");
    }
    *ret = v->list.n ? json_incref(map) : NULL;
    return 0;
}

static int run(struct cmd_call *c, struct err *e)
{
    const struct opt_val *domains = &c->vals[DOMAINS], *dests = &c->vals[DESTS];
    json_auto_t *map = NULL;
    _cleanup_free_ char *described = NULL;
    if ((!domains->given && !c->vals[XML].given) || !dests->given) {
        err_set(e, ERR_USAGE, "preflight-facts needs %s", dests->given ? "DOMAIN, or --xml" : "--dest");
        return err_hint(e, "help preflight-facts shows how it is called");
    }
    if (c->vals[XML].given && file_read_text(c->vals[XML].s, XML_MAX, &described, e) < 0)
        return -1;
    if (read_map(&c->vals[MAP], &map, e) < 0)
        return -1;
    _cleanup_free_ struct preflight_guest *guests = xcalloc(domains->n_doms + 1, sizeof(*guests));
    for (size_t i = 0; i < domains->n_doms; i++) {
        if (!domains->nodes[i]) {
            err_set(e, ERR_UNSUPPORTED, "'%s' is on no node of the inventory", virt_dom_name(domains->doms[i]));
            return err_hint(e, "node-add adds its host");
        }
        guests[i] = (struct preflight_guest){domains->nodes[i], domains->doms[i]};
    }
    struct preflight_query q = {.guests = guests,
                                .n_guests = domains->n_doms,
                                .dests = dests->nodes,
                                .n_dests = dests->n_nodes,
                                .described = described,
                                .ask_qemu = c->vals[ASK_QEMU].b,
                                .no_proof = c->vals[NO_PROOF].b,
                                .only_disks = c->vals[ONLY_DISKS].b,
                                .p2p = c->vals[P2P].b,
                                .map = map};
    return preflight_facts(c->ctx, c->job, &q, &c->result, e);
}

const struct cmd_def cmd_preflight_facts = {
    .name = "preflight-facts",
    .group = "Migration",
    .summary = "tell what a preflight judges",
    .help =
        "The facts of guests, of the hosts they are on and may go to, and of each guest with each of those hosts, as\n"
        "JSON. Nothing is judged. Each host is asked once, all at the same time. What could not be found out is not\n"
        "there, and \"missing\" beside it says why.\n"
        "\n"
        "Nothing is changed on a node, but for two things that are gone before the answer: a marker beside a file,\n"
        "to see whether the other node sees it too, and a port of those for migrations, listened at for one\n"
        "connection and five seconds at most. --no-proof does without them, and without what they tell.",
    .example = "preflight-facts share dest\npreflight-facts web@source,db@source dest --map pool=default:fast --p2p",
    .opts = opts,
    .flags = CMD_CONN | CMD_CONN_DOMAIN | CMD_READS,
    .view = {VIEW_TEXT},
    .run = run};
