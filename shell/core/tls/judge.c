// SPDX-License-Identifier: GPL-3.0-or-later
// What is wrong with a node's certificates, in the words that libvirt and QEMU would have for it. Pure. See tls.h.
#include <string.h>

#include "base/json.h"
#include "core/console/inventory.h"
#include "core/tls/tls.h"
#include "io/digest.h"

struct judge {
    const struct tls_node *t;
    enum tls_world w;
    json_t *found;
    const char *of; // of a file's further certificates: whose; else NULL
};

struct finding {
    const char *level;
    const struct tls_file *file; // NULL: the world as a whole
    char *seen, *wanted, *libvirt, *remedy;
};

json_t *tls_finding(const char *node, const char *world, const char *file, const char *level, const char *seen,
                    const char *wanted, const char *libvirt, const char *remedy)
{
    const char *const words[][2] = {{"node", node}, {"world", world},   {"file", file},       {"level", level},
                                    {"seen", seen}, {"wanted", wanted}, {"libvirt", libvirt}, {"remedy", remedy}};
    json_t *v = json_object();
    for (size_t i = 0; i < ARRAY_SIZE(words); i++)
        json_object_set_new(v, words[i][0], json_text(words[i][1]));
    return v;
}

static void add(struct judge *j, struct finding f)
{
    const char *node = j->t->node->name;
    _cleanup_free_ char *usual = xasprintf("tls-setup %s", node);
    _cleanup_free_ char *seen = j->of ? xasprintf("%s in it: %s", j->of, f.seen) : xstrdup(f.seen);
    json_array_append_new(j->found, tls_finding(node, tls_world_name(j->w), f.file ? f.file->path : NULL, f.level, seen,
                                                f.wanted, f.libvirt, f.remedy ? f.remedy : usual));
    free(f.seen);
    free(f.wanted);
    free(f.libvirt);
    free(f.remedy);
}

static const char *side(enum tls_role r)
{
    return r == TLS_CA ? "CA" : r == TLS_SERVER || r == TLS_SERVER_KEY ? "server" : "client";
}

static char *no_access(const struct judge *j, enum tls_role r, const char *why)
{
    const char *path = j->t->files[j->w][r].path;
    if (j->w == TLS_QEMU)
        return xasprintf("Unable to access credentials %s: %s", path, why);
    if (tls_is_key(r))
        return xasprintf("Cannot read private key '%s': %s", path, why);
    return xasprintf("Cannot read %s '%s': %s", r == TLS_CA ? "CA certificate" : "certificate", path, why);
}

static void missing(struct judge *j, enum tls_role r)
{
    const struct tls_file *f = &j->t->files[j->w][r];
    if (!f->there)
        add(j, (struct finding){"fail", f, xstrdup("it is not there"), xstrdup("a file"),
                                no_access(j, r, "No such file or directory"), NULL});
    else if (!f->plain)
        add(j, (struct finding){"fail", f, xstrdup("it is no file, or a link to none"), xstrdup("a file"),
                                no_access(j, r, "No such file or directory"), NULL});
    else if (!tls_is_key(r) && !f->cert)
        add(j, (struct finding){"fail", f, xstrdup("it is no certificate"), xstrdup("a certificate in PEM"),
                                xasprintf("Unable to import %s certificate %s", side(r), f->path), NULL});
}

static void judge_dates(struct judge *j, enum tls_role r, const struct x509_about *a)
{
    const struct tls_file *f = &j->t->files[j->w][r];
    long long left = (long long)(a->not_after - j->t->now) / TLS_DAY_S;
    const char *renew = r == TLS_CA ? NULL : "tls-renew";
    char *remedy = renew ? xasprintf("%s %s", renew, j->t->node->name) : NULL;
    if (a->not_after <= j->t->now)
        add(j, (struct finding){"fail", f, xasprintf("it ended %lld days ago by the node's clock", -left),
                                xstrdup("one that is valid"),
                                xasprintf("The %s certificate %s has expired", side(r), f->path), remedy});
    else if (a->not_before > j->t->now)
        add(j, (struct finding){"fail", f, xstrdup("by the node's clock it is not valid yet"),
                                xstrdup("clocks that agree"),
                                xasprintf("The %s certificate %s is not yet active", side(r), f->path), remedy});
    else if (left < TLS_SOON_DAYS)
        add(j, (struct finding){"warn", f, xasprintf("it ends in %lld days", left), xstrdup("a month or more"), NULL,
                                remedy});
    else
        free(remedy);
}

static void judge_authority(struct judge *j, const struct x509_about *a)
{
    const struct tls_file *f = &j->t->files[j->w][TLS_CA];
    if (!a->has_ca)
        add(j, (struct finding){"fail", f, xstrdup("it has no basic constraints"), xstrdup("CA:TRUE"),
                                xasprintf("The certificate %s is missing basic constraints for a CA", f->path), NULL});
    else if (!a->ca)
        add(j, (struct finding){"fail", f, xstrdup("it is no authority's"), xstrdup("CA:TRUE"),
                                xasprintf("The certificate %s basic constraints do not show a CA", f->path), NULL});
    if (!a->any_usage && !a->signs_certs)
        add(j,
            (struct finding){"fail", f, xstrdup("its key usage is without certificate signing"), xstrdup("keyCertSign"),
                             xasprintf("Certificate %s usage does not permit certificate signing", f->path), NULL});
}

static void judge_usage(struct judge *j, enum tls_role r)
{
    const struct tls_file *f = &j->t->files[j->w][r];
    const struct x509_about *a = x509_about(f->cert);
    if (a->ca)
        add(j, (struct finding){"fail", f, xstrdup("it is an authority's"), xstrdup("CA:FALSE"),
                                xasprintf("The certificate %s basic constraints show a CA, but we need one for a %s",
                                          f->path, side(r)),
                                NULL});
    if (!a->any_usage && !a->signs_data)
        add(j, (struct finding){"fail", f, xstrdup("its key usage is without digital signature"),
                                xstrdup("digitalSignature"),
                                xasprintf("Certificate %s usage does not permit digital signature", f->path), NULL});
    if (!a->any_usage && !a->enciphers_keys)
        add(j, (struct finding){"fail", f, xstrdup("its key usage is without key encipherment"),
                                xstrdup("keyEncipherment, which libvirt before 11.6 asks for"),
                                xasprintf("Certificate %s usage does not permit key encipherment", f->path), NULL});
    if (!a->any_purpose && !(r == TLS_SERVER ? a->server : a->client))
        add(j, (struct finding){
                   "fail", f, xasprintf("it is not made for a %s", side(r)), xasprintf("%sAuth", side(r)),
                   xasprintf("Certificate %s purpose does not allow use for with a TLS %s", f->path, side(r)), NULL});
}

static void judge_chain(struct judge *j, enum tls_role r)
{
    const struct tls_file *f = &j->t->files[j->w][r], *ca = &j->t->files[j->w][TLS_CA];
    const char *why;
    if (ca->cert && !x509_trusted(f->cert, ca->cert, &why))
        add(j, (struct finding){"fail", f, xasprintf("%s does not lead to it: %s", ca->path, why),
                                xasprintf("signed by %s", x509_about(ca->cert)->subject),
                                xasprintf("Our own certificate %s failed validation against %s: The certificate hasn't "
                                          "got a known issuer.",
                                          f->path, ca->path),
                                NULL});
}

static void judge_name(struct judge *j, const char *name, const char *level)
{
    const struct tls_file *f = &j->t->files[j->w][TLS_SERVER];
    if (!name || x509_names(f->cert, name))
        return;
    add(j, (struct finding){level, f, xasprintf("it is not made out to %s", name), xstrdup(name),
                            j->w == TLS_QEMU
                                ? xstrdup("Certificate does not match the hostname")
                                : xasprintf("Certificate %s owner does not match the hostname %s", f->path, name),
                            NULL});
    json_object_set_new(json_array_get(j->found, json_array_size(j->found) - 1), "name", json_text(name));
}

// What the operator calls it must do; what it calls itself is libvirt's own choice, which others may not reach.
static void judge_names(struct judge *j)
{
    const struct tls_node *t = j->t;
    judge_name(j, t->node->address, "fail");
    if (!t->node->address || strcmp(t->node->name, t->node->address) != 0)
        judge_name(j, t->node->name, "warn");
    if (t->said.n && strcmp(t->said.s[0], t->node->name) != 0 && x509_is_name(t->said.s[0]))
        judge_name(j, t->said.s[0], "warn");
}

static bool is_member(const char *group, const char *const *ours, size_t n)
{
    bool found = false;
    for (size_t i = 0; i < n; i++)
        found = found || (ours[i] && strcmp(group, ours[i]) == 0);
    return found;
}

static void judge_key_mode(struct judge *j, enum tls_role r)
{
    const struct tls_file *f = &j->t->files[j->w][r];
    const char *const groups[] = {"root", j->w == TLS_QEMU ? j->t->qemu_group : NULL};
    if (f->mode & 07)
        add(j, (struct finding){"fail", f, xasprintf("its mode is %04o: anybody may read it", f->mode),
                                xstrdup(j->w == TLS_QEMU ? "0640" : "0600"), NULL,
                                xasprintf("exec %s -- chmod o= %s", j->t->node->name, f->path)});
    else if (f->mode & 070 && !is_member(f->group, groups, ARRAY_SIZE(groups)))
        add(j, (struct finding){"warn", f, xasprintf("its mode is %04o: the group %s may read it", f->mode, f->group),
                                xstrdup("its own user alone"), NULL,
                                xstrdup("chmod g= there, or give it to another "
                                        "group")});
}

// Nobody takes a certificate for a secret: its file is shown, copied about and kept in journals.
static void judge_mixed(struct judge *j, enum tls_role r)
{
    const struct tls_file *f = &j->t->files[j->w][r];
    bool open = f->mode & 07;
    if (f->mixed)
        add(j, (struct finding){open ? "fail" : "warn", f,
                                xasprintf("it holds a private key%s", open ? ", and anybody may read it" : ""),
                                xstrdup("certificates alone"), NULL, xstrdup("take the key out of it")});
}

static void judge_pair(struct judge *j, enum tls_role r)
{
    const struct tls_file *cert = &j->t->files[j->w][r], *key = &j->t->files[j->w][r + 1];
    const char *mine = cert->cert ? x509_about(cert->cert)->public_key : NULL;
    if (!key->plain || !cert->cert)
        return;
    if (key->public_key && mine && strcmp(key->public_key, mine) != 0)
        add(j,
            (struct finding){
                "fail", key, xasprintf("it is not the key of %s", cert->path), xstrdup("the certificate's own key"),
                j->w == TLS_QEMU ? xasprintf("Cannot load certificate '%s' & key '%s': The certificate and the "
                                             "given key do not match.",
                                             cert->path, key->path)
                                 : xasprintf("Unable to set x509 key and certificate: %s, %s: The certificate and the "
                                             "given key do not match.",
                                             key->path, cert->path),
                NULL});
    else if (!key->public_key || !mine)
        add(j, (struct finding){"info", key,
                                xasprintf("whether it is the key of %s cannot be told: %s", cert->path,
                                          key->sealed ? key->sealed : "a key of unknown type"),
                                NULL, NULL, xstrdup("")});
}

// libvirt and QEMU refuse the file for any of the authorities in it.
static void judge_authorities(struct judge *j)
{
    const struct tls_file *f = &j->t->files[j->w][TLS_CA];
    const struct x509_about *a;
    for (size_t i = 0; (a = x509_about_at(f->cert, i)); i++) {
        j->of = i ? a->subject : NULL;
        judge_dates(j, TLS_CA, a);
        judge_authority(j, a);
    }
    j->of = NULL;
}

static void judge_world(struct judge *j)
{
    for (enum tls_role r = TLS_CA; r < TLS_ROLES; r++) {
        const struct tls_file *f = &j->t->files[j->w][r];
        missing(j, r);
        if (f->plain && f->qemu_may_not)
            add(j, (struct finding){"fail", f, xstrdup("QEMU's user cannot read it"), xstrdup("QEMU can"),
                                    no_access(j, r, "Permission denied"),
                                    xasprintf("chgrp %s there, and chmod 0640",
                                              j->t->qemu_group ? j->t->qemu_group : "QEMU's group")});
        if (f->plain && tls_is_key(r))
            judge_key_mode(j, r);
        judge_mixed(j, r);
        if (!f->cert)
            continue;
        if (r == TLS_CA) {
            judge_authorities(j);
            continue;
        }
        judge_dates(j, r, x509_about(f->cert));
        judge_usage(j, r);
        judge_chain(j, r);
        if (r == TLS_SERVER)
            judge_names(j);
        judge_pair(j, r);
    }
    if (j->w == TLS_QEMU && j->t->untried)
        add(j, (struct finding){"info", NULL, xstrdup("whether QEMU's user can read the files cannot be told"), NULL,
                                NULL, xstrdup("")});
    if (j->w == TLS_LIBVIRT && j->t->settings)
        add(j, (struct finding){"info", NULL, xasprintf("the daemon uses other files than these (%s)", j->t->settings),
                                NULL, NULL, xstrdup("")});
}

json_t *tls_judge(const struct tls_node *t)
{
    struct judge j = {t, TLS_LIBVIRT, json_array(), NULL};
    for (j.w = TLS_LIBVIRT; j.w < TLS_WORLDS; j.w++) {
        if (tls_has_any(t, j.w))
            judge_world(&j);
        else
            add(&j,
                (struct finding){"fail", &t->files[j.w][TLS_CA], xstrdup("it has none of these files"),
                                 xstrdup("certificates"), no_access(&j, TLS_CA, "No such file or directory"), NULL});
    }
    return j.found;
}

static const char *worst(const struct tls_node *t, enum tls_world w, const json_t *findings)
{
    const char *worst = "pass";
    size_t i;
    const json_t *f;
    if (!tls_has_any(t, w))
        return "none";
    json_array_foreach(findings, i, f)
    {
        const char *level = json_text_at(f, "level");
        if (strcmp(json_text_at(f, "world"), tls_world_name(w)) != 0 || strcmp(level, "info") == 0)
            continue;
        if (strcmp(worst, "fail") != 0)
            worst = level;
    }
    return worst;
}

// The first of QEMU's world that could not be judged.
static const char *unsure(const json_t *findings)
{
    size_t i;
    const json_t *f;
    json_array_foreach(findings, i, f)
    {
        if (strcmp(json_text_at(f, "world"), "qemu") == 0 && strcmp(json_text_at(f, "level"), "info") == 0)
            return json_text_at(f, "seen");
    }
    return NULL;
}

// Those that stand in it, and the node's own address as the inventory writes it, if that is one of them.
static json_t *names_of(const struct tls_node *t)
{
    json_t *names = json_array();
    const struct x509_cert *server = t->files[TLS_QEMU][TLS_SERVER].cert;
    for (size_t i = 0; server && i < x509_about(server)->names.n; i++)
        json_array_append_new(names, json_text(x509_about(server)->names.s[i]));
    if (server && t->node->address && x509_names(server, t->node->address))
        json_array_append_new(names, json_text(t->node->address));
    return names;
}

json_t *tls_summary(const struct tls_node *t, const json_t *findings)
{
    json_t *v = json_object();
    int64_t until = tls_until(t);
    const struct buf *ca = &t->files[TLS_QEMU][TLS_CA].pem;
    char digest[DIGEST_HEX];
    digest_sha256(ca->s, ca->len, digest);
    json_object_set_new(v, "node", json_text(t->node->name));
    for (enum tls_world w = TLS_LIBVIRT; w < TLS_WORLDS; w++)
        json_object_set_new(v, tls_world_name(w), json_text(worst(t, w, findings)));
    json_object_set_new(v, "days",
                        until == INT64_MAX ? json_null() : json_integer((json_int_t)(until - t->now) / TLS_DAY_S));
    json_object_set_new(v, "listens", json_boolean(t->listens));
    json_object_set_new(v, "names", names_of(t));
    json_object_set_new(v, "unsure", json_text(unsure(findings)));
    json_object_set_new(v, "authority", t->files[TLS_QEMU][TLS_CA].cert ? json_text(digest) : json_null());
    return v;
}
