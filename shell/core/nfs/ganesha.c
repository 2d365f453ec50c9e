// SPDX-License-Identifier: GPL-3.0-or-later
// Export blocks of nfs-ganesha. Pure. See ganesha.h.
#include "core/nfs/ganesha.h"

#include <ctype.h>
#include <stdint.h>
#include <string.h>

#include "base/json.h"
#include "core/change/change.h"

int ganesha_check_path(const char *path, struct err *e)
{
    for (const char *s = path; *s; s++) {
        if (iscntrl((unsigned char)*s) || *s == '"' || *s == '\\' || *s == '\'') {
            err_set(e, ERR_USAGE,
                    "nfs-ganesha's configuration cannot carry a path with quotes, '\\' or control characters");
            return err_hint(e, "rename the directory, or export one above it");
        }
    }
    return 0;
}

// FNV-1a (32 bit), so that "/a/b" and "/a-b" do not meet in one tag.
char *ganesha_tag(const char *path)
{
    uint32_t hash = 2166136261U;
    _cleanup_buf_ struct buf b = BUF_INIT;
    buf_adds(&b, "export");
    for (const char *s = path; *s; s++) {
        hash = (hash ^ (unsigned char)*s) * 16777619U;
        if (b.len < 64)
            buf_addc(&b, isalnum((unsigned char)*s) || *s == '.' || *s == '_' ? *s : '-');
    }
    buf_addf(&b, "-%08x", (unsigned)hash);
    return buf_steal(&b);
}

static const char *squash_of(const char *options)
{
    if (exports_has(options, "all_squash"))
        return "All_Squash";
    return exports_has(options, "no_root_squash") ? "No_Root_Squash" : "Root_Squash";
}

// krb5:krb5i -> krb5, krb5i
static void add_flavours(const char *flavours, struct buf *out)
{
    _cleanup_strv_ struct strv all = STRV_INIT;
    strv_split(&all, flavours, ':');
    buf_adds(out, " SecType =");
    for (size_t i = 0; i < all.n; i++)
        buf_addf(out, "%s %s", i ? "," : "", all.s[i]);
    buf_addc(out, ';');
}

static void add_client(const struct exports_client *c, struct buf *out)
{
    static const char *const ids[][2] = {{"anonuid", "Anonymous_Uid"}, {"anongid", "Anonymous_Gid"}};
    const char *o = c->options;
    buf_addf(out, "    CLIENT { Clients = %s; Access_Type = %s; Squash = %s;", *c->name ? c->name : "*",
             exports_has(o, "rw") ? "RW" : "RO", squash_of(o));
    for (size_t i = 0; i < ARRAY_SIZE(ids); i++) {
        _cleanup_free_ char *id = exports_value(o, ids[i][0]);
        if (id)
            buf_addf(out, " %s = %s;", ids[i][1], id);
    }
    _cleanup_free_ char *flavours = exports_value(o, "sec");
    if (flavours)
        add_flavours(flavours, out);
    if (exports_has(o, "secure"))
        buf_adds(out, " PrivilegedPort = true;");
    buf_adds(out, " }\n");
}

static void tell_ignored(const struct exports_client *c, json_t *notes)
{
    static const char *const had[] = {
        "rw",     "ro",       "root_squash", "no_root_squash",  "all_squash", "no_all_squash",
        "secure", "insecure", "sync",        "no_subtree_check"};
    static const char *const had_values[] = {"anonuid=", "anongid=", "sec="};
    _cleanup_strv_ struct strv words = STRV_INIT;
    strv_split(&words, c->options, ',');
    for (size_t i = 0; i < words.n; i++) {
        bool known = false;
        for (size_t k = 0; k < ARRAY_SIZE(had); k++)
            known = known || strcmp(had[k], words.s[i]) == 0;
        for (size_t k = 0; k < ARRAY_SIZE(had_values); k++)
            known = known || str_starts(words.s[i], had_values[k]);
        if (!known) {
            _cleanup_free_ char *text = xasprintf("nfs-ganesha has no word for the option %s: left out", words.s[i]);
            json_array_append_new(notes, json_text(text));
        }
    }
}

void ganesha_export(unsigned id, const struct exports_entry *en, const char *line, struct buf *out, json_t *notes)
{
    buf_addf(out, "# %s\n", line);
    buf_addf(out, "EXPORT {\n    Export_Id = %u;\n    Path = \"%s\";\n    Pseudo = \"%s\";\n", id, en->path, en->path);
    buf_adds(out, "    Access_Type = None;\n    FSAL { Name = VFS; }\n");
    for (size_t i = 0; i < en->n_clients; i++) {
        add_client(&en->clients[i], out);
        tell_ignored(&en->clients[i], notes);
    }
    buf_adds(out, "}\n");
}

// The value behind "key =" at or after s, or NULL.
static const char *find_value(const char *s, const char *end, const char *key)
{
    size_t n = strlen(key);
    for (; s + n < end; s++) {
        if (strncasecmp(s, key, n) != 0)
            continue;
        const char *v = s + n;
        while (v < end && isspace((unsigned char)*v))
            v++;
        if (v >= end || *v != '=')
            continue;
        for (v++; v < end && isspace((unsigned char)*v); v++)
            ;
        return v;
    }
    return NULL;
}

char *ganesha_entry(const char *body, size_t len, unsigned *ret_id)
{
    const char *newline = memchr(body, '\n', len);
    // The first line is the entry of exports(5): its words are not ours.
    const char *id = newline ? find_value(newline, body + len, "Export_Id") : NULL;
    *ret_id = id ? (unsigned)strtoul(id, NULL, 10) : 0;
    if (!newline || len < 2 || strncmp(body, "# ", 2) != 0)
        return xstrdup("");
    return xstrndup(body + 2, (size_t)(newline + 1 - body - 2));
}

bool ganesha_exports(const char *conf, size_t len, const char *path, const char *tag)
{
    const char *body = NULL, *end = conf + len;
    size_t body_len = 0, n = strlen(path);
    change_block_find(conf, len, tag, &body, &body_len);
    for (const char *v = find_value(conf, end, "Path"); v; v = find_value(v, end, "Path")) {
        bool quoted = v < end && (*v == '"' || *v == '\'');
        const char *s = v + quoted;
        bool ours = body && v >= body && v < body + body_len;
        if (!ours && (size_t)(end - s) > n && memcmp(s, path, n) == 0 &&
            (quoted ? s[n] == *v : strchr("; \t\r\n", s[n]) != NULL))
            return true;
    }
    return false;
}
