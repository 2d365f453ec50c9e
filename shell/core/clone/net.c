// SPDX-License-Identifier: GPL-3.0-or-later
// Cloning a network. Job threads. See clone.h.
#include "io/virt/net.h"
#include "base/mem.h"
#include "core/clone/clone_priv.h"
#include "io/xml.h"

CLONE_FUNCTIONS_OF(net)

// Without uuid, the bridge's MAC address and layout, which libvirt makes itself.
static int essence(const char *xml, char **ret, struct err *e)
{
    _cleanup_(xml_free_p) struct xml_doc *doc = NULL;
    if (xml_parse(xml, &doc, e) < 0)
        return -1;
    xml_remove(doc, "/network/uuid | /network/mac | /network/@connections | //text()[normalize-space() = '']");
    *ret = xml_text(doc);
    return 0;
}

static int start(struct clone *k, struct err *e)
{
    return virt_net_start(k->there, e) < 0 ? clone_failed(k, "start", e) : 0;
}

static const struct clone_ops ops = {
    .noun = "network", .family = "net", .essence = essence, CLONE_ROWS_OF(net), .start = start};

int clone_net(struct virt_net *from, const struct clone_way *way, struct job *job, json_t **ret, struct err *e)
{
    struct clone k = {.ops = &ops, .from = from, .way = way, .job = job};
    return clone_run(&k, ret, e);
}
