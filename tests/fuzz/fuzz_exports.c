// SPDX-License-Identifier: GPL-3.0-or-later
// /etc/exports of a node: always an end, other entries to the byte, and setting or removing twice changes nothing.
#include "core/nfs/exports.h"
#include "fuzz.h"

static void spans(const char *text, size_t n)
{
    struct exports x;
    exports_parse(text, n, &x);
    for (size_t i = 0; i < x.n; i++) {
        const struct exports_entry *en = &x.entries[i];
        must(en->path && en->whole <= en->end && en->end <= en->whole_end && en->whole_end <= n);
        must(!i || x.entries[i - 1].whole_end <= en->whole);
        for (size_t k = 0; k < en->n_clients; k++)
            must(en->clients[k].start < en->clients[k].end && en->clients[k].end <= en->end);
    }
    exports_release(&x);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct in in = {data, size};
    unsigned which = in_byte(&in);
    static const char *const paths[] = {"/srv/nfs", "/a", "/with blank", "/x#y"};
    static const char *const clients[] = {"192.0.2.1", "*", "192.0.2.0/24", "a.example"};
    const char *path = paths[which % 4], *client = clients[which / 4 % 4], *options = which & 16 ? "ro" : "rw,sync";
    size_t n;
    _cleanup_free_ char *text = in_rest(&in, &n);
    spans(text, n);
    _cleanup_buf_ struct buf set = BUF_INIT, twice = BUF_INIT, unset = BUF_INIT, gone = BUF_INIT;
    exports_set(text, n, path, client, options, &set);
    spans(buf_str(&set), set.len);
    exports_set(buf_str(&set), set.len, path, client, options, &twice);
    must(same(buf_str(&set), set.len, buf_str(&twice), twice.len));
    exports_unset(text, n, path, client, &unset);
    exports_unset(buf_str(&unset), unset.len, path, client, &gone);
    must(same(buf_str(&unset), unset.len, buf_str(&gone), gone.len));
    must(unset.len <= n);
    return 0;
}
