// SPDX-License-Identifier: GPL-3.0-or-later
// Command lines: words written with quotes are read as the same words; completion stays left of the cursor.
#include "cmd/engine/parse.h"
#include "fuzz.h"

static void add_quoted(struct buf *b, const char *word)
{
    buf_addc(b, '\'');
    for (; *word; word++)
        *word == '\'' ? buf_adds(b, "'\\''") : buf_addc(b, *word);
    buf_adds(b, "' ");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct in in = {data, size};
    size_t cut = in_byte(&in), n;
    _cleanup_free_ char *text = in_rest(&in, &n);
    _cleanup_err_ struct err e = ERR_INIT;
    struct parsed all, again;
    bool incomplete = false;
    n = strlen(text);
    if (parse_text(text, &all, &incomplete, &e) == 0) {
        _cleanup_buf_ struct buf b = BUF_INIT;
        for (size_t i = 0; i < all.n; i++) {
            must(all.cmds[i].n > 0);
            for (size_t k = 0; k < all.cmds[i].n; k++)
                add_quoted(&b, all.cmds[i].s[k]);
            buf_addc(&b, '\n');
        }
        must(parse_text(buf_str(&b), &again, &incomplete, &e) == 0 && again.n == all.n);
        for (size_t i = 0; i < all.n; i++) {
            must(again.cmds[i].n == all.cmds[i].n);
            for (size_t k = 0; k < all.cmds[i].n; k++)
                must(strcmp(again.cmds[i].s[k], all.cmds[i].s[k]) == 0);
        }
        parsed_release(&again);
        parsed_release(&all);
    } else {
        must(e.msg && e.code == ERR_USAGE);
    }
    _cleanup_strv_ struct strv words = STRV_INIT;
    size_t end = n ? cut % (n + 1) : 0, start = SIZE_MAX;
    char quote = 'x';
    parse_for_completion(text, end, &words, &start, &quote);
    must(words.n > 0 && start <= end && (!quote || quote == '\'' || quote == '"'));
    return 0;
}
