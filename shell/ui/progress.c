// SPDX-License-Identifier: GPL-3.0-or-later
// Progress as a bar and a text. Pure. See progress.h.
#include "ui/progress.h"

#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "base/printable.h"
#include "base/strv.h"

enum { BAR = 24, PERCENT = 7, BAR_AND_PERCENT = BAR + 3 + PERCENT, NARROW = 60 };

void progress_clip(const char *text, int width, struct buf *out)
{
    _cleanup_buf_ struct buf clean = BUF_INIT;
    buf_add_line(&clean, text);
    buf_add(out, buf_str(&clean), str_fitting(buf_str(&clean), width > 0 ? (size_t)width : 0));
}

static void add_bar(double percent, struct buf *out)
{
    percent = percent < 0 ? 0 : percent > 100 ? 100 : percent;
    int filled = (int)(percent / 100 * BAR);
    buf_addc(out, '[');
    buf_addn(out, '=', (size_t)filled);
    if (filled < BAR) {
        buf_addc(out, '>');
        buf_addn(out, ' ', (size_t)(BAR - filled - 1));
    }
    buf_addf(out, "] %3d %%  ", (int)percent);
}

static const char *string_of(const json_t *value, const char *key)
{
    return json_text_at(value, key);
}

void progress_line(const json_t *value, int width, struct buf *out)
{
    const char *job = string_of(value, "job"), *text = string_of(value, "text");
    const char *detail = string_of(value, "detail"), *domain = string_of(value, "domain");
    const json_t *percent = json_object_get(value, "percent");
    if (json_is_number(percent) && width >= NARROW) {
        add_bar(json_number_value(percent), out);
        width -= BAR_AND_PERCENT;
    } else if (json_is_number(percent) && width > PERCENT) {
        buf_addf(out, "%3d %%  ", (int)json_number_value(percent));
        width -= PERCENT;
    }
    _cleanup_free_ char *both = detail && domain ? xasprintf("%s: %s", domain, detail) : NULL;
    const char *words = both ? both : detail ? detail : text ? text : job;
    progress_clip(words ? words : "", width, out);
}
