// SPDX-License-Identifier: GPL-3.0-or-later
// The values of ssh_config(5): tokens, variables, defaults, and "[user@]host[:port]". See ssh/config.h. Any thread; no
// network.
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"
#include "io/ssh/config_priv.h"

char *remote_config_home(void)
{
    const char *home = getenv("HOME");
    if (home && home[0] == '/')
        return xstrdup(home);
    struct passwd pw, *found = NULL;
    char text[4096];
    if (getpwuid_r(getuid(), &pw, text, sizeof(text), &found) != 0 || !found)
        return xstrdup("/");
    return xstrdup(found->pw_dir);
}

char *remote_config_login_name(void)
{
    struct passwd pw, *found = NULL;
    char text[4096];
    if (getpwuid_r(getuid(), &pw, text, sizeof(text), &found) != 0 || !found)
        return xasprintf("%u", (unsigned)getuid());
    return xstrdup(found->pw_name);
}

static void add_token(struct buf *out, const struct remote_config *c, char token)
{
    char name[256] = "";
    _cleanup_free_ char *text = NULL;
    switch (token) {
    case '%':
        buf_addc(out, '%');
        break;
    case 'h':
        buf_adds(out, c->host);
        break;
    case 'n':
        buf_adds(out, c->name);
        break;
    case 'k':
        buf_adds(out, c->host_key_alias ? c->host_key_alias : c->name);
        break;
    case 'p':
        buf_addf(out, "%d", c->port);
        break;
    case 'r':
        buf_adds(out, c->user);
        break;
    case 'd':
        text = remote_config_home();
        buf_adds(out, text);
        break;
    case 'u':
        text = remote_config_login_name();
        buf_adds(out, text);
        break;
    case 'i':
        buf_addf(out, "%u", (unsigned)getuid());
        break;
    case 'l':
    case 'L':
        gethostname(name, sizeof(name) - 1);
        if (token == 'L')
            name[strcspn(name, ".")] = '\0';
        buf_adds(out, name);
        break;
    default: // unknown to us: left as it is
        buf_addf(out, "%%%c", token);
    }
}

// %tokens, ${VARIABLES} and a leading ~/ of a value. The caller frees.
static char *expand(const struct remote_config *c, const char *s)
{
    struct buf out = BUF_INIT;
    if (str_starts(s, "~/")) {
        _cleanup_free_ char *home = remote_config_home();
        buf_addf(&out, "%s/", home);
        s += 2;
    }
    for (; *s; s++) {
        const char *end = s[0] == '$' && s[1] == '{' ? strchr(s, '}') : NULL;
        if (*s == '%' && s[1]) {
            add_token(&out, c, *++s);
        } else if (end) {
            _cleanup_free_ char *name = xstrndup(s + 2, (size_t)(end - s - 2));
            const char *value = getenv(name);
            buf_adds(&out, value ? value : "");
            s = end;
        } else {
            buf_addc(&out, *s);
        }
    }
    return buf_steal(&out);
}

static void expand_in_place(const struct remote_config *c, char **s)
{
    if (!*s)
        return;
    char *expanded = expand(c, *s);
    free(*s);
    *s = expanded;
}

static void expand_list(const struct remote_config *c, struct strv *v, const char *const *defaults, size_t n)
{
    bool given = v->n > 0;
    for (size_t i = 0; !given && i < n; i++)
        strv_add(v, defaults[i]);
    for (size_t i = 0; i < v->n; i++)
        expand_in_place(c, &v->s[i]);
}

static void drop_none(char **s)
{
    if (*s && strcasecmp(*s, "none") == 0) {
        free(*s);
        *s = NULL;
    }
}

// Fills in what nobody said. HostName first: %h of all others means its value.
void remote_config_finish(struct remote_config *c)
{
    static const char *const keys[] = {"~/.ssh/id_ed25519", "~/.ssh/id_ecdsa", "~/.ssh/id_rsa"};
    static const char *const user_hosts[] = {"~/.ssh/known_hosts", "~/.ssh/known_hosts2"};
    static const char *const global_hosts[] = {"/etc/ssh/ssh_known_hosts", "/etc/ssh/ssh_known_hosts2"};
    if (c->port == UNSET)
        c->port = 22;
    if (!c->user)
        c->user = remote_config_login_name();
    _cleanup_free_ char *pattern = c->host ? c->host : xstrdup("%h");
    c->host = xstrdup(c->name); // %h inside HostName is the name as typed
    char *host = expand(c, pattern);
    free(c->host);
    c->host = host;
    c->identities_given = c->identities.n > 0;
    expand_list(c, &c->identities, keys, ARRAY_SIZE(keys));
    expand_list(c, &c->user_known_hosts, user_hosts, ARRAY_SIZE(user_hosts));
    expand_list(c, &c->global_known_hosts, global_hosts, ARRAY_SIZE(global_hosts));
    drop_none(&c->jump);
    drop_none(&c->proxy_command);
    if (c->agent && strcmp(c->agent, "SSH_AUTH_SOCK") == 0) {
        free(c->agent);
        c->agent = NULL;
    }
    expand_in_place(c, &c->agent);
    expand_in_place(c, &c->host_key_alias);
    expand_in_place(c, &c->revoked_host_keys);
    drop_none(&c->revoked_host_keys);
    if (c->strict_at && !*c->strict_at) { // something else was said
        free(c->strict_at);
        c->strict_at = NULL;
    }
    int *numbers[] = {&c->connect_timeout, &c->identities_only, &c->hash_known_hosts,
                      &c->rsa_min,         &c->batch,           &c->family};
    for (size_t i = 0; i < ARRAY_SIZE(numbers); i++)
        *numbers[i] = *numbers[i] == UNSET ? 0 : *numbers[i];
    int *flags[] = {&c->pubkey, &c->password, &c->kbdint};
    for (size_t i = 0; i < ARRAY_SIZE(flags); i++)
        *flags[i] = *flags[i] != 0;
}

// A ProxyCommand is run by a shell: a host or user name must not be able to smuggle one in (CVE-2023-51385,
// CVE-2023-6004).
int remote_config_expand_proxy(struct remote_config *c, struct err *e)
{
    if (!c->proxy_command)
        return 0;
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_:%[]@+";
    const char *names[] = {c->name, c->host, c->user};
    for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
        if (names[i][0] == '-' || names[i][strspn(names[i], plain)])
            return err_set(e, ERR_USAGE, "\"%s\" cannot be used in a ProxyCommand", names[i]);
    }
    expand_in_place(c, &c->proxy_command);
    return 0;
}

int remote_config_parse_target(const char *s, char **ret_user, char **ret_host, int *ret_port, struct err *e)
{
    const char *text = s;
    if (str_starts(text, "ssh://"))
        text += strlen("ssh://");
    const char *at = strrchr(text, '@');
    const char *host = at ? at + 1 : text;
    const char *end, *port = NULL;
    if (*host == '[') {
        end = strchr(++host, ']');
        if (!end || (end[1] && end[1] != ':'))
            return err_set(e, ERR_USAGE, "\"%s\" is not [user@]host[:port]", s);
        port = end[1] ? end + 2 : NULL;
    } else {
        const char *colon = strchr(host, ':');
        bool ipv6 = colon && strchr(colon + 1, ':'); // a bare IPv6 address carries no port
        port = colon && !ipv6 ? colon + 1 : NULL;
        end = port ? colon : host + strlen(host);
    }
    long long n = 0;
    if (end == host || at == text || *host == '-' || (port && str_to_int(port, 1, 65535, &n) < 0))
        return err_set(e, ERR_USAGE, "\"%s\" is not [user@]host[:port]", s);
    *ret_user = at ? xstrndup(text, (size_t)(at - text)) : NULL;
    *ret_host = xstrndup(host, (size_t)(end - host));
    *ret_port = (int)n;
    return 0;
}
