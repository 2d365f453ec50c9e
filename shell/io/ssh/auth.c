// SPDX-License-Identifier: GPL-3.0-or-later
// Proving who we are: agent, key files, keyboard-interactive, password, in that order, each only if the server offers
// it. Job threads. Secrets live in the answer buffer and in libssh's; ours are wiped as soon as they were used.
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/printable.h"
#include "io/ssh/priv.h"

enum { AUTH_MS = 30000, TRIES = 3, TICK_MS = 1000, ROUNDS = 16, PROMPTS = 64 };

struct login {
    struct job *job;
    struct remote *r;
    const struct remote_options *o;
    struct err *e;
    struct buf tried;  // for the message: "agent, ~/.ssh/id_rsa (refused), password"
    struct strv shown; // public keys the agent offered
    bool cannot_ask;
};

// Results of one method.
enum outcome { LOGIN_OK, LOGIN_NEXT, LOGIN_ERROR };

static void tried(struct login *l, const char *what, const char *how)
{
    buf_addf(&l->tried, "%s%s%s%s%s", l->tried.len ? ", " : "", what, how ? " (" : "", how ? how : "", how ? ")" : "");
}

// Repeats a libssh authentication call until it has an answer: an SSH_AUTH_* value, or -2 with e set.
enum { WAIT_FAILED = -2 };
typedef int auth_call(struct login *l, const void *arg);

static int settle(struct login *l, auth_call *call, const void *arg)
{
    remote_begin(l->r, "logging in", AUTH_MS);
    int rc;
    while ((rc = call(l, arg)) == SSH_AUTH_AGAIN) {
        if (remote_wait(l->job, l->r, TICK_MS, l->e) < 0 || remote_process(l->r, l->e) < 0)
            return WAIT_FAILED;
    }
    if (rc == SSH_AUTH_ERROR && !ssh_is_connected(l->r->ssh)) {
        remote_fail(l->r, l->e, "logging in");
        return WAIT_FAILED;
    }
    return rc;
}

static enum outcome outcome_of(int rc)
{
    return rc == SSH_AUTH_SUCCESS ? LOGIN_OK : rc == WAIT_FAILED ? LOGIN_ERROR : LOGIN_NEXT;
}

// -1: there is nobody to ask (go on with the next method), or the person refused (then e is ERR_CANCELLED).
static int ask(struct login *l, enum remote_ask_kind kind, const char *question, char **ret)
{
    if (!l->o->ask || l->r->config.batch) {
        l->cannot_ask = true;
        return -1;
    }
    if (l->o->ask(l->o->ask_data, l->job, kind, question, ret, l->e) == 0)
        return 0;
    l->cannot_ask = true;
    return -1;
}

static enum outcome after_refused_question(const struct login *l)
{
    return l->e->code == ERR_CANCELLED ? LOGIN_ERROR : LOGIN_NEXT;
}

static int call_none(struct login *l, const void *arg)
{
    (void)arg;
    return ssh_userauth_none(l->r->ssh, NULL);
}

static int call_agent(struct login *l, const void *arg)
{
    (void)arg;
    return ssh_userauth_agent(l->r->ssh, NULL);
}

static int call_offer(struct login *l, const void *key)
{
    return ssh_userauth_try_publickey(l->r->ssh, NULL, (ssh_key)(uintptr_t)key);
}

static int call_key(struct login *l, const void *key)
{
    return ssh_userauth_publickey(l->r->ssh, NULL, (ssh_key)(uintptr_t)key);
}

static int call_kbdint(struct login *l, const void *arg)
{
    (void)arg;
    return ssh_userauth_kbdint(l->r->ssh, NULL, NULL);
}

static int call_password(struct login *l, const void *password)
{
    return ssh_userauth_password(l->r->ssh, NULL, password);
}

// The public half of an identity, in base64: FILE.pub, or FILE itself where only that half is kept here. NULL: not to
// be had.
static char *public_half(const char *path, ssh_key *ret_key)
{
    _cleanup_free_ char *pub = xasprintf("%s.pub", path);
    ssh_key key = NULL;
    char *key64 = NULL, *copy = NULL;
    if (ssh_pki_import_pubkey_file(pub, &key) != SSH_OK && ssh_pki_import_pubkey_file(path, &key) != SSH_OK)
        return NULL;
    if (ssh_pki_export_pubkey_base64(key, &key64) == SSH_OK)
        copy = xstrdup(key64);
    ssh_string_free_char(key64);
    if (ret_key && copy)
        *ret_key = key;
    else
        ssh_key_free(key);
    return copy;
}

static enum outcome try_agent(struct login *l)
{
    const struct remote_config *c = &l->r->config;
    const char *path = c->agent ? c->agent : getenv("SSH_AUTH_SOCK");
    if (!path || !*path || strcmp(path, "none") == 0)
        return LOGIN_NEXT;
    _cleanup_strv_ struct strv configured = STRV_INIT;
    for (size_t i = 0; c->identities_only && i < c->identities.n; i++) {
        char *key = public_half(c->identities.s[i], NULL);
        if (key)
            strv_take(&configured, key);
    }
    struct remote_agent *agent = remote_agent_start(l->job, l->r, path, c->identities_only ? &configured : NULL);
    if (!agent)
        return LOGIN_NEXT;
    int rc = settle(l, call_agent, NULL);
    bool answered = remote_agent_stop(agent, &l->shown);
    char how[48];
    snprintf(how, sizeof(how), "%zu key%s", l->shown.n, l->shown.n == 1 ? "" : "s");
    tried(l, "agent", answered ? how : "no answer");
    if (rc != SSH_AUTH_SUCCESS && job_check(l->job, l->e) < 0)
        return LOGIN_ERROR;
    return outcome_of(rc);
}

static int no_passphrase(const char *prompt, char *buf, size_t len, int echo, int verify, void *userdata)
{
    (void)prompt;
    (void)buf;
    (void)len;
    (void)echo;
    (void)verify;
    *(bool *)userdata = true; // it is encrypted
    return -1;
}

// Asks for the passphrase of an encrypted key. LOGIN_NEXT: the key is not to be had.
static enum outcome unlock_key(struct login *l, const char *path, ssh_key *ret)
{
    for (int i = 0; i < TRIES; i++) {
        _cleanup_free_ char *question = xasprintf("%sPassphrase for %s: ", i ? "Wrong. " : "", path);
        char *secret = NULL;
        if (ask(l, REMOTE_ASK_SECRET, question, &secret) < 0) {
            tried(l, path, "needs its passphrase");
            return after_refused_question(l);
        }
        int rc = ssh_pki_import_privkey_file(path, secret, NULL, NULL, ret);
        mem_wipe_text(secret);
        if (rc == SSH_OK)
            return LOGIN_OK;
    }
    tried(l, path, "wrong passphrase");
    return LOGIN_NEXT;
}

// Would the server take this key? Asked with the public half, so that nobody is bothered for a passphrase in vain.
static enum outcome offer(struct login *l, const char *path)
{
    ssh_key key = NULL;
    _cleanup_free_ char *key64 = public_half(path, &key);
    if (!key64)
        return LOGIN_OK; // cannot be told: try
    int rc = settle(l, call_offer, key);
    ssh_key_free(key);
    return rc == SSH_AUTH_ERROR ? LOGIN_NEXT : outcome_of(rc);
}

static bool usable_file(struct login *l, const char *path)
{
    struct stat st;
    if (stat(path, &st) < 0) {
        if (l->r->config.identities_given)
            tried(l, path, "not there");
        return false;
    }
    if (!S_ISREG(st.st_mode))
        return false;
    if (st.st_uid == getuid() && (st.st_mode & 077)) {
        tried(l, path, "ignored: others can read it");
        return false;
    }
    return true;
}

// An open key is used at once; sshd makes every request wait some 5 ms, so offering it first would double that. A
// locked one is offered before anybody is asked.
static enum outcome load_key(struct login *l, const char *path, ssh_key *ret)
{
    bool encrypted = false;
    if (ssh_pki_import_privkey_file(path, NULL, no_passphrase, &encrypted, ret) == SSH_OK)
        return LOGIN_OK;
    if (!encrypted) {
        tried(l, path, "cannot be read");
        return LOGIN_NEXT;
    }
    enum outcome out = offer(l, path);
    if (out != LOGIN_OK) {
        tried(l, path, "refused");
        return out;
    }
    return unlock_key(l, path, ret);
}

static enum outcome try_key(struct login *l, const char *path)
{
    if (!usable_file(l, path))
        return LOGIN_NEXT;
    _cleanup_free_ char *key64 = public_half(path, NULL);
    if (key64 && strv_has(&l->shown, key64)) {
        tried(l, path, "refused from the agent");
        return LOGIN_NEXT;
    }
    ssh_key key = NULL;
    enum outcome out = load_key(l, path, &key);
    if (out != LOGIN_OK)
        return out;
    _cleanup_free_ char *cert_path = xasprintf("%s-cert.pub", path);
    ssh_key cert = NULL;
    if (ssh_pki_import_cert_file(cert_path, &cert) == SSH_OK && ssh_pki_copy_cert_to_privkey(cert, key) == SSH_OK)
        tried(l, cert_path, NULL);
    ssh_key_free(cert);
    out = outcome_of(settle(l, call_key, key));
    ssh_key_free(key);
    tried(l, path, out == LOGIN_OK ? NULL : "refused");
    return out;
}

static enum outcome try_keys(struct login *l)
{
    for (size_t i = 0; i < l->r->config.identities.n; i++) {
        enum outcome out = try_key(l, l->r->config.identities.s[i]);
        if (out != LOGIN_NEXT)
            return out;
    }
    return LOGIN_NEXT;
}

// Who asks is told on a line of our own; each of the server's words is one line more, so that a node can ask for
// nothing in our name or another's.
static char *server_question(struct login *l, unsigned i, bool *ret_echo)
{
    char echo = 0;
    const char *parts[] = {ssh_userauth_kbdint_getname(l->r->ssh), ssh_userauth_kbdint_getinstruction(l->r->ssh),
                           ssh_userauth_kbdint_getprompt(l->r->ssh, i, &echo)};
    struct buf text = BUF_INIT;
    buf_addf(&text, "%s asks:", l->r->label);
    for (size_t k = i ? 2 : 0; k < ARRAY_SIZE(parts); k++) {
        if (parts[k] && *parts[k]) {
            buf_addc(&text, '\n');
            buf_add_line(&text, parts[k]);
        }
    }
    *ret_echo = echo;
    return buf_steal(&text);
}

static enum outcome answer_prompts(struct login *l)
{
    int n = ssh_userauth_kbdint_getnprompts(l->r->ssh);
    for (int i = 0; i < n; i++) {
        bool echo = false;
        _cleanup_free_ char *question = server_question(l, (unsigned)i, &echo);
        char *answer = NULL;
        if (ask(l, echo ? REMOTE_ASK_TEXT : REMOTE_ASK_SECRET, question, &answer) < 0)
            return after_refused_question(l);
        ssh_userauth_kbdint_setanswer(l->r->ssh, (unsigned)i, answer);
        mem_wipe_text(answer);
    }
    return LOGIN_OK;
}

static int tries(const struct login *l)
{
    int n = l->r->config.password_prompts;
    return n < 0 ? TRIES : n;
}

static enum outcome try_kbdint(struct login *l)
{
    if (!l->o->ask) {
        l->cannot_ask = true;
        tried(l, "keyboard-interactive", "nobody to ask");
        return LOGIN_NEXT;
    }
    int rc = 0, asked = 0; // the server decides how often it goes on, also without a single prompt: not for ever
    for (int round = 0; round < tries(l); round++) {
        while ((rc = settle(l, call_kbdint, NULL)) == SSH_AUTH_INFO) {
            bool endless = ++asked > ROUNDS || ssh_userauth_kbdint_getnprompts(l->r->ssh) > PROMPTS;
            if (endless) {
                tried(l, "keyboard-interactive", "the server asks without end");
                return LOGIN_NEXT;
            }
            enum outcome out = answer_prompts(l);
            if (out != LOGIN_OK) {
                tried(l, "keyboard-interactive", "no answer");
                return out;
            }
        }
        if (rc != SSH_AUTH_DENIED)
            break;
    }
    tried(l, "keyboard-interactive", NULL);
    return outcome_of(rc);
}

static enum outcome try_password(struct login *l)
{
    int rc = SSH_AUTH_DENIED;
    for (int i = 0; i < tries(l) && rc == SSH_AUTH_DENIED; i++) {
        _cleanup_free_ char *question = xasprintf("%sPassword of %s: ", i ? "Wrong. " : "", l->r->label);
        char *secret = NULL;
        if (ask(l, REMOTE_ASK_SECRET, question, &secret) < 0) {
            tried(l, "password", "nobody to ask");
            return after_refused_question(l);
        }
        rc = settle(l, call_password, secret);
        mem_wipe_text(secret);
    }
    tried(l, "password", NULL);
    return outcome_of(rc);
}

static int refused(struct login *l, int methods)
{
    char *label = l->r->label;
    const char *user = l->r->config.user;
    err_set(l->e, ERR_AUTH, "%s: login refused (tried: %s)", label, l->tried.len ? buf_str(&l->tried) : "nothing");
    if (l->cannot_ask && (methods & (SSH_AUTH_METHOD_PASSWORD | SSH_AUTH_METHOD_INTERACTIVE)))
        return err_hint(
            l->e,
            "the server takes a password of %s, but there is nobody to ask: use the prompt, or put a key into "
            "its ~/.ssh/authorized_keys",
            user);
    if (methods & SSH_AUTH_METHOD_PUBLICKEY)
        return err_hint(
            l->e,
            "put one of your public keys into ~/.ssh/authorized_keys of %s (ssh-copy-id), or name the right "
            "key with IdentityFile in ~/.ssh/config",
            user);
    return err_hint(l->e, "the server offers no method that migsh knows");
}

int remote_auth(struct job *job, struct remote *r, const struct remote_options *options, struct err *e)
{
    struct login l = {job, r, options, e, BUF_INIT, STRV_INIT, false};
    const struct remote_config *c = &r->config;
    enum outcome out =
        outcome_of(settle(&l, call_none, NULL)); // tells which methods there are; some let you in at once
    int methods = 0;
    const struct {
        const char *name;
        int method, wanted;
        enum outcome (*run)(struct login *l);
    } steps[] = {{"publickey", SSH_AUTH_METHOD_PUBLICKEY, c->pubkey, try_agent},
                 {"publickey", SSH_AUTH_METHOD_PUBLICKEY, c->pubkey, try_keys},
                 {"keyboard-interactive", SSH_AUTH_METHOD_INTERACTIVE, c->kbdint && !c->batch, try_kbdint},
                 {"password", SSH_AUTH_METHOD_PASSWORD, c->password && !c->batch, try_password}};
    _cleanup_strv_ struct strv names = STRV_INIT;
    strv_split(&names, c->preferred ? c->preferred : "publickey,keyboard-interactive,password", ',');
    for (size_t i = 0; i < names.n * ARRAY_SIZE(steps) && out == LOGIN_NEXT; i++) {
        size_t k = i % ARRAY_SIZE(steps);
        methods = ssh_userauth_list(r->ssh, NULL); // a partial success changes it
        if (strcmp(names.s[i / ARRAY_SIZE(steps)], steps[k].name) == 0 && (methods & steps[k].method) &&
            steps[k].wanted)
            out = steps[k].run(&l);
    }
    if (out == LOGIN_NEXT)
        refused(&l, methods);
    else if (out == LOGIN_ERROR && e->code == ERR_UNREACHABLE && l.tried.len)
        err_wrap(e, "after trying %s", buf_str(&l.tried));
    else if (out == LOGIN_OK)
        err_release(e); // a question nobody could answer, then a method that needed none
    buf_release(&l.tried);
    strv_release(&l.shown);
    return out == LOGIN_OK ? 0 : -1;
}
