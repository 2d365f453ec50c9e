// SPDX-License-Identifier: GPL-3.0-or-later
// An ssh-agent's list of keys, filtered: a message of the right shape that holds none but the allowed keys.
#include "io/ssh/agent.c"

#include "fuzz.h"

static size_t keys_in(const struct buf *m)
{
    size_t at = 9, n = 0;
    must(m->len >= at && number_at(m, 0) == m->len - 4);
    for (; at < m->len; n++) {
        for (int part = 0; part < 2; part++) { // blob and comment
            must(m->len - at >= 4 && number_at(m, at) <= m->len - at - 4);
            at += 4 + number_at(m, at);
        }
    }
    must(n == number_at(m, 5));
    return n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct in in = {data, size};
    bool limited = in_byte(&in) & 1;
    struct strv allowed = STRV_INIT;
    strv_add(&allowed, "AAAA");
    struct remote_agent a = {.allowed = limited ? &allowed : NULL};
    struct buf m = BUF_INIT;
    buf_addn(&m, '\0', 4);
    buf_add(&m, in.p, in.n);
    put_number(&m, 0, (uint32_t)in.n);
    filter_keys(&a, &m);
    if (m.len >= 9) {
        must(keys_in(&m) == a.shown.n && m.len <= in.n + 4 + 9);
        for (size_t i = 0; limited && i < a.shown.n; i++)
            must(strcmp(a.shown.s[i], "AAAA") == 0);
    }
    strv_release(&a.shown);
    strv_release(&allowed);
    buf_release(&m);
    return 0;
}
