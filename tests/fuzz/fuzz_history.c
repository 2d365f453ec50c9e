// SPDX-License-Identifier: GPL-3.0-or-later
// The history's file: what is written is read as the same entry, whatever it holds.
#include "ui/history.c"

#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct in in = {data, size};
    size_t n;
    _cleanup_free_ char *text = in_rest(&in, &n);
    _cleanup_buf_ struct buf line = BUF_INIT, again = BUF_INIT;
    encode(text, &line);
    must(strchr(line.s, '\n') == line.s + line.len - 1); // one line
    _cleanup_free_ char *back = decode(line.s, line.len - 1);
    must(strcmp(back, text) == 0);
    _cleanup_free_ char *foreign = decode(text, strcspn(text, "\n")), *kept = NULL; // a line of somebody's
    encode(foreign, &again);
    kept = decode(again.s, again.len - 1);
    must(strcmp(kept, foreign) == 0);
    return 0;
}
