// SPDX-License-Identifier: GPL-3.0-or-later
// Words of nodes: what one says of its keys, of files, of itself. Only names and keys come out, and memory is bounded
// by what came in.
#include "core/keys/gather.c"

#include "core/node/ask.h"
#include "fuzz.h"

static void release(struct keys_account *a)
{
    free(a->user), free(a->identity), free(a->key_file), free(a->root_rule), free(a->locked);
    strv_release(&a->own_names), strv_release(&a->host_keys), strv_release(&a->public_keys);
    for (size_t i = 0; i < a->n_modes; i++)
        free(a->modes[i].path);
    free(a->modes);
    buf_release(&a->known), buf_release(&a->global), buf_release(&a->authorized);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    _cleanup_buf_ struct buf out = BUF_INIT;
    buf_adds(&out, "@migsh facts\n");
    buf_add(&out, data, size);
    struct keys_account a = {.port = (int)(size % 3) * 11};
    _cleanup_err_ struct err e = ERR_INIT;
    _cleanup_facts_ struct facts facts = {0};
    must(facts_parse(buf_str(&out), out.len, &facts));
    must(facts.text_len <= size);
    if (take_facts(&a, &facts, &e) < 0)
        must(e.msg);
    for (size_t i = 0; i < a.own_names.n; i++)
        must(!strpbrk(a.own_names.s[i], " \t\r\n,*?!|@#\"") && a.own_names.s[i][0]);
    for (size_t i = 0; i < a.host_keys.n; i++)
        must(!strpbrk(a.host_keys.s[i], "\r\n\"") && strchr(a.host_keys.s[i], ' ') == strrchr(a.host_keys.s[i], ' '));
    for (size_t i = 0; i < a.n_modes; i++)
        must(a.modes[i].path[0] == '/' && !strchr(a.modes[i].path, '\n') && a.modes[i].mode & 022);
    must(a.known.len + a.global.len + a.authorized.len <= size + 8);
    release(&a);
    return 0;
}
