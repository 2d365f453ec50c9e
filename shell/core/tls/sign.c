// SPDX-License-Identifier: GPL-3.0-or-later
// See setup.h: what the authorities sign, and who listens for TLS.
#include <string.h>
#include <time.h>

#include "core/console/out.h"
#include "core/node/place.h"
#include "core/tls/setup_priv.h"
#include "core/tls/tools_priv.h"

struct authority {
    enum tls_world w;
    char *pem, *cert_pem;
    struct x509_cert *cert;
};

static void authority_release(struct authority *a)
{
    mem_wipe_text(a->pem);
    free(a->cert_pem);
    x509_free(a->cert);
}

static void add_file(struct tls_setup_node *n, struct plan *p, const struct tls_file *f, const char *what,
                     const char *text)
{
    struct change *c = plan_add(p, n->node, CHANGE_FILE, what);
    c->path = xstrdup(f->path);
    c->mode = 0644;
    c->no_backup = true; // what was there is in the journal, or aside
    change_set_text(c, text, strlen(text));
}

// Is it good as it is?
static bool is_good(const struct tls_setup *s, const struct tls_setup_node *n, const struct authority *a,
                    enum tls_role r)
{
    const struct tls_file *f = &n->now.files[a->w][r];
    const char *key = n->now.files[a->w][r + 1].public_key, *why;
    if (s->all || !f->cert || !key)
        return false;
    const struct x509_about *about = x509_about(f->cert);
    int64_t soon = (int64_t)s->within * TLS_DAY_S;
    return about->public_key && strcmp(about->public_key, key) == 0 && about->not_after >= n->now.now + soon &&
           about->not_before <= n->now.now && (r == TLS_SERVER ? about->server : about->client) &&
           x509_trusted(f->cert, a->cert, &why) && x509_names(f->cert, n->node->name) &&
           (!n->node->address || x509_names(f->cert, n->node->address));
}

static char *joined(const struct strv *names)
{
    struct buf b = BUF_INIT;
    for (size_t i = 0; i < names->n; i++)
        buf_addf(&b, "%s%s", i ? ", " : "", names->s[i]);
    return buf_steal(&b);
}

static int plan_leaf(struct tls_setup *s, struct tls_setup_node *n, const struct authority *a, enum tls_role r,
                     struct plan *p, struct err *e)
{
    const struct tls_file *f = &n->now.files[a->w][r], *key = f + 1;
    _cleanup_free_ char *what =
        xasprintf("%s: certificate as a %s", tls_world_name(a->w), r == TLS_SERVER ? "server" : "client");
    if (is_good(s, n, a, r)) {
        add_file(n, p, f, what, buf_str(&f->pem));
        return 0;
    }
    int64_t now = time(NULL);
    struct x509_wish w = {.name = n->node->name,
                          .names = &n->names,
                          .public_key = key->public_key,
                          .server = r == TLS_SERVER,
                          .client = r == TLS_CLIENT,
                          .from = now - TLS_DAY_S,
                          .until = now + (int64_t)s->days * TLS_DAY_S};
    char *pem = NULL;
    if (x509_issue(a->pem, &w, &pem, e) < 0)
        return -1;
    add_file(n, p, f, what, pem);
    free(pem);
    return 0;
}

static void refuse_authority(struct tls_setup *s, const struct tls_setup_node *n, enum tls_world w)
{
    _cleanup_err_ struct err e = ERR_INIT;
    err_set(&e, ERR_NOT_FOUND, "%s: this console has no authority for %s, so it can renew nothing there", n->node->name,
            tls_world_name(w));
    err_hint(&e, "tls-setup makes one");
    tls_refuse(s, n, "certificates", &e);
}

static void refuse_key(struct tls_setup *s, struct tls_setup_node *n, const struct tls_file *key)
{
    _cleanup_err_ struct err e = ERR_INIT;
    err_set(&e, ERR_STATE, "%s: the public half of %s is not known: %s", n->node->name, key->path,
            key->sealed ? key->sealed : "it is not there");
    tls_refuse(s, n, "certificates", &e);
}

static void plan_node(struct tls_setup *s, struct tls_setup_node *n, const struct authority *a, struct plan *p)
{
    const struct tls_file *files = n->now.files[a->w];
    bool waits = n->aside[a->w] || !files[TLS_SERVER_KEY].there || !files[TLS_CLIENT_KEY].there || !a->pem;
    if (s->renew && !tls_has_any(&n->now, a->w)) {
        out_notice(OUT_INFO, "%s: it has no certificates of %s, so there is nothing to renew", n->node->name,
                   tls_world_name(a->w));
        return;
    }
    if (s->dry && waits && !s->renew) {
        _cleanup_free_ char *names = joined(&n->names);
        out_notice(OUT_INFO, "%s: %s's certificates are signed when it has its keys, for %s", n->node->name,
                   a->w == TLS_QEMU ? "QEMU" : "libvirt", names);
        return;
    }
    if (!a->pem) {
        refuse_authority(s, n, a->w);
        return;
    }
    const struct tls_file *f = tls_foreign(&n->now, a->w, a->cert);
    if (f) { // it could not be set aside, or has come since
        tls_refuse_foreign(s, n, a->w, f);
        return;
    }
    for (enum tls_role r = TLS_SERVER; r <= TLS_CLIENT; r += 2) {
        if (!files[r + 1].public_key) {
            refuse_key(s, n, &files[r + 1]);
            return;
        }
    }
    _cleanup_free_ char *what = xasprintf("%s: the authority", tls_world_name(a->w));
    size_t before = p->n;
    _cleanup_err_ struct err e = ERR_INIT;
    add_file(n, p, &files[TLS_CA], what, a->cert_pem);
    for (enum tls_role r = TLS_SERVER; r <= TLS_CLIENT; r += 2) {
        if (plan_leaf(s, n, a, r, p, &e) < 0) {
            plan_truncate(p, before); // all of it or nothing
            tls_refuse(s, n, "certificates", &e);
            return;
        }
    }
}

int tls_plan_certificates(struct tls_setup *s, struct plan *p, struct err *e)
{
    for (enum tls_world w = TLS_LIBVIRT; w < TLS_WORLDS; w++) {
        _cleanup_(authority_release) struct authority a = {.w = w};
        if (tls_own_authority(w, !s->dry && !s->renew, &a.pem, &a.cert, e) < 0)
            return -1;
        if (a.pem)
            a.cert_pem = tls_authority_cert(a.pem);
        for (size_t i = 0; i < s->n; i++) {
            struct tls_setup_node *n = &s->nodes[i];
            if (n->looked && !n->refused[w])
                plan_node(s, n, &a, p);
        }
    }
    return 0;
}

static char *listen_line(const char *line, size_t len, const void *data)
{
    size_t at = 0;
    (void)data;
    while (at < len && (line[at] == ' ' || line[at] == '\t'))
        at++;
    if (len - at < strlen("listen_tls") || strncmp(line + at, "listen_tls", strlen("listen_tls")) != 0)
        return NULL;
    at += strlen("listen_tls");
    while (at < len && (line[at] == ' ' || line[at] == '\t'))
        at++;
    return at < len && line[at] == '=' ? xstrdup("listen_tls = 1") : NULL;
}

static void by_unit(struct tls_setup *s, struct tls_setup_node *n, struct plan *p)
{
    const char *words[] = {n->now.unit, s->restart ? "restart" : ""};
    _cleanup_free_ char *what = xasprintf("%s listens for qemu+tls%s", n->now.unit, s->restart ? ", at once" : "");
    struct change *c = plan_add(p, n->node, CHANGE_COMMAND, what);
    c->check = place_script(tls_listen_check, words, 2);
    c->run = place_script(tls_listen, words, 2);
    c->undo = place_script(tls_listen_undo, words, 1);
    if (!s->restart)
        out_notice(OUT_INFO,
                   "%s: qemu+tls works from the daemon's next start on; --restart does that now, and guests "
                   "run on",
                   n->node->name);
}

static void by_file(struct tls_setup *s, struct tls_setup_node *n, struct plan *p)
{
    if (n->now.config_off) {
        struct change *c = plan_add(p, n->node, CHANGE_LINES, "libvirtd may listen for qemu+tls");
        c->path = xstrdup("/etc/libvirt/libvirtd.conf");
        c->rewrite = listen_line;
    }
    if (!n->now.listens)
        out_notice(s->restart ? OUT_WARN : OUT_INFO,
                   "%s: there is no systemd, so start libvirtd anew there, with "
                   "--listen: guests run on",
                   n->node->name);
}

void tls_plan_listening(struct tls_setup *s, struct plan *p)
{
    for (size_t i = 0; i < s->n; i++) {
        struct tls_setup_node *n = &s->nodes[i];
        if (!n->looked || n->refused[TLS_LIBVIRT])
            continue;
        if (!s->listen && !n->now.listens)
            out_notice(OUT_INFO,
                       "%s: nobody listens there for qemu+tls; --listen changes that, migrate --tls does not "
                       "need it",
                       n->node->name);
        else if (s->listen && n->now.unit)
            by_unit(s, n, p);
        else if (s->listen)
            by_file(s, n, p);
    }
}
