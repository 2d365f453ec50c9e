// SPDX-License-Identifier: GPL-3.0-or-later
// Opening and closing an ssh session. Job threads; see remote.h.
#include "io/ssh/remote.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/printable.h"
#include "base/token.h"
#include "base/trace.h"
#include "io/ssh/priv.h"

enum { CONNECT_MS = 15000, STALL_MS = 25000, MAX_HOPS = 8, TRIES = 8 };

static int set_option(struct remote *r, enum ssh_options_e option, const void *value, struct err *e)
{
    if (ssh_options_set(r->ssh, option, value) == 0)
        return 0;
    return err_set(e, ERR_FAILED, "%s: libssh refuses a setting: %s", r->label, ssh_get_error(r->ssh));
}

// GCM first: with AES in hardware it is a third faster than libssh's default, ChaCha20.
static const char CIPHERS[] =
    "aes128-gcm@openssh.com,aes256-gcm@openssh.com,chacha20-poly1305@openssh.com,aes256-ctr,aes128-ctr";

static int configure(struct remote *r, struct err *e)
{
    const struct remote_config *c = &r->config;
    bool no = false;
    const char *ciphers = c->ciphers ? c->ciphers : CIPHERS;
    // libssh must read no file by itself: config and known_hosts are ours to judge. The host's name is nothing to
    // libssh.
    if (set_option(r, SSH_OPTIONS_PROCESS_CONFIG, &no, e) < 0 || set_option(r, SSH_OPTIONS_HOST, "peer", e) < 0 ||
        set_option(r, SSH_OPTIONS_USER, c->user, e) < 0 || set_option(r, SSH_OPTIONS_KNOWNHOSTS, "/dev/null", e) < 0 ||
        set_option(r, SSH_OPTIONS_GLOBAL_KNOWNHOSTS, "/dev/null", e) < 0 ||
        set_option(r, SSH_OPTIONS_CIPHERS_C_S, ciphers, e) < 0 ||
        set_option(r, SSH_OPTIONS_CIPHERS_S_C, ciphers, e) < 0)
        return -1;
    if (c->kex_algorithms && set_option(r, SSH_OPTIONS_KEY_EXCHANGE, c->kex_algorithms, e) < 0)
        return -1;
    if (c->macs &&
        (set_option(r, SSH_OPTIONS_HMAC_C_S, c->macs, e) < 0 || set_option(r, SSH_OPTIONS_HMAC_S_C, c->macs, e) < 0))
        return -1;
    if (c->pubkey_algorithms && set_option(r, SSH_OPTIONS_PUBLICKEY_ACCEPTED_TYPES, c->pubkey_algorithms, e) < 0)
        return -1;
    if (c->rsa_min && set_option(r, SSH_OPTIONS_RSA_MIN_SIZE, &c->rsa_min, e) < 0)
        return -1;
    return remote_hostkey_prefer(r, e);
}

// libssh takes the descriptor over with ssh_connect() and closes it in ssh_free() at the latest.
static int exchange_keys(struct job *job, struct remote *r, int fd, struct err *e)
{
    if (set_option(r, SSH_OPTIONS_FD, &fd, e) < 0) {
        close(fd);
        return -1;
    }
    ssh_set_blocking(r->ssh, 0);
    ssh_set_counters(r->ssh, &r->traffic, NULL);
    for (;;) {
        int rc = ssh_connect(r->ssh);
        if (rc == SSH_ERROR) {
            r->turned_away = !ssh_get_serverbanner(r->ssh) && !r->bridge;
            return remote_fail(r, e, "key exchange");
        }
        // libssh makes the socket blocking once it is connected: a frozen peer would then hang send().
        fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
        if (rc == SSH_OK)
            break;
        if (remote_wait(job, r, 1000, e) < 0)
            return -1;
    }
    r->event = ssh_event_new();
    if (!r->event || ssh_event_add_session(r->event, r->ssh) != SSH_OK)
        return remote_fail(r, e, "key exchange");
    return 0;
}

static int open_hop(struct job *job, const struct remote_options *o, struct remote_config *config, const char *jump,
                    int depth, struct remote **ret, struct err *e);

// `jump` lists the hosts to go through, first to last: the last of them is logged in to through the ones before it.
static int open_jump(struct job *job, const struct remote_options *o, const char *jump, int depth, struct remote **ret,
                     struct err *e)
{
    const char *comma = strrchr(jump, ',');
    _cleanup_free_ char *before = comma ? xstrndup(jump, (size_t)(comma - jump)) : NULL;
    _cleanup_free_ char *user = NULL, *host _cleanup_free_ = NULL;
    int port = 0;
    if (depth >= MAX_HOPS)
        return err_set(e, ERR_USAGE, "ProxyJump: more than %d hosts, or a circle", MAX_HOPS);
    if (remote_config_parse_target(comma ? comma + 1 : jump, &user, &host, &port, e) < 0)
        return err_wrap(e, "ProxyJump");
    struct remote_config config = {0};
    if (remote_config_load(host, user, port, o->config_file, &config, e) < 0)
        return -1;
    struct remote_options inner = *o;
    inner.fingerprint = NULL; // the pin is the last host's
    if (open_hop(job, &inner, &config, before ? before : config.jump, depth + 1, ret, e) < 0)
        return err_wrap(e, "jump host %s", host);
    return 0;
}

static int connect_fd(struct job *job, struct remote *r, const struct remote_options *o, const char *jump, int depth,
                      double ms, int *ret_fd, struct err *e)
{
    const struct remote_config *c = &r->config;
    if (jump && strcasecmp(jump, "none") != 0) {
        if (open_jump(job, o, jump, depth, &r->via, e) < 0)
            return -1;
        return remote_bridge_jump(job, r->via, c->host, c->port, &r->bridge, ret_fd, e);
    }
    if (c->proxy_command)
        return remote_bridge_command(c->proxy_command, &r->bridge, ret_fd, e);
    return remote_dial(job, c->host, c->port, c->family, c->bind_address, ms, ret_fd, e);
}

static int open_steps(struct job *job, struct remote *r, const struct remote_options *o, const char *jump, int depth,
                      struct err *e)
{
    double ms = o->connect_ms > 0           ? o->connect_ms
                : r->config.connect_timeout ? r->config.connect_timeout * 1e3
                                            : CONNECT_MS;
    double start = clock_mono_ms();
    int fd = -1;
    if (configure(r, e) < 0 || connect_fd(job, r, o, jump, depth, ms, &fd, e) < 0)
        return -1;
    // What a jump host took is not counted: people may have been asked for passwords there.
    remote_begin(r, "key exchange", r->bridge ? ms : ms - (clock_mono_ms() - start));
    if (exchange_keys(job, r, fd, e) < 0 || remote_hostkey_check(job, r, o, e) < 0)
        return -1;
    return remote_auth(job, r, o, e);
}

// Milliseconds until the next try; random, so that those turned away together do not come back together.
static double back_off(int attempt)
{
    unsigned char random = 0;
    token_fill(&random, 1);
    return 150.0 * attempt + random;
}

static void release_session(struct remote *r)
{
    remote_exec_release(r);
    // No ssh_disconnect(): after it the descriptor would be ours, and before it libssh may have closed it already.
    if (r->event) {
        ssh_event_remove_session(r->event, r->ssh);
        ssh_event_free(steal(&r->event));
    }
    ssh_free(r->ssh);
    r->ssh = NULL;
    remote_bridge_free(steal(&r->bridge));
    remote_close(steal(&r->via));
    r->broken = r->turned_away = false;
    r->heard_bytes = 0;
    r->traffic = (struct ssh_counter_struct){0};
}

static int open_hop(struct job *job, const struct remote_options *o, struct remote_config *config, const char *jump,
                    int depth, struct remote **ret, struct err *e)
{
    _cleanup_(remote_close_p) struct remote *r = xnew(struct remote);
    _cleanup_free_ char *way = xstrdup(jump); // may be config->jump
    r->config = *config;
    *config = (struct remote_config){0};
    r->stall_ms = o->stall_ms > 0 ? o->stall_ms : STALL_MS;
    _cleanup_free_ char *port = r->config.port == 22 ? xstrdup("") : xasprintf(":%d", r->config.port);
    r->label = xasprintf("%s@%s%s", r->config.user, r->config.host, port);
    for (int attempt = 1;; attempt++) {
        r->ssh = ssh_new();
        if (!r->ssh)
            return err_set(e, ERR_FAILED, "libssh cannot start a session");
        if (open_steps(job, r, o, way, depth, e) == 0)
            break;
        // Closed before a word was said: sshd turns connections away when many log in at once (MaxStartups).
        if (!r->turned_away || attempt == TRIES || job_sleep(job, back_off(attempt), e) < 0)
            return -1;
        release_session(r);
        err_release(e);
    }
    *ret = steal(&r);
    return 0;
}

int remote_open(struct job *job, const struct remote_options *options, struct remote **ret, struct err *e)
{
    struct remote_config config = {0};
    if (remote_config_load(options->host, options->user, options->port, options->config_file, &config, e) < 0)
        return -1;
    double began_ms = clock_mono_ms();
    _cleanup_free_ char *where = xasprintf("%s@%s", config.user, config.host);
    int opened = open_hop(job, options, &config, config.jump, 0, ret, e);
    trace_call(&(struct trace_call){.level = TRACE_COMMAND,
                                    .kind = "ssh",
                                    .where = where,
                                    .what = "login",
                                    .n = strlen("login"),
                                    .began_ms = began_ms,
                                    .outcome = "ok",
                                    .failure = opened < 0 ? e->msg : NULL});
    return opened;
}

void remote_close(struct remote *r)
{
    if (!r)
        return;
    release_session(r);
    remote_config_release(&r->config);
    free(r->label);
    free(r->fingerprint);
    free(r->host_key);
    free(r);
}

const char *remote_label(const struct remote *r)
{
    return r->label;
}

const char *remote_server(const struct remote *r)
{
    const char *banner = ssh_get_serverbanner(r->ssh);
    return banner ? banner : "";
}

const char *remote_host_key(const struct remote *r)
{
    return r->host_key;
}

const char *remote_fingerprint(const struct remote *r)
{
    return r->fingerprint;
}
