// SPDX-License-Identifier: GPL-3.0-or-later
// Lines of authorized_keys and known_hosts files. See keys/line.h. Pure.
#include "core/keys/line.h"

#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "base/strv.h"
#include "io/ssh/known.h"

// What a line may begin with; ssh-dss and the certificates are told from options by it, but are not handed on.
static const struct {
    const char *name;
    bool good;
} key_types[] = {
    {"ssh-ed25519", true},
    {"ecdsa-sha2-nistp256", true},
    {"ecdsa-sha2-nistp384", true},
    {"ecdsa-sha2-nistp521", true},
    {"ssh-rsa", true},
    {"sk-ssh-ed25519@openssh.com", true},
    {"sk-ecdsa-sha2-nistp256@openssh.com", true},
    {"ssh-dss", false},
    {"ssh-ed25519-cert-v01@openssh.com", false},
    {"ecdsa-sha2-nistp256-cert-v01@openssh.com", false},
    {"ecdsa-sha2-nistp384-cert-v01@openssh.com", false},
    {"ecdsa-sha2-nistp521-cert-v01@openssh.com", false},
    {"ssh-rsa-cert-v01@openssh.com", false},
    {"ssh-dss-cert-v01@openssh.com", false},
    {"sk-ssh-ed25519-cert-v01@openssh.com", false},
    {"sk-ecdsa-sha2-nistp256-cert-v01@openssh.com", false},
    {"ssh-xmss@openssh.com", false},
    {"ssh-xmss-cert-v01@openssh.com", false},
};

struct word {
    const char *s;
    size_t n;
};

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

// Takes the next word off the line; n is 0 at its end.
static struct word next_word(const char **line, size_t *len)
{
    while (*len && is_blank(**line))
        (*line)++, (*len)--;
    struct word w = {*line, 0};
    while (w.n < *len && !is_blank(w.s[w.n]))
        w.n++;
    *line += w.n;
    *len -= w.n;
    return w;
}

static bool word_is(struct word w, const char *s)
{
    return strlen(s) == w.n && memcmp(w.s, s, w.n) == 0;
}

static bool is_type(struct word w, bool only_good)
{
    for (size_t i = 0; i < ARRAY_SIZE(key_types); i++) {
        if (word_is(w, key_types[i].name))
            return key_types[i].good || !only_good;
    }
    return false;
}

char *keys_public(const char *line, size_t len)
{
    struct word type = next_word(&line, &len), key = next_word(&line, &len);
    if (!is_type(type, true) || !key.n)
        return NULL;
    _cleanup_free_ char *t = xstrndup(type.s, type.n), *k = xstrndup(key.s, key.n);
    return remote_known_key_valid(t, k) ? xasprintf("%s %s", t, k) : NULL;
}

// Options end at the first blank outside of quotes; \" inside of them is no end (sshd's own reading). Lends them.
static struct word take_options(const char **line, size_t *len)
{
    struct word w = {*line, 0};
    bool quoted = false;
    while (w.n < *len && (quoted || !is_blank(w.s[w.n]))) {
        if (w.s[w.n] == '\\' && w.n + 1 < *len && w.s[w.n + 1] == '"')
            w.n++;
        else if (w.s[w.n] == '"')
            quoted = !quoted;
        w.n++;
    }
    *line += w.n;
    *len -= w.n;
    return w;
}

static bool names_authority(struct word options)
{
    static const char name[] = "cert-authority";
    bool quoted = false;
    for (size_t at = 0, i = 0; i <= options.n; i++) {
        char c = i < options.n ? options.s[i] : ',';
        if (c == '\\' && i + 1 < options.n && options.s[i + 1] == '"')
            i++;
        else if (c == '"')
            quoted = !quoted;
        else if (c == ',' && !quoted) {
            if (i - at == strlen(name) && strncasecmp(options.s + at, name, i - at) == 0)
                return true;
            at = i + 1;
        }
    }
    return false;
}

// Splits a line into its options (n 0: none) and key; false for what is no key line.
static bool split_authorized(const char *line, size_t len, struct word *ret_options, struct word *ret_key)
{
    while (len && is_blank(*line))
        line++, len--;
    if (!len || *line == '#')
        return false;
    const char *at = line;
    size_t left = len;
    *ret_options = (struct word){line, 0};
    if (!is_type(next_word(&at, &left), false)) {
        at = line;
        left = len;
        *ret_options = take_options(&at, &left);
        if (!is_type(next_word(&at, &left), false))
            return false;
    }
    *ret_key = next_word(&at, &left);
    return ret_key->n > 0;
}

char *keys_authorized_key(const char *line, size_t len)
{
    struct word options, key;
    if (!split_authorized(line, len, &options, &key))
        return NULL;
    return xasprintf("%s%.*s", names_authority(options) ? "CA " : "", (int)key.n, key.s);
}

bool keys_has_options(const char *line, size_t len)
{
    struct word options, key;
    return split_authorized(line, len, &options, &key) && options.n > 0;
}

struct known {
    struct word marker, names, type, key; // marker.n 0: none
};

static bool split_known(const char *line, size_t len, struct known *ret)
{
    *ret = (struct known){0};
    struct word w = next_word(&line, &len);
    if (!w.n || *w.s == '#')
        return false;
    if (*w.s == '@') {
        ret->marker = w;
        w = next_word(&line, &len);
    }
    ret->names = w;
    ret->type = next_word(&line, &len);
    ret->key = next_word(&line, &len);
    return ret->key.n > 0;
}

char *keys_known_line(const char *line, size_t len)
{
    struct known k;
    if (!split_known(line, len, &k))
        return NULL;
    return xasprintf("%.*s%s%.*s %.*s %.*s", (int)k.marker.n, k.marker.n ? k.marker.s : "", k.marker.n ? " " : "",
                     (int)k.names.n, k.names.s, (int)k.type.n, k.type.s, (int)k.key.n, k.key.s);
}

char *keys_known_key(const char *line, size_t len)
{
    struct known k;
    return split_known(line, len, &k) && !k.marker.n ? xstrndup(k.key.s, k.key.n) : NULL;
}

bool keys_known_names(const char *line, size_t len, const char *name)
{
    struct known k;
    if (!split_known(line, len, &k) || k.marker.n)
        return false;
    _cleanup_free_ char *field = xstrndup(k.names.s, k.names.n);
    if (str_starts(field, "|1|"))
        return remote_known_match(field, name);
    _cleanup_strv_ struct strv names = STRV_INIT;
    strv_split(&names, field, ',');
    for (size_t i = 0; i < names.n; i++) {
        if (strcasecmp(names.s[i], name) == 0)
            return true;
    }
    return false;
}

char *keys_mark(const char *node)
{
    return node ? xasprintf("migsh:%s", node) : xstrdup("migsh:(admin)");
}

bool keys_marked(const char *line, size_t len, const char *node)
{
    _cleanup_free_ char *mark = keys_mark(node);
    while (len && is_blank(line[len - 1]))
        len--;
    size_t n = strlen(mark);
    return len > n && memcmp(line + len - n, mark, n) == 0 && is_blank(line[len - n - 1]);
}
