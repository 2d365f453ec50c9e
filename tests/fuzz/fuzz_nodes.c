// SPDX-License-Identifier: GPL-3.0-or-later
// The inventory: what is read from a file of node-add lines, and written, is read as the same nodes.
#include "cmd/node/nodes_file.h"
#include "core/console/inventory.h"
#include "fuzz.h"

static void lines_of(struct ctx *ctx, struct buf *out)
{
    size_t n;
    struct node **all = inventory_all(ctx_inventory(ctx), &n);
    for (size_t i = 0; i < n; i++) {
        node_line(all[i], out);
        must(memchr(out->s, '\0', out->len) == NULL);
        buf_addc(out, '\n');
    }
    node_list_free(all, n);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct in in = {data, size};
    size_t n;
    _cleanup_free_ char *text = in_rest(&in, &n);
    _cleanup_err_ struct err e = ERR_INIT;
    _cleanup_buf_ struct buf written = BUF_INIT, again = BUF_INIT;
    struct ctx *a = ctx_new(NULL), *b = ctx_new(NULL);
    if (nodes_file_load(a, text, "nodes", &e) < 0)
        must(e.code != ERR_NONE && strstr(e.msg, "nodes"));
    lines_of(a, &written);
    must(nodes_file_load(b, buf_str(&written), "nodes", &e) == 0);
    lines_of(b, &again);
    must(strcmp(buf_str(&written), buf_str(&again)) == 0);
    ctx_free(a);
    ctx_free(b);
    return 0;
}
