// SPDX-License-Identifier: GPL-3.0-or-later
// What a host could make pools of: exports, volume groups, targets.
#include "base/buf.h"
#include "base/json.h"
#include "base/mem.h"
#include "cmd/commands.h"
#include "cmd/objects.h"
#include "cmd/pool/storage.h"
#include "cmd/rows.h"
#include "io/virt/pool.h"
#include "io/xml.h"

enum { TYPE, HOST, PORT, INITIATOR, SRC_SPEC = HOST };

#define TYPE_ROW(help)                                                                                                 \
    {                                                                                                                  \
        "type", OPT_STRING, OPTF_POS | OPTF_REQ, help, .complete = storage_complete_type                               \
    }

static const struct opt_def opts[] = {
    [TYPE] = TYPE_ROW("type of storage pool sources to discover"),
    [SRC_SPEC] = {"srcSpec", OPT_PATH, OPTF_POS, "optional file of source xml to query for pools"},
    {NULL},
};
static const struct opt_def as_opts[] = {
    [TYPE] = TYPE_ROW("type of storage pool sources to find"),
    [HOST] = {"host", OPT_STRING, OPTF_POS, "optional host to query"},
    [PORT] = {"port", OPT_STRING, OPTF_POS, "optional port to query", .needs = "host"},
    [INITIATOR] = {"initiator", OPT_STRING, OPTF_POS, "optional initiator IQN to use for query"},
    {NULL},
};

static int find(struct cmd_call *c, const char *source, struct err *e)
{
    _cleanup_free_ char *xml = NULL;
    if (virt_pool_sources(c->conn, c->vals[TYPE].s, source, &xml, e) < 0)
        return err_wrap(e, "failed to find any %s pool sources", c->vals[TYPE].s);
    c->result = json_text(xml);
    return 0;
}

static int run(struct cmd_call *c, struct err *e)
{
    _cleanup_free_ char *source = NULL;
    if (c->vals[SRC_SPEC].s && object_read_file(c->vals[SRC_SPEC].s, &source, e) < 0)
        return -1;
    return find(c, source, e);
}

static int run_as(struct cmd_call *c, struct err *e)
{
    const struct opt_val *v = c->vals;
    _cleanup_buf_ struct buf b = BUF_INIT;
    buf_adds(&b, "<source>");
    if (v[HOST].s) {
        buf_adds(&b, "<host");
        xml_add_attribute(&b, "name", v[HOST].s);
        xml_add_attribute(&b, "port", v[PORT].s);
        buf_adds(&b, "/>");
    }
    if (v[INITIATOR].s) {
        buf_adds(&b, "<initiator><iqn");
        xml_add_attribute(&b, "name", v[INITIATOR].s);
        buf_adds(&b, "/></initiator>");
    }
    buf_adds(&b, "</source>");
    return find(c, v[HOST].s || v[INITIATOR].s ? buf_str(&b) : NULL, e);
}

const struct cmd_def cmd_find_storage_pool_sources = {
    .name = "find-storage-pool-sources",
    .group = "Storage",
    .summary = "discover potential storage pool sources",
    .help = "As XML, whose <source> pool-define takes.",
    .example = "find-storage-pool-sources logical\nfind-storage-pool-sources netfs nfs.xml",
    .opts = opts,
    .flags = CMD_CONN | CMD_READS,
    .view = {VIEW_TEXT},
    .run = run};

const struct cmd_def cmd_find_storage_pool_sources_as = {
    .name = "find-storage-pool-sources-as",
    .group = "Storage",
    .summary = "find potential storage pool sources",
    .help = "As XML, whose <source> pool-define takes. Of netfs the exports of HOST.",
    .example = "find-storage-pool-sources-as netfs 192.168.1.101\nfind-storage-pool-sources-as iscsi san 3260",
    .opts = as_opts,
    .flags = CMD_CONN | CMD_READS,
    .view = {VIEW_TEXT},
    .run = run_as};
