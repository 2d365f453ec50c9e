// SPDX-License-Identifier: GPL-3.0-or-later
// Lines of /etc/hosts. Pure. See hosts.h.
#include "core/hosts/hosts.h"

#include <ctype.h>
#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "base/strv.h"
#include "core/change/text.h"
#include "core/console/address.h"
#include "core/hosts/tools_priv.h"
#include "core/node/names.h"
#include "core/node/place.h"

void hosts_release(struct hosts *h)
{
    for (size_t i = 0; i < h->n; i++) {
        free(h->list[i].name);
        free(h->list[i].address);
    }
    free(h->list);
    free(h->own);
    *h = (struct hosts){NULL, 0, NULL};
}

// RFC 1123 2.1: labels of letters, digits and inner hyphens, 63 at most, 255 in all; the last one not all digits, as
// the name would look like an address.
bool hosts_name_is_valid(const char *name)
{
    size_t label = 0;
    bool digits = true;
    if (!*name || strlen(name) > 253)
        return false;
    for (const char *p = name; *p; p++) {
        if (*p == '.') {
            if (!label || p[-1] == '-')
                return false;
            label = 0;
            digits = true;
            continue;
        }
        if (!isalnum((unsigned char)*p) && (*p != '-' || !label))
            return false;
        digits &= isdigit((unsigned char)*p) != 0;
        if (++label > 63)
            return false;
    }
    return label && name[strlen(name) - 1] != '-' && !digits;
}

int hosts_add(struct hosts *h, const char *name, const char *address, struct err *e)
{
    struct address a;
    if (node_name_is_anybodys(name))
        return err_set(e, ERR_USAGE, "'%s' means the machine itself: migsh does not change it", name);
    if (!hosts_name_is_valid(name)) {
        err_set(e, ERR_USAGE, "'%s' cannot be a host name (RFC 1123)", name);
        return err_hint(e, "letters, digits and inner hyphens, in labels of at most 63; name the node otherwise");
    }
    if (!address_parse(address, &a))
        return err_set(e, ERR_USAGE, "node %s: '%s' is not an address", name, address);
    if (node_name_is_anybodys(address))
        return err_set(e, ERR_USAGE, "node %s: %s is a loopback address, which leads each machine to itself", name,
                       address);
    h->list = xrealloc(h->list, h->n + 1, sizeof(*h->list));
    h->list[h->n++] = (struct hosts_entry){xstrdup(name), xstrdup(address)};
    return 0;
}

void hosts_text(const struct hosts *h, struct buf *out)
{
    for (size_t i = 0; i < h->n; i++)
        buf_addf(out, "%s %s\n", h->list[i].address, h->list[i].name);
}

// The words of a line before its comment; the first is the address.
static void words_of(const char *line, size_t len, struct strv *ret)
{
    const char *end = memchr(line, '#', len);
    end = end ? end : line + len;
    while (line < end) {
        while (line < end && isspace((unsigned char)*line))
            line++;
        const char *start = line;
        while (line < end && !isspace((unsigned char)*line))
            line++;
        if (line > start)
            strv_take(ret, xstrndup(start, (size_t)(line - start)));
    }
}

// Why this name of a line is in the way: the address that it should have, or "" for the machine's own on loopback;
// NULL: it is not.
static const char *in_the_way(const struct hosts *h, const struct address *a, const char *name)
{
    if (node_name_is_anybodys(name))
        return NULL;
    for (size_t i = 0; i < h->n; i++) {
        struct address wanted;
        if (strcasecmp(h->list[i].name, name) == 0 && address_parse(h->list[i].address, &wanted) &&
            !address_equal(&wanted, a))
            return h->list[i].address;
    }
    return h->own && strcasecmp(h->own, name) == 0 && address_is_loopback(a) ? "" : NULL;
}

void hosts_conflicts(const struct hosts *h, const char *text, size_t len, json_t *ret_notes)
{
    _cleanup_lines_ struct text_lines t;
    text_split(text, len, &t);
    for (size_t i = 0; i < t.n; i++) {
        _cleanup_strv_ struct strv words = STRV_INIT;
        struct address a;
        if (!t.l[i].in_block)
            words_of(t.l[i].s, t.l[i].len, &words);
        if (words.n < 2 || !address_parse(words.s[0], &a))
            continue;
        for (size_t k = 1; k < words.n; k++) {
            const char *wanted = in_the_way(h, &a, words.s[k]);
            if (!wanted)
                continue;
            _cleanup_free_ char *note =
                *wanted
                    ? xasprintf("line %zu gives %s the address %s, not %s (--fix-conflicts mends it)", i + 1,
                                words.s[k], words.s[0], wanted)
                    : xasprintf("line %zu gives the machine's own name %s the address %s: a migration to it would be "
                                "sent to the wrong machine (--fix-conflicts mends it)",
                                i + 1, words.s[k], words.s[0]);
            json_array_append_new(ret_notes, json_text(note));
        }
    }
}

char *hosts_mend(const struct hosts *h, const char *line, size_t len)
{
    _cleanup_strv_ struct strv words = STRV_INIT;
    struct address a;
    words_of(line, len, &words);
    if (words.n < 2 || !address_parse(words.s[0], &a))
        return NULL;
    _cleanup_buf_ struct buf out = BUF_INIT;
    buf_adds(&out, words.s[0]);
    size_t left = 0;
    for (size_t k = 1; k < words.n; k++) {
        if (in_the_way(h, &a, words.s[k]))
            continue;
        buf_addf(&out, "%c%s", left++ ? ' ' : '\t', words.s[k]);
    }
    if (left == words.n - 1)
        return NULL;
    if (!left)
        buf_truncate(&out, 0);
    const char *comment = memchr(line, '#', len);
    if (!left) {
        buf_adds(&out, "# migsh: ");
        buf_add(&out, line, len);
    } else if (comment) {
        buf_addc(&out, ' ');
        buf_add(&out, comment, len - (size_t)(comment - line));
    }
    return buf_steal(&out);
}

void hosts_verify_script(const struct hosts *h, struct buf *out)
{
    _cleanup_buf_ struct buf wanted = BUF_INIT, fine = BUF_INIT;
    _cleanup_free_ const char **words = xcalloc(h->n + 2, sizeof(*words));
    for (size_t i = 0; i < h->n; i++) {
        buf_addf(&wanted, "%s %s\n", h->list[i].name, h->list[i].address);
        buf_addf(&fine, "%s%-15s %s", i ? "\n" : "", h->list[i].address, h->list[i].name);
        words[i + 2] = h->list[i].name;
    }
    words[0] = buf_str(&fine);
    words[1] = buf_str(&wanted);
    _cleanup_free_ char *script = place_script(hosts_verify, words, h->n + 2);
    buf_adds(out, script);
}

json_t *hosts_lines(const char *text, size_t len)
{
    _cleanup_lines_ struct text_lines t;
    text_split(text, len, &t);
    json_t *all = json_array();
    for (size_t i = 0; i < t.n; i++) {
        _cleanup_strv_ struct strv words = STRV_INIT;
        _cleanup_buf_ struct buf names = BUF_INIT;
        struct address a;
        words_of(t.l[i].s, t.l[i].len, &words);
        if (words.n < 2 || !address_parse(words.s[0], &a))
            continue;
        for (size_t k = 1; k < words.n; k++)
            buf_addf(&names, "%s%s", k > 1 ? " " : "", words.s[k]);
        json_array_append_new(all, json_pack("{s:o, s:o, s:b}", "address", json_text(words.s[0]), "names",
                                             json_text(buf_str(&names)), "managed", (int)t.l[i].in_block));
    }
    return all;
}
