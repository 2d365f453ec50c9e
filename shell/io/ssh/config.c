// SPDX-License-Identifier: GPL-3.0-or-later
// Reading ssh_config(5) files for one host. See ssh/config.h. Any thread; no network, no libssh.
#include "io/ssh/config_priv.h"

#include <errno.h>
#include <fnmatch.h>
#include <glob.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"

enum { INCLUDE_DEPTH = 16 };

struct reader {
    struct remote_config *c;
    const char *path;
    unsigned line;
    bool system; // a relative Include is looked up in /etc/ssh instead of ~/.ssh
    bool active; // inside a Host or Match that applies
    int depth;
};

enum kind { TEXT, LIST, INTEGER, YESNO, PORT, IDENTITY, STRICT, FAMILY, REFUSED };
// Every keyword that means something to migsh. Those that restrict are here: obeyed, or refused unless they have the
// value that restricts nothing. All others are skipped: they widen (ForwardAgent, PKCS11Provider, GSSAPIAuthentication
// …), or are about what migsh does not do (forwarding, terminals, multiplexing, host certificates, hostbased logins,
// local commands).
static const struct keyword {
    const char *name;
    enum kind kind;
    size_t offset;
} keywords[] = {
    {"hostname", TEXT, offsetof(struct remote_config, host)},
    {"user", TEXT, offsetof(struct remote_config, user)},
    {"port", PORT, offsetof(struct remote_config, port)},
    {"identityfile", IDENTITY, offsetof(struct remote_config, identities)},
    {"identitiesonly", YESNO, offsetof(struct remote_config, identities_only)},
    {"identityagent", TEXT, offsetof(struct remote_config, agent)},
    {"bindaddress", TEXT, offsetof(struct remote_config, bind_address)},
    {"userknownhostsfile", LIST, offsetof(struct remote_config, user_known_hosts)},
    {"globalknownhostsfile", LIST, offsetof(struct remote_config, global_known_hosts)},
    {"hostkeyalias", TEXT, offsetof(struct remote_config, host_key_alias)},
    {"hostkeyalgorithms", TEXT, offsetof(struct remote_config, host_key_algorithms)},
    {"kexalgorithms", TEXT, offsetof(struct remote_config, kex_algorithms)},
    {"ciphers", TEXT, offsetof(struct remote_config, ciphers)},
    {"macs", TEXT, offsetof(struct remote_config, macs)},
    {"pubkeyacceptedalgorithms", TEXT, offsetof(struct remote_config, pubkey_algorithms)},
    {"pubkeyacceptedkeytypes", TEXT, offsetof(struct remote_config, pubkey_algorithms)},
    {"connecttimeout", INTEGER, offsetof(struct remote_config, connect_timeout)},
    {"pubkeyauthentication", YESNO, offsetof(struct remote_config, pubkey)},
    {"passwordauthentication", YESNO, offsetof(struct remote_config, password)},
    {"kbdinteractiveauthentication", YESNO, offsetof(struct remote_config, kbdint)},
    {"challengeresponseauthentication", YESNO, offsetof(struct remote_config, kbdint)},
    {"hashknownhosts", YESNO, offsetof(struct remote_config, hash_known_hosts)},
    {"stricthostkeychecking", STRICT, offsetof(struct remote_config, strict_at)},
    {"revokedhostkeys", TEXT, offsetof(struct remote_config, revoked_host_keys)},
    {"preferredauthentications", TEXT, offsetof(struct remote_config, preferred)},
    {"numberofpasswordprompts", INTEGER, offsetof(struct remote_config, password_prompts)},
    {"requiredrsasize", INTEGER, offsetof(struct remote_config, rsa_min)},
    {"batchmode", YESNO, offsetof(struct remote_config, batch)},
    {"addressfamily", FAMILY, offsetof(struct remote_config, family)},
    {"bindinterface", REFUSED, 0},
    {"proxyusefdpass", REFUSED, 0},
};

static int bad_line(const struct reader *r, struct err *e, const char *what)
{
    return err_set(e, ERR_USAGE, "%s line %u: %s", r->path, r->line, what);
}

// The next word of a line, unquoted in place: blanks part words, "…" keeps them. The keyword also ends at a '=', which
// may stand before its value instead of a blank. NULL at the end of the line and for an unclosed quote; *s moves on.
static char *next_word(char **s, bool is_keyword)
{
    static const char blanks[] = " \t\r\n\f";
    char *p = *s + strspn(*s, blanks);
    if (!*p || *p == '#')
        return NULL;
    char *word = p, *out = p;
    bool quoted = false;
    for (; *p && (quoted || !(strchr(blanks, *p) || (is_keyword && *p == '='))); p++) {
        if (*p == '"')
            quoted = !quoted;
        else if (*p == '\\' && (p[1] == '"' || p[1] == '\\'))
            *out++ = *++p;
        else
            *out++ = *p;
    }
    char *rest = p;
    if (is_keyword) {
        rest += strspn(rest, blanks);
        rest += *rest == '=';
    } else {
        rest += *rest != '\0';
    }
    *s = rest;
    *out = '\0';
    return quoted ? NULL : word;
}

// One pattern of a Host or Match list: 1 matches, -1 matches a negated one, 0 does not match.
static int match_one(const char *text, const char *pattern)
{
    bool negated = pattern[0] == '!';
    int flags = FNM_CASEFOLD | FNM_NOESCAPE;
    // fnmatch() knows [classes], ssh_config does not: a pattern with brackets (an IPv6 literal) is compared as it is.
    const char *p = pattern + negated;
    bool hit = strchr(p, '[') ? strcasecmp(text, p) == 0 : fnmatch(p, text, flags) == 0;
    return !hit ? 0 : negated ? -1 : 1;
}

static bool match_list(const char *text, const char *list)
{
    _cleanup_strv_ struct strv patterns = STRV_INIT;
    strv_split(&patterns, list, ',');
    bool any = false;
    for (size_t i = 0; i < patterns.n; i++) {
        int m = match_one(text, patterns.s[i]);
        if (m < 0)
            return false;
        any = any || m > 0;
    }
    return any;
}

static bool host_applies(const struct reader *r, char *rest)
{
    bool any = false;
    for (char *word; (word = next_word(&rest, false));) {
        int m = match_one(r->c->name, word);
        if (m < 0)
            return false;
        any = any || m > 0;
    }
    return any;
}

// Match criteria that need the network or a command (canonical, final, exec, tagged …) never apply here.
static bool match_applies(const struct reader *r, char *rest)
{
    bool result = true;
    for (char *word; (word = next_word(&rest, false));) {
        bool negated = word[0] == '!';
        const char *what = word + negated;
        if (strcasecmp(what, "all") == 0)
            continue;
        char *list = next_word(&rest, false);
        _cleanup_free_ char *local = remote_config_login_name();
        const char *text = NULL;
        if (strcasecmp(what, "host") == 0)
            text = r->c->host ? r->c->host : r->c->name;
        else if (strcasecmp(what, "originalhost") == 0)
            text = r->c->name;
        else if (strcasecmp(what, "user") == 0)
            text = r->c->user ? r->c->user : local;
        else if (strcasecmp(what, "localuser") == 0)
            text = local;
        if (!text || !list)
            return false;
        result = result && match_list(text, list) != negated;
    }
    return result;
}

static int read_yesno(const struct reader *r, const char *word, int *ret, struct err *e)
{
    if (strcasecmp(word, "yes") == 0 || strcasecmp(word, "true") == 0)
        *ret = 1;
    else if (strcasecmp(word, "no") == 0 || strcasecmp(word, "false") == 0)
        *ret = 0;
    else if (strcasecmp(word, "unbound") == 0 || strcasecmp(word, "host-bound") == 0)
        *ret = 1; // PubkeyAuthentication's shades of yes
    else
        return bad_line(r, e, "yes or no expected");
    return 0;
}

// The first word counts, also where it is not yes: "" then.
static int set_strict(const struct reader *r, const char *word, char **ret, struct err *e)
{
    static const char *const words[] = {"yes", "true", "ask", "accept-new", "no", "off", "false"};
    size_t i = 0;
    while (i < ARRAY_SIZE(words) && strcasecmp(word, words[i]) != 0)
        i++;
    if (i == ARRAY_SIZE(words))
        return bad_line(r, e, "yes, ask, accept-new or no expected");
    if (!*ret)
        *ret = i < 2 ? xasprintf("%s line %u", r->path, r->line) : xstrdup("");
    return 0;
}

static int set_family(const struct reader *r, const char *word, int *ret, struct err *e)
{
    bool four = strcasecmp(word, "inet") == 0, six = strcasecmp(word, "inet6") == 0;
    if (!four && !six && strcasecmp(word, "any") != 0)
        return bad_line(r, e, "any, inet or inet6 expected");
    if (*ret == UNSET)
        *ret = four ? AF_INET : six ? AF_INET6 : AF_UNSPEC;
    return 0;
}

static int refuse(const struct reader *r, const char *name, const char *word, struct err *e)
{
    if (strcasecmp(word, "no") == 0 || strcasecmp(word, "none") == 0)
        return 0;
    err_set(e, ERR_UNSUPPORTED, "%s line %u: migsh cannot do what %s %s asks for", r->path, r->line, name, word);
    return err_hint(e, "leave the line out for this host, or use BindAddress or ProxyJump");
}

static int set_value(const struct reader *r, const struct keyword *k, char *rest, struct err *e)
{
    void *field = (char *)r->c + k->offset;
    char *word = next_word(&rest, false);
    if (!word)
        return bad_line(r, e, "a value is missing, or a quote is not closed");
    long long n = 0;
    switch (k->kind) {
    case TEXT:
        if (!*(char **)field)
            *(char **)field = xstrdup(word);
        return 0;
    case LIST: {
        bool first = ((struct strv *)field)->n == 0;
        for (; word; word = next_word(&rest, false)) {
            if (first)
                strv_add(field, word);
        }
        return 0;
    }
    case IDENTITY:
        if (!strv_has(field, word))
            strv_add(field, word);
        return 0;
    case STRICT:
        return set_strict(r, word, field, e);
    case FAMILY:
        return set_family(r, word, field, e);
    case REFUSED:
        return refuse(r, k->name, word, e);
    case YESNO:
        if (read_yesno(r, word, &(int){0}, e) < 0)
            return -1;
        return *(int *)field == UNSET ? read_yesno(r, word, field, e) : 0;
    case INTEGER:
    case PORT:
        if (k->kind == INTEGER && strcasecmp(word, "none") == 0)
            return 0;
        if (str_to_int(word, k->kind == PORT, k->kind == PORT ? 65535 : 1000000, &n) < 0)
            return bad_line(r, e, k->kind == PORT ? "not a port number" : "not a number");
        if (*(int *)field == UNSET)
            *(int *)field = (int)n;
        return 0;
    }
    return 0;
}

// ProxyJump and ProxyCommand are mutually exclusive: whichever comes first counts. "none" ends the search.
static void set_proxy(const struct reader *r, bool jump, char *rest)
{
    struct remote_config *c = r->c;
    if (c->jump || c->proxy_command)
        return;
    rest += strspn(rest, " \t");
    rest[strcspn(rest, "\r\n")] = '\0';
    char *value = jump ? next_word(&rest, false) : rest;
    if (value && *value)
        *(jump ? &c->jump : &c->proxy_command) = xstrdup(value);
}

static int read_file(struct reader *r, struct err *e);

static int include(const struct reader *r, char *rest, struct err *e)
{
    if (r->depth >= INCLUDE_DEPTH)
        return bad_line(r, e, "Include goes too deep");
    _cleanup_free_ char *home = remote_config_home();
    for (char *word; (word = next_word(&rest, false));) {
        _cleanup_free_ char *pattern = NULL;
        if (word[0] == '/')
            pattern = xstrdup(word);
        else if (str_starts(word, "~/"))
            pattern = xasprintf("%s/%s", home, word + 2);
        else
            pattern = r->system ? xasprintf("/etc/ssh/%s", word) : xasprintf("%s/.ssh/%s", home, word);
        glob_t found = {0};
        int status = 0;
        if (glob(pattern, 0, NULL, &found) == 0) {
            for (size_t i = 0; i < found.gl_pathc && status == 0; i++) {
                struct reader inner = {r->c, found.gl_pathv[i], 0, r->system, r->active, r->depth + 1};
                status = read_file(&inner, e);
            }
        }
        globfree(&found);
        if (status < 0)
            return -1;
    }
    return 0;
}

static int read_line(struct reader *r, char *line, struct err *e)
{
    char *rest = line;
    char *word = next_word(&rest, true);
    if (!word)
        return 0;
    if (strcasecmp(word, "host") == 0) {
        r->active = host_applies(r, rest);
    } else if (strcasecmp(word, "match") == 0) {
        r->active = match_applies(r, rest);
    } else if (!r->active) {
        return 0;
    } else if (strcasecmp(word, "include") == 0) {
        return include(r, rest, e);
    } else if (strcasecmp(word, "proxyjump") == 0 || strcasecmp(word, "proxycommand") == 0) {
        set_proxy(r, strcasecmp(word, "proxyjump") == 0, rest);
    } else {
        for (size_t i = 0; i < ARRAY_SIZE(keywords); i++) {
            if (strcasecmp(word, keywords[i].name) == 0)
                return set_value(r, &keywords[i], rest, e);
        }
    }
    return 0;
}

// Who can write this file can choose the commands and keys that are used.
static int check_owner(const struct reader *r, FILE *f, struct err *e)
{
    struct stat st;
    if (r->system || fstat(fileno(f), &st) < 0 || !S_ISREG(st.st_mode)) // -F /dev/null
        return 0;
    if ((st.st_uid != 0 && st.st_uid != getuid()) || (st.st_mode & 022)) {
        err_set(e, ERR_UNSAFE, "%s can be written by others", r->path);
        return err_hint(e, "chmod go-w %s", r->path);
    }
    return 0;
}

static int read_file(struct reader *r, struct err *e)
{
    FILE *f = fopen(r->path, "re");
    if (!f)
        return err_errno(e, errno, "%s", r->path);
    int status = check_owner(r, f, e);
    char *line = NULL;
    size_t cap = 0;
    while (status == 0 && getline(&line, &cap, f) >= 0) {
        r->line++;
        status = read_line(r, line, e);
    }
    free(line);
    fclose(f);
    return status;
}

static int read_all(struct remote_config *c, const char *file, struct err *e)
{
    if (file) {
        struct reader r = {c, file, 0, false, true, 0};
        return read_file(&r, e);
    }
    _cleanup_free_ char *home = remote_config_home();
    _cleanup_free_ char *own = xasprintf("%s/.ssh/config", home);
    const char *paths[] = {own, "/etc/ssh/ssh_config"};
    for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
        struct reader r = {c, paths[i], 0, i == 1, true, 0};
        if (access(paths[i], R_OK) == 0 && read_file(&r, e) < 0)
            return -1;
    }
    return 0;
}

int remote_config_load(const char *name, const char *user, int port, const char *file, struct remote_config *ret,
                       struct err *e)
{
    struct remote_config c = {.name = xstrdup(name), .user = xstrdup(user), .port = port ? port : UNSET};
    int *open[] = {&c.connect_timeout, &c.identities_only,  &c.hash_known_hosts, &c.pubkey, &c.password,
                   &c.kbdint,          &c.password_prompts, &c.rsa_min,          &c.batch,  &c.family};
    for (size_t i = 0; i < ARRAY_SIZE(open); i++)
        *open[i] = UNSET;
    int status = read_all(&c, file, e);
    if (status == 0) {
        remote_config_finish(&c);
        status = remote_config_expand_proxy(&c, e);
    }
    if (status < 0)
        remote_config_release(&c);
    else
        *ret = c;
    return status;
}

void remote_config_release(struct remote_config *c)
{
    char *strings[] = {c->name,
                       c->host,
                       c->user,
                       c->agent,
                       c->jump,
                       c->proxy_command,
                       c->bind_address,
                       c->host_key_alias,
                       c->host_key_algorithms,
                       c->kex_algorithms,
                       c->ciphers,
                       c->macs,
                       c->pubkey_algorithms,
                       c->strict_at,
                       c->revoked_host_keys,
                       c->preferred};
    for (size_t i = 0; i < ARRAY_SIZE(strings); i++)
        free(strings[i]);
    strv_release(&c->identities);
    strv_release(&c->user_known_hosts);
    strv_release(&c->global_known_hosts);
    *c = (struct remote_config){0};
}
