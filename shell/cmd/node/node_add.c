// SPDX-License-Identifier: GPL-3.0-or-later
// Name a node.
#include "base/json.h"
#include "cmd/commands.h"
#include "cmd/node/node_json.h"
#include "core/console/uri.h"

enum { NAME, ADDRESS, PORT, URI, FINGERPRINT, ROLE, ALLOW_COMMAND };

static const struct opt_def opts[] = {
    [NAME] = {"name", OPT_STRING, OPTF_POS | OPTF_REQ, "what to call it"},
    [ADDRESS] = {"address", OPT_STRING, OPTF_POS, "[user@]host name or address of its sshd"},
    [PORT] = {"port", OPT_INT, 0, "port of its sshd", .min = 1, .max = 65535},
    [URI] = {"uri", OPT_STRING, 0, "its libvirt URI, if not qemu+ssh://ADDRESS/system"},
    [FINGERPRINT] = {"fingerprint", OPT_STRING, 0, "SHA256:… of its ssh host key, which is then the only one accepted"},
    [ROLE] = {"role", OPT_STRING, OPTF_MULTI, "a word such as compute, storage, source, dest; may be repeated"},
    [ALLOW_COMMAND] = {"allow-command", OPT_BOOL, 0, "let its URI run a program (qemu+ext, command=, netcat=)"},
    {NULL},
};

// An inventory is data. That it names what is run, as root mostly, takes somebody who said so.
static int check_uri(const struct opt_val *v, struct err *e)
{
    const char *program = v[URI].s && !v[ALLOW_COMMAND].b ? uri_program(v[URI].s) : NULL;
    if (!program)
        return 0;
    err_set(e, ERR_UNSAFE, "the URI %s of node '%s' runs a program (%s)", v[URI].s, v[NAME].s, program);
    return err_hint(e, "add --allow-command to its node-add if you know that program");
}

int node_from_call(const struct cmd_call *c, struct node **ret, struct err *e)
{
    const struct opt_val *v = c->vals;
    if (v[FINGERPRINT].s && !str_starts(v[FINGERPRINT].s, "SHA256:"))
        return err_set(e, ERR_USAGE, "--fingerprint: '%s' does not begin with SHA256:", v[FINGERPRINT].s);
    struct node *n;
    if (check_uri(v, e) < 0 ||
        node_new(v[NAME].s, v[ADDRESS].s, (int)v[PORT].i, v[URI].s, v[FINGERPRINT].s, &v[ROLE].list, &n, e) < 0)
        return -1;
    n->allow_command = v[ALLOW_COMMAND].b;
    *ret = n;
    return 0;
}

static int run(struct cmd_call *c, struct err *e)
{
    struct node *n = NULL;
    if (node_from_call(c, &n, e) < 0)
        return -1;
    json_t *shown = node_json(n);
    struct inventory *inv = ctx_inventory(c->ctx);
    if (inventory_add(inv, n, e) < 0) { // which has released n
        json_decref(shown);
        return -1;
    }
    c->result = shown;
    return inventory_save(inv, e);
}

const struct cmd_def cmd_node_add = {
    .name = "node-add",
    .group = "Nodes",
    .summary = "add a node to the inventory",
    .help =
        "A node is a machine that migsh may log in to by ssh and, if it is a hypervisor, connect to by libvirt.\n"
        "A node whose only roles are storage or nfs is not asked for domains.\n"
        "A URI that has libvirt run a program (transport ext, command=, netcat=) is refused, in the inventory's file\n"
        "too, unless --allow-command stands beside it. connect and --connect take any URI.",
    .example = "node-add source root@192.168.1.100 --role compute\nnode-add nfs 192.168.1.101 --role storage",
    .opts = opts,
    .flags = CMD_MAIN,
    .view = {VIEW_NONE, .message = "Node '{name}' added"},
    .run = run};
