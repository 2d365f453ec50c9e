// SPDX-License-Identifier: GPL-3.0-or-later
// A file of libvirt's settings on a node: what is set is there afterwards, setting and unsetting twice is as once, and
// every other setting stays.
#include "core/access/conf.h"
#include "fuzz.h"

static void edit(const char *text, size_t n, const char *word, bool unset, struct buf *out)
{
    _cleanup_wishes_ struct conf_wishes w = {NULL, 0};
    _cleanup_err_ struct err e = ERR_INIT;
    must(conf_wish_add(&w, CONF_DAEMON, word, unset, &e) == 0);
    must(conf_edit(text, n, &w, out, &e) == 0);
}

static void parse(const char *text, size_t n, struct conf *ret)
{
    _cleanup_err_ struct err e = ERR_INIT;
    must(conf_parse(text, n, ret, &e) == 0);
    for (size_t i = 0; i < ret->n; i++) {
        const struct conf_entry *x = &ret->all[i];
        must(x->at < x->value_at && x->value_at < x->end && x->end <= n && (!i || ret->all[i - 1].end < x->at));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct in in = {data, size};
    static const char *const words[][2] = {{"max_clients=7", "max_clients"},
                                           {"unix_sock_group=libvirt", "unix_sock_group"},
                                           {"access_drivers=a,b", "access_drivers"}};
    const char *const *word = words[in_byte(&in) % ARRAY_SIZE(words)];
    size_t n;
    _cleanup_free_ char *text = in_rest(&in, &n);
    _cleanup_conf_ struct conf before = {NULL, 0}, after = {NULL, 0}, without = {NULL, 0};
    _cleanup_err_ struct err e = ERR_INIT;
    json_decref(conf_stock(text, n, word[1]));
    if (conf_parse(text, n, &before, &e) < 0)
        return 0;
    _cleanup_buf_ struct buf set = BUF_INIT, twice = BUF_INIT, unset = BUF_INIT, gone = BUF_INIT;
    edit(text, n, word[0], false, &set);
    edit(buf_str(&set), set.len, word[0], false, &twice);
    must(same(buf_str(&set), set.len, buf_str(&twice), twice.len));
    parse(buf_str(&set), set.len, &after);
    must(conf_find(&after, word[1]) && after.n == before.n + !conf_find(&before, word[1]));
    edit(buf_str(&set), set.len, word[1], true, &unset);
    edit(buf_str(&unset), unset.len, word[1], true, &gone);
    must(same(buf_str(&unset), unset.len, buf_str(&gone), gone.len));
    parse(buf_str(&unset), unset.len, &without);
    must(!conf_find(&without, word[1]));
    return 0;
}
