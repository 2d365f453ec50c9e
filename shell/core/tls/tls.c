// SPDX-License-Identifier: GPL-3.0-or-later
// What a node has for TLS, from what tools/tls_look.sh tells. See tls.h.
#include "core/tls/tls.h"

#include <string.h>

#include "core/node/qemu_user.h"

enum { MAX_OUTPUT = 4 << 20, N_FILES = TLS_WORLDS * TLS_ROLES };

const char *tls_world_name(enum tls_world w)
{
    return w == TLS_LIBVIRT ? "libvirt" : "qemu";
}

static void set(char **to, const char *value)
{
    free(*to);
    *to = value ? xstrdup(value) : NULL;
}

// "MODE OWNER GROUP"
static void take_mode(struct tls_file *f, const char *value)
{
    _cleanup_strv_ struct strv words = STRV_INIT;
    strv_split(&words, value, ' ');
    if (words.n != 3)
        return;
    f->there = f->plain = true;
    f->mode = (unsigned)strtoul(words.s[0], NULL, 8);
    set(&f->owner, words.s[1]);
    set(&f->group, words.s[2]);
}

static void take_row(struct tls_file *f, const char *key, const char *value)
{
    if (strcmp(key, "tls_path") == 0)
        set(&f->path, value);
    else if (strcmp(key, "tls_file") == 0)
        take_mode(f, value);
    else if (strcmp(key, "tls_odd") == 0)
        f->plain = false;
    else if (strcmp(key, "tls_mixed") == 0)
        f->mixed = true;
    else if (strcmp(key, "tls_line") == 0)
        buf_addf(&f->pem, "%s\n", value);
    else if (strcmp(key, "tls_public") == 0)
        set(&f->public_key, value);
    else if (strcmp(key, "tls_sealed") == 0)
        set(&f->sealed, value);
    else if (strcmp(key, "tls_denied") == 0)
        f->qemu_may_not = true;
}

static void take_own(struct tls_node *t, const char *key, const char *value)
{
    long long n;
    if (strcmp(key, "tls_name") == 0 && !strv_has(&t->said, value)) {
        strv_add(&t->said, value);
    } else if (strcmp(key, "tls_missing") == 0) {
        strv_add(&t->missing, value);
    } else if (strcmp(key, "tls_group") == 0) {
        set(&t->qemu_group, value);
    } else if (strcmp(key, "tls_setting") == 0 && !t->settings) {
        set(&t->settings, value);
    } else if (strcmp(key, "tls_untried") == 0) {
        t->untried = true;
    } else if (strcmp(key, "tls_listens") == 0) {
        t->listens = true;
    } else if (strcmp(key, "tls_off") == 0) {
        t->config_off = true;
    } else if (strcmp(key, "tls_unit") == 0) {
        free(t->unit);
        t->unit = xstrndup(value, strcspn(value, " "));
        t->unit_on = str_ends(value, " yes");
    } else if (strcmp(key, "tls_now") == 0 && str_to_int(value, 0, INT64_MAX, &n) == 0) {
        t->now = n;
    }
}

// ssh-keygen adds the comment that some types of private key have: "TYPE BASE64 COMMENT".
static void read_file(struct tls_file *f, enum tls_role role)
{
    _cleanup_err_ struct err none = ERR_INIT;
    char *space = f->public_key ? strchr(f->public_key, ' ') : NULL;
    char *end = space ? strchr(space + 1, ' ') : NULL;
    if (end)
        *end = '\0';
    if (!tls_is_key(role) && f->plain)
        x509_read(buf_str(&f->pem), f->pem.len, &f->cert, &none);
}

bool tls_take(const struct facts *facts, struct node *node, struct tls_node *ret)
{
    struct tls_node t = {.node = node};
    struct tls_file *files = &t.files[0][0];
    size_t row;
    for (size_t i = 0; i < facts->n; i++) {
        const char *rest = fact_row(facts->all[i].value, N_FILES, &row);
        if (rest && str_starts(facts->all[i].key, "tls_"))
            take_row(&files[row], facts->all[i].key, rest);
        take_own(&t, facts->all[i].key, facts->all[i].value);
    }
    bool whole = t.now > 0;
    for (size_t i = 0; i < N_FILES; i++) {
        read_file(&files[i], (enum tls_role)(i % TLS_ROLES));
        whole = whole && files[i].path && *files[i].path == '/';
    }
    if (!whole) {
        tls_node_release(&t);
        return false;
    }
    *ret = t;
    return true;
}

int tls_ask(struct ctx *ctx, struct job *job, struct node *node, bool as_user, struct tls_node *ret, struct err *e)
{
    struct question q = {.tools = {qemu_user, tls_look}, .as_user = as_user, .max_output = MAX_OUTPUT};
    _cleanup_facts_ struct facts facts = {0};
    if (node_ask(ctx, job, node, &q, &facts, e) < 0)
        return -1;
    return tls_take(&facts, node, ret) ? 0 : facts_unexpected(node, &facts, e);
}

static void file_release(struct tls_file *f)
{
    free(f->path);
    free(f->owner);
    free(f->group);
    buf_release(&f->pem);
    x509_free(f->cert);
    free(f->public_key);
    free(f->sealed);
}

void tls_node_release(struct tls_node *t)
{
    for (size_t i = 0; i < N_FILES; i++)
        file_release(&t->files[0][0] + i);
    strv_release(&t->said);
    strv_release(&t->missing);
    free(t->qemu_group);
    free(t->settings);
    free(t->unit);
    *t = (struct tls_node){.node = NULL};
}

bool tls_has_any(const struct tls_node *t, enum tls_world w)
{
    bool any = false;
    for (size_t i = 0; i < TLS_ROLES; i++)
        any = any || t->files[w][i].there;
    return any;
}

int64_t tls_until(const struct tls_node *t)
{
    int64_t until = INT64_MAX;
    for (size_t i = 0; i < N_FILES; i++) {
        const struct x509_cert *c = (&t->files[0][0] + i)->cert;
        const struct x509_about *a;
        for (size_t k = 0; c && (a = x509_about_at(c, k)); k++)
            until = a->not_after < until ? a->not_after : until;
    }
    return until;
}
