// SPDX-License-Identifier: GPL-3.0-or-later
// Looking at the accounts: one script on each, a line for each fact. See keys.h. Job threads.
#include <string.h>

#include "base/json.h"
#include "core/change/edit.h"
#include "core/console/out.h"
#include "core/console/session.h"
#include "core/keys/line.h"
#include "core/keys/priv.h"
#include "core/keys/tools_priv.h"
#include "core/node/ask.h"
#include "core/node/names.h"
#include "io/job.h"
#include "io/ssh/config.h"
#include "io/ssh/known.h"

enum { MAX_OUTPUT = 16 << 20 };

static void add_name(struct strv *to, const char *name, int port)
{
    if (!keys_is_name(name) || node_name_is_anybodys(name))
        return;
    char *full = remote_known_name(name, port);
    if (strv_has(to, full))
        free(full);
    else
        strv_take(to, full);
}

static void add_own_name(struct keys_account *a, const char *name)
{
    add_name(&a->own_names, name, a->port);
    const char *dot = strchr(name, '.');
    if (dot && !strchr(name, ':') && name[strspn(name, "0123456789.")]) { // a host's full name also has a short one
        _cleanup_free_ char *first = xstrndup(name, (size_t)(dot - name));
        add_name(&a->own_names, first, a->port);
    }
}

static void add_key(struct strv *to, const char *line, bool first)
{
    char *key = keys_public(line, strlen(line));
    if (!key || strv_has(to, key)) {
        free(key);
        return;
    }
    strv_take(to, key);
    if (first && to->n > 1) { // one that works goes in front of those that want a passphrase
        char *last = to->s[to->n - 1];
        memmove(to->s + 1, to->s, (to->n - 1) * sizeof(*to->s));
        to->s[0] = last;
    }
}

// "MODE DEVICE:INODE PATH"
static void add_mode(struct keys_account *a, const char *value)
{
    char *path = NULL;
    unsigned long mode = strtoul(value, &path, 8);
    if (path == value || *path != ' ' || !(path = strchr(path + 1, ' ')) || path[1] != '/' || !(mode & 022))
        return;
    for (size_t i = 0; i < a->n_modes; i++) {
        if (strcmp(a->modes[i].path, path + 1) == 0)
            return;
    }
    a->modes = xrealloc(a->modes, a->n_modes + 1, sizeof(*a->modes));
    a->modes[a->n_modes++] = (struct keys_mode){xstrdup(path + 1), (unsigned)mode & 07777};
}

static void add_fact(struct keys_account *a, const char *word, const char *value)
{
    if (strcmp(word, "user") == 0 && !a->user)
        a->user = xstrdup(value);
    else if (strcmp(word, "name") == 0)
        add_own_name(a, value);
    else if (strcmp(word, "identity") == 0 && !a->identity)
        a->identity = xstrdup(value);
    else if (strcmp(word, "hostkey") == 0)
        add_key(&a->host_keys, value, false);
    else if (strcmp(word, "keyfile") == 0 && !a->key_file)
        a->key_file = xstrdup(value);
    else if (strcmp(word, "rootlogin") == 0 && !a->root_rule)
        a->root_rule = xstrdup(value); // as of each rule of sshd's, the first counts
    else if (strcmp(word, "dir") == 0)
        a->has_dir = true;
    else if (strcmp(word, "mode") == 0)
        add_mode(a, value);
    else if (strcmp(word, "locked") == 0 && !a->locked)
        a->locked = xstrdup(value);
    else if (strcmp(word, "key") == 0)
        add_key(&a->public_keys, value, !a->usable), a->usable = a->public_keys.n > 0;
    else if (strcmp(word, "otherkey") == 0)
        add_key(&a->public_keys, value, false);
    else if (strcmp(word, "auth") == 0)
        buf_addf(&a->authorized, "%s\n", value);
    else if (strcmp(word, "known") == 0)
        buf_addf(&a->known, "%s\n", value);
    else if (strcmp(word, "global") == 0)
        buf_addf(&a->global, "%s\n", value);
}

static int take_facts(struct keys_account *a, const struct facts *facts, struct err *e)
{
    for (size_t i = 0; i < facts->n; i++)
        add_fact(a, facts->all[i].key, facts->all[i].value);
    return a->user && *a->user ? 0 : facts_unexpected(a->node, facts, e);
}

// The files may belong to another sshd than the one that was talked to (a container, a second sshd on its own port):
// then the key it proved to have is the only one that is known for certain.
static void trust(struct keys_account *a, const char *shown)
{
    if (strv_has(&a->host_keys, shown))
        return;
    if (a->host_keys.n)
        out_notice(OUT_WARN, "%s: sshd shows a host key that its files do not hold; only that one is handed on",
                   keys_account_name(a));
    strv_release(&a->host_keys);
    add_key(&a->host_keys, shown, false);
}

// "name" or "[name]:port"; the caller frees.
static char *bare_name(const char *full)
{
    return *full == '[' ? xstrndup(full + 1, strcspn(full, "]") - 1) : xstrdup(full);
}

// Of its own names, those under which its host key may get into known_hosts.
static void keep_proved_names(struct keys *k, struct job *job, struct keys_account *a)
{
    _cleanup_strv_ struct strv full = STRV_INIT, said = STRV_INIT;
    for (size_t i = 0; i < a->own_names.n; i++) {
        if (strv_has(&a->given_names, a->own_names.s[i]))
            continue;
        strv_add(&full, a->own_names.s[i]);
        strv_take(&said, bare_name(a->own_names.s[i]));
    }
    strv_release(&a->own_names);
    _cleanup_free_ bool *proved = xcalloc(said.n + 1, sizeof(*proved));
    node_names_prove(k->ctx, job, a->node, &said, proved);
    for (size_t i = 0; i < said.n; i++) {
        const char *name = said.s[i];
        bool address = strchr(name, ':') || !name[strspn(name, "0123456789.")];
        if (proved[i])
            strv_add(&a->own_names, full.s[i]);
        else if (!address && i < NODE_NAMES_MAX)
            out_notice(OUT_INFO,
                       "%s calls itself %s, which does not lead to it from here: no host key is put under "
                       "that name",
                       keys_account_name(a), name);
    }
}

static int look(struct keys *k, struct job *job, struct keys_account *a, struct err *e)
{
    _cleanup_free_ char *shown = NULL;
    if (a->node && !a->gathered && session_greet(k->ctx, job, a->node, k->accept_new, &shown, e) < 0)
        return -1;
    const char *args[] = {a->node && k->user ? k->user : "", a->gathered ? "made" : a->node ? "node" : "admin"};
    struct question q = {
        .tools = {keys_look}, .args = args, .n_args = 2, .as_user = a->as_user, .max_output = MAX_OUTPUT};
    _cleanup_facts_ struct facts facts = {0};
    if (node_ask(k->ctx, job, a->node, &q, &facts, e) < 0 || take_facts(a, &facts, e) < 0)
        return -1;
    if (shown) {
        trust(a, shown);
        keep_proved_names(k, job, a);
    }
    if (!a->node && a->public_keys.n)
        a->usable = true; // a person types the passphrase, or the agent holds the key
    return 0;
}

static bool wanted(const struct keys_account *a)
{
    return (!a->gathered || a->key_made) && !err_is_set(&a->err);
}

static void look_one(struct job *job, size_t i, void *arg)
{
    struct keys *k = arg;
    struct keys_account *a = &k->all[i];
    if (wanted(a))
        a->gathered = look(k, job, a, &a->err) == 0;
    a->key_made = false;
}

void keys_refuse(struct keys *k, const struct keys_account *a, const char *what, const char *state,
                 const struct err *err)
{
    edit_refuse(k->refused, &k->code, keys_account_name(a), what, state, err);
}

void keys_gather(struct keys *k, struct job *job)
{
    bool *tried = xcalloc(k->n, sizeof(*tried));
    for (size_t i = 0; i < k->n; i++)
        tried[i] = !wanted(&k->all[i]);
    job_each(job, k->n, look_one, k);
    for (size_t i = 0; i < k->n; i++) {
        struct keys_account *a = &k->all[i];
        if (tried[i] || a->gathered)
            continue;
        bool away = a->err.code == ERR_UNREACHABLE || a->err.code == ERR_TIMEOUT;
        keys_refuse(k, a, "keys", away ? "unreachable" : "failed", &a->err);
    }
    for (size_t i = 1; i < k->n; i++) {
        if (!tried[i] && keys_is_double(k, &k->all[i]))
            out_notice(OUT_INFO, "%s is %s@%s once more under another name", keys_account_name(&k->all[i]),
                       k->all[i].user, k->all[i].host);
    }
    free(tried);
}
