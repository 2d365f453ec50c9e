// SPDX-License-Identifier: GPL-3.0-or-later
// The size of the cache of xbzrle compression.
#include <limits.h>

#include "cmd/commands.h"
#include "cmd/rows.h"
#include "core/migrate/report.h"
#include "io/virt/migrate.h"

enum { DOMAIN, SIZE };

static const struct opt_def opts[] = {
    [DOMAIN] = DOMAIN_ROW,
    [SIZE] = {"size", OPT_SIZE, OPTF_POS, "the size to set; a bare number is in bytes"},
    {NULL},
};

static int run(struct cmd_call *c, struct err *e)
{
    struct virt_dom *d = c->vals[DOMAIN].dom;
    unsigned long long bytes;
    if (c->vals[SIZE].given && virt_migrate_set_cache(d, c->vals[SIZE].bytes, e) < 0)
        return -1;
    if (virt_migrate_get_cache(d, &bytes, e) < 0)
        return -1;
    c->result = json_pack("{s:I}", "bytes", (json_int_t)bytes);
    return 0;
}

static void render(const json_t *value, struct buf *out)
{
    buf_adds(out, "Compression cache: ");
    migrate_add_capacity(out, (double)json_integer_value(json_object_get(value, "bytes")));
    buf_addc(out, '\n');
}

const struct cmd_def cmd_migrate_compcache = {
    .name = "migrate-compcache",
    .group = "Migration",
    .summary = "get or set the size of the compression cache",
    .help =
        "The cache of --compressed (xbzrle), which remembers memory that was sent once. QEMU rounds the size down to\n"
        "a power of two.",
    .example = "migrate-compcache busy\nmigrate-compcache busy --size 128M",
    .opts = opts,
    .flags = CMD_CONN,
    .view = {VIEW_CUSTOM, .render = render},
    .run = run};
