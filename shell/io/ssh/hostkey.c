// SPDX-License-Identifier: GPL-3.0-or-later
// Is the server the one it should be? Job threads. The answer never depends on StrictHostKeyChecking or on libssh's own
// check, which takes an unknown key for a good one where that option says "no".
#include <string.h>

#include "io/ssh/known.h"
#include "io/ssh/priv.h"

// Key types in order of preference, with the signature algorithms that prove them. RSA with SHA-1 is left out.
static const struct {
    const char *type, *algorithms;
} key_types[] = {
    {"ssh-ed25519", "ssh-ed25519"},
    {"ecdsa-sha2-nistp256", "ecdsa-sha2-nistp256"},
    {"ecdsa-sha2-nistp384", "ecdsa-sha2-nistp384"},
    {"ecdsa-sha2-nistp521", "ecdsa-sha2-nistp521"},
    {"ssh-rsa", "rsa-sha2-512,rsa-sha2-256"},
};

static void all_files(const struct remote_config *c, struct strv *files)
{
    strv_copy(files, &c->user_known_hosts);
    strv_copy(files, &c->global_known_hosts);
}

static char *name_of(const struct remote_config *c)
{
    return c->host_key_alias ? remote_known_name(c->host_key_alias, 22) : remote_known_name(c->host, c->port);
}

// Asks for the key types first that are already known, so that a server with several keys shows the one that can be
// checked.
int remote_hostkey_prefer(struct remote *r, struct err *e)
{
    if (r->config.host_key_algorithms) {
        if (ssh_options_set(r->ssh, SSH_OPTIONS_HOSTKEYS, r->config.host_key_algorithms) == 0)
            return 0;
        return err_set(e, ERR_USAGE, "%s: HostKeyAlgorithms names nothing that is supported", r->label);
    }
    _cleanup_strv_ struct strv files = STRV_INIT;
    all_files(&r->config, &files);
    _cleanup_free_ char *name = name_of(&r->config);
    struct remote_known_result known = {0};
    if (remote_known_look(&files, name, NULL, NULL, &known, e) < 0)
        return -1;
    _cleanup_buf_ struct buf order = BUF_INIT;
    for (int wanted = 1; wanted >= 0; wanted--) {
        for (size_t i = 0; i < ARRAY_SIZE(key_types); i++) {
            if (strv_has(&known.types, key_types[i].type) == wanted)
                buf_addf(&order, "%s%s", order.len ? "," : "", key_types[i].algorithms);
        }
    }
    remote_known_release(&known);
    if (ssh_options_set(r->ssh, SSH_OPTIONS_HOSTKEYS, buf_str(&order)) == 0)
        return 0;
    return err_set(e, ERR_FAILED, "%s: libssh refuses the host key types", r->label);
}

struct shown { // what the server showed
    char *type;
    char *key; // base64
    char *fingerprint;
};

static void shown_release(struct shown *s)
{
    free(s->type);
    free(s->key);
    free(s->fingerprint);
}

static int read_key(struct remote *r, struct shown *s, struct err *e)
{
    ssh_key key = NULL;
    unsigned char *hash = NULL;
    size_t n = 0;
    char *key64 = NULL, *print = NULL;
    if (ssh_get_server_publickey(r->ssh, &key) == SSH_OK && ssh_pki_export_pubkey_base64(key, &key64) == SSH_OK &&
        ssh_get_publickey_hash(key, SSH_PUBLICKEY_HASH_SHA256, &hash, &n) == 0)
        print = ssh_get_fingerprint_hash(SSH_PUBLICKEY_HASH_SHA256, hash, n);
    if (print) {
        s->type = xstrdup(ssh_key_type_to_char(ssh_key_type(key)));
        s->key = xstrdup(key64);
        s->fingerprint = xstrdup(print);
    }
    ssh_string_free_char(key64);
    ssh_string_free_char(print);
    ssh_clean_pubkey_hash(&hash);
    ssh_key_free(key);
    if (s->fingerprint)
        return 0;
    err_set(e, ERR_HOSTKEY, "%s: the host key cannot be read", r->label);
    return -1;
}

static int refuse(const struct remote *r, const struct remote_known_result *known, const struct shown *s,
                  const char *name, struct err *e)
{
    switch (known->verdict) {
    case KNOWN_REVOKED:
        err_set(e, ERR_HOSTKEY, "%s: the host key %s %s is revoked (%s line %u)", r->label, s->type, s->fingerprint,
                known->file, known->line);
        return err_hint(e, "the server must be given a new key; until then do not log in to it");
    case KNOWN_OTHER_TYPE:
        err_set(e, ERR_HOSTKEY,
                "%s: the server shows a key of a type that is not the known one: %s %s, but %s line %u knows %s",
                r->label, s->type, s->fingerprint, known->file, known->line, known->types.s[0]);
        break;
    default:
        err_set(e, ERR_HOSTKEY, "%s: THE HOST KEY HAS CHANGED: %s %s, but %s line %u knows another one", r->label,
                s->type, s->fingerprint, known->file, known->line);
    }
    return err_hint(
        e,
        "somebody may be in between. If the host was installed anew, compare the fingerprint on its console "
        "(ssh-keygen -l -f /etc/ssh/ssh_host_*_key.pub) and remove line %u of %s (ssh-keygen -R '%s')",
        known->line, known->file, name);
}

static int ask_about(struct job *job, const struct remote *r, const struct remote_options *o, const struct shown *s,
                     struct err *e)
{
    if (o->ask && !r->config.batch) {
        _cleanup_free_ char *question =
            xasprintf("The host %s is not known yet. Its key is\n%s %s\nIs that right, and shall it "
                      "be trusted from now on?",
                      r->label, s->type, s->fingerprint);
        char *answer = NULL;
        if (o->ask(o->ask_data, job, REMOTE_ASK_YESNO, question, &answer, e) == 0) {
            bool yes = strcmp(answer, "yes") == 0;
            free(answer);
            if (yes)
                return 0;
        } else if (e->code != ERR_AUTH) {
            return -1;
        }
    }
    err_set(e, ERR_HOSTKEY, "%s: the host key is not known: %s %s", r->label, s->type, s->fingerprint);
    return err_hint(
        e, "compare it with the host's own (ssh-keygen -l -f /etc/ssh/ssh_host_*_key.pub there); then accept it at the "
           "prompt, or pin it with the node's --fingerprint");
}

static int accept_unknown(struct job *job, const struct remote *r, const struct remote_options *o,
                          const struct shown *s, const char *name, struct err *e)
{
    if (o->fingerprint && strcmp(o->fingerprint, s->fingerprint) != 0) {
        err_set(e, ERR_HOSTKEY, "%s: the host key is %s %s, but %s is pinned", r->label, s->type, s->fingerprint,
                o->fingerprint);
        return err_hint(e, "this is not the host that was meant, or its key was replaced");
    }
    if (r->config.strict_at && !o->fingerprint) {
        err_set(e, ERR_HOSTKEY, "%s: the host key is not known: %s %s, and %s says StrictHostKeyChecking yes", r->label,
                s->type, s->fingerprint, r->config.strict_at);
        return err_hint(e, "put the key into known_hosts by hand, or pin it with the node's --fingerprint");
    }
    if (!o->fingerprint && ask_about(job, r, o, s, e) < 0)
        return -1;
    if (r->config.strict_at) // pinned: that is enough, but ssh would write nothing down
        return 0;
    const struct strv *files = &r->config.user_known_hosts;
    for (size_t i = 0; i < files->n; i++) {
        if (strcmp(files->s[i], "none") != 0 && strcmp(files->s[i], "/dev/null") != 0)
            return remote_known_add(files->s[i], name, s->type, s->key, r->config.hash_known_hosts, e);
    }
    return 0; // accepted for this time: the config wants nothing written down
}

static int look_revoked(const char *file, const char *key, struct remote_known_result *known, struct err *e)
{
    unsigned line = 0;
    if (remote_known_revoked(file, key, &line, e) < 0)
        return -1;
    if (line) {
        free(known->file);
        known->verdict = KNOWN_REVOKED;
        known->file = xstrdup(file);
        known->line = line;
    }
    return 0;
}

int remote_hostkey_check(struct job *job, struct remote *r, const struct remote_options *o, struct err *e)
{
    _cleanup_(shown_release) struct shown s = {0};
    _cleanup_strv_ struct strv files = STRV_INIT;
    all_files(&r->config, &files);
    _cleanup_free_ char *name = name_of(&r->config);
    struct remote_known_result known = {0};
    if (read_key(r, &s, e) < 0 || remote_known_look(&files, name, s.type, s.key, &known, e) < 0)
        return -1;
    int status = 0;
    if (r->config.revoked_host_keys)
        status = look_revoked(r->config.revoked_host_keys, s.key, &known, e);
    if (status < 0)
        ;
    else if (known.verdict == KNOWN_NOTHING)
        status = accept_unknown(job, r, o, &s, name, e);
    else if (known.verdict != KNOWN_OK)
        status = refuse(r, &known, &s, name, e);
    else if (o->fingerprint && strcmp(o->fingerprint, s.fingerprint) != 0)
        status = accept_unknown(job, r, o, &s, name, e); // known, yet not what is pinned
    remote_known_release(&known);
    r->fingerprint = xstrdup(s.fingerprint);
    r->host_key = xasprintf("%s %s", s.type, s.key);
    return status;
}
