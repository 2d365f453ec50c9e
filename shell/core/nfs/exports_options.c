// SPDX-License-Identifier: GPL-3.0-or-later
// The options and clients of exports(5): which there are, which contradict each other, which are worth a warning. Pure.
#include <arpa/inet.h>
#include <ctype.h>
#include <stdbool.h>
#include <string.h>

#include "base/json.h"
#include "core/nfs/exports.h"

static const struct {
    const char *name;
    const char *opposite; // NULL: none
    bool value;           // "name=…" is the form (or one of the forms)
    bool plain;           // and so is "name"
} known[] = {
    {"rw", "ro", false, true},
    {"ro", "rw", false, true},
    {"sync", "async", false, true},
    {"async", "sync", false, true},
    {"root_squash", "no_root_squash", false, true},
    {"no_root_squash", "root_squash", false, true},
    {"all_squash", "no_all_squash", false, true},
    {"no_all_squash", "all_squash", false, true},
    {"subtree_check", "no_subtree_check", false, true},
    {"no_subtree_check", "subtree_check", false, true},
    {"secure", "insecure", false, true},
    {"insecure", "secure", false, true},
    {"wdelay", "no_wdelay", false, true},
    {"no_wdelay", "wdelay", false, true},
    {"hide", "nohide", false, true},
    {"nohide", "hide", false, true},
    {"crossmnt", "nocrossmnt", false, true},
    {"nocrossmnt", "crossmnt", false, true},
    {"secure_locks", "insecure_locks", false, true},
    {"insecure_locks", "secure_locks", false, true},
    {"auth_nlm", "no_auth_nlm", false, true},
    {"no_auth_nlm", "auth_nlm", false, true},
    {"acl", "no_acl", false, true},
    {"no_acl", "acl", false, true},
    {"pnfs", "no_pnfs", false, true},
    {"no_pnfs", "pnfs", false, true},
    {"security_label", NULL, false, true},
    {"nordirplus", NULL, false, true},
    {"mountpoint", NULL, true, true},
    {"mp", NULL, true, true},
    {"replicas", NULL, true, false},
    {"refer", NULL, true, false},
    {"fsid", NULL, true, false},
    {"anonuid", NULL, true, false},
    {"anongid", NULL, true, false},
    {"sec", NULL, true, false},
    {"xprtsec", NULL, true, false},
};

static size_t name_length(const char *option)
{
    return strcspn(option, "=");
}

static const char *opposite_of(const char *option)
{
    for (size_t i = 0; i < ARRAY_SIZE(known); i++) {
        if (strcmp(known[i].name, option) == 0)
            return known[i].opposite;
    }
    return NULL;
}

// Do two options set the same thing, so that the later one wins?
static bool same_matter(const char *a, const char *b)
{
    const char *opposite = opposite_of(a);
    size_t n = name_length(a);
    return (opposite && strcmp(opposite, b) == 0) || (n == name_length(b) && strncmp(a, b, n) == 0);
}

// What holds in the end. What stands behind a "sec=" is for those flavours alone, so it is kept apart by it.
static void settle(const char *options, struct strv *out)
{
    _cleanup_strv_ struct strv words = STRV_INIT;
    strv_split(&words, options, ',');
    const char *flavour = "";
    for (size_t i = 0; i < words.n; i++) {
        flavour = str_starts(words.s[i], "sec=") ? words.s[i] : flavour;
        bool later = false;
        for (size_t k = i + 1; k < words.n && !str_starts(words.s[k], "sec="); k++)
            later = later || same_matter(words.s[i], words.s[k]);
        if (!later)
            strv_take(out, xasprintf("%s %s", words.s[i], flavour));
    }
    strv_sort_unique(out);
}

bool exports_same_options(const char *a, const char *b)
{
    _cleanup_strv_ struct strv x = STRV_INIT, y = STRV_INIT;
    settle(a, &x);
    settle(b, &y);
    bool same = x.n == y.n;
    for (size_t i = 0; same && i < x.n; i++)
        same = strcmp(x.s[i], y.s[i]) == 0;
    return same;
}

bool exports_has(const char *options, const char *option)
{
    _cleanup_strv_ struct strv words = STRV_INIT;
    strv_split(&words, options, ',');
    bool has = false;
    for (size_t i = 0; i < words.n; i++) {
        if (same_matter(option, words.s[i]))
            has = strcmp(option, words.s[i]) == 0;
    }
    return has;
}

char *exports_value(const char *options, const char *name)
{
    _cleanup_strv_ struct strv words = STRV_INIT;
    strv_split(&words, options, ',');
    for (size_t i = words.n; i-- > 0;) {
        size_t n = name_length(words.s[i]);
        if (words.s[i][n] && strlen(name) == n && strncmp(words.s[i], name, n) == 0)
            return xstrdup(words.s[i] + n + 1);
    }
    return NULL;
}

static int check_option(const char *option, struct err *e)
{
    size_t n = name_length(option);
    const char *names[ARRAY_SIZE(known)];
    for (size_t i = 0; i < ARRAY_SIZE(known); i++) {
        names[i] = known[i].name;
        if (strncmp(known[i].name, option, n) != 0 || known[i].name[n])
            continue;
        if (option[n] ? !known[i].value || !option[n + 1] : !known[i].plain)
            return err_set(e, ERR_USAGE,
                           known[i].value ? "the option %s needs a value" : "the option %s takes no value",
                           known[i].name);
        if (str_starts(option, "anon")) {
            long long id;
            if (str_to_int(option + n + 1, -1, 0xffffffffLL, &id) < 0)
                return err_set(e, ERR_USAGE, "'%s': a user or group id is a number", option);
        }
        return 0;
    }
    err_set(e, ERR_USAGE, "exports(5) knows no option '%s'", option);
    const char *near = str_nearest(option, names, ARRAY_SIZE(known));
    return near ? err_hint(e, "did you mean %s?", near)
                : err_hint(e, "for example: rw,sync,no_root_squash,no_subtree_check");
}

static void note(json_t *notes, const char *text)
{
    json_array_append_new(notes, json_text(text));
}

static void warn(const char *client, const char *options, json_t *notes)
{
    bool all = strcmp(client, "*") == 0 || !*client;
    bool unsquashed = exports_has(options, "no_root_squash");
    if (all && unsquashed)
        note(notes, "* with no_root_squash: root of any machine that reaches this server owns the files; name the "
                    "clients or their network instead");
    else if (all)
        note(notes, "*: every machine that reaches this server may mount it");
    if (!exports_has(options, "sync") && !exports_has(options, "async"))
        note(notes, "neither sync nor async is given: nfs-utils before 1.0.1 took async, later ones take sync");
    if (exports_has(options, "async"))
        note(notes, "async: what the server has not yet written is lost when it crashes, and the guests are not told");
    if (!exports_has(options, "subtree_check") && !exports_has(options, "no_subtree_check"))
        note(notes, "neither subtree_check nor no_subtree_check is given: no_subtree_check is what images want, and "
                    "older servers take the other");
    if (!unsquashed && exports_has(options, "rw"))
        note(notes, "without no_root_squash, root of the clients (and a QEMU that runs as root) writes as nobody");
}

int exports_check(const char *client, const char *options, json_t *notes, struct err *e)
{
    if (strpbrk(options, " \t\r\n()\"\\#"))
        return err_set(e, ERR_USAGE, "options are words with commas between them, without blanks, quotes, '(' and ')'");
    _cleanup_strv_ struct strv words = STRV_INIT;
    strv_split(&words, options, ',');
    for (size_t i = 0; i < words.n; i++) {
        if (check_option(words.s[i], e) < 0)
            return -1;
        for (size_t k = i; k-- > 0 && !str_starts(words.s[i], "sec=");) {
            if (same_matter(words.s[i], words.s[k]) && strcmp(words.s[i], words.s[k]) != 0)
                return err_set(e, ERR_USAGE, "%s and %s contradict each other", words.s[k], words.s[i]);
            if (str_starts(words.s[k], "sec="))
                break;
        }
    }
    warn(client, options, notes);
    return 0;
}

void exports_show(struct buf *out, const char *word)
{
    for (const char *s = word; *s; s++) {
        if (iscntrl((unsigned char)*s))
            buf_addf(out, "\\x%02x", (unsigned char)*s);
        else
            buf_addc(out, *s);
    }
}

static bool network_valid(const char *client, int *ret_family)
{
    _cleanup_free_ char *address = xstrndup(client, strcspn(client, "/"));
    const char *slash = strchr(client, '/');
    unsigned char raw[16];
    *ret_family = strchr(address, ':') ? AF_INET6 : AF_INET;
    if (inet_pton(*ret_family, address, raw) != 1)
        return false;
    long long prefix;
    if (!slash || str_to_int(slash + 1, 0, *ret_family == AF_INET ? 32 : 128, &prefix) == 0)
        return true;
    return *ret_family == AF_INET && inet_pton(AF_INET, slash + 1, raw) == 1;
}

int exports_check_client(const char *client, struct err *e)
{
    int family;
    if (!*client)
        return err_set(e, ERR_USAGE, "a client is needed: an address, a network, a host name, @netgroup, or *");
    for (const char *s = client; *s; s++) {
        if (isspace((unsigned char)*s) || iscntrl((unsigned char)*s) || strchr("()\"\\#,", *s)) {
            _cleanup_buf_ struct buf shown = BUF_INIT;
            exports_show(&shown, client);
            return err_set(e, ERR_USAGE,
                           "'%s' is not a client: blanks, quotes, commas, '#', '(' and ')' cannot be part of one",
                           buf_str(&shown));
        }
    }
    if (client[0] == '-')
        return err_set(e, ERR_USAGE, "'%s' is not a client: exports(5) would take it for default options", client);
    bool numbers = strspn(client, "0123456789./") == strlen(client) || strchr(client, ':');
    if (strchr(client, '/') && client[0] != '@')
        numbers = true;
    if (numbers && !network_valid(client, &family)) {
        err_set(e, ERR_USAGE, "'%s' is neither an address nor a network", client);
        return err_hint(e, "as 192.0.2.7, 192.0.2.0/24, 192.0.2.0/255.255.255.0, 2001:db8::/64");
    }
    return 0;
}

int exports_check_path(const char *path, struct err *e)
{
    if (path[0] != '/')
        return err_set(e, ERR_USAGE, "'%s' is not an absolute path on the node", path);
    _cleanup_strv_ struct strv parts = STRV_INIT;
    strv_split(&parts, path, '/');
    if (strv_has(&parts, "..") || strv_has(&parts, "."))
        return err_set(e, ERR_USAGE, "'%s': a path without \".\" and \"..\" is needed", path);
    return 0;
}
