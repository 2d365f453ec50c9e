// SPDX-License-Identifier: GPL-3.0-or-later
// One file on a node: seen in one round trip, written in another. Job threads. See edit_priv.h.
//
// The lock is flock(2) on a file in a directory of root's own (tools/lock_place.sh), one for all edits of a node: a
// lock on anything that others can open, such as /etc, could be held by any of them. An edit takes milliseconds.
#include <string.h>
#include <time.h>

#include "base/token.h"
#include "core/change/edit_priv.h"
#include "core/change/tools_priv.h"
#include "core/node/ask.h"
#include "core/node/lock_place.h"
#include "io/job.h"

enum { MAX_FILE = 8 << 20, TIMEOUT_MS = 120000 };
enum { EXIT_NOT_A_FILE = 20, EXIT_CHANGED = 21, EXIT_FOREIGN = 27 };

void edit_file_release(struct edit_file *f)
{
    change_file_release(&f->now);
    free(f->real);
    free(f->host);
}

static int take_facts(const struct node *node, struct facts *facts, struct edit_file *f, struct err *e)
{
    const char *host = facts_get(facts, "host"), *real = facts_get(facts, "real");
    bool exists = facts_yes(facts, "file");
    if (!host || !real || (exists && !facts->text))
        return facts_unexpected(node, facts, e);
    if (facts->text_len > MAX_FILE)
        return err_set(e, ERR_UNSAFE, "%s: %s has more than %d bytes", place_name(node), real, MAX_FILE);
    f->host = xstrdup(host);
    f->real = xstrdup(real);
    f->has_dir = facts_yes(facts, "dir");
    f->now.exists = exists;
    if (exists) {
        buf_add(&f->now.text, facts->text, facts->text_len);
        digest_sha256(facts->text, facts->text_len, f->sha);
    } else {
        strcpy(f->sha, "absent");
    }
    return 0;
}

int edit_file_gather(struct ctx *ctx, struct job *job, struct node *node, const char *path, bool as_user,
                     struct edit_file *ret, struct err *e)
{
    if ((path[0] != '/' && path[0] != '~') || strpbrk(path, "\r\n") || str_ends(path, "/"))
        return err_set(e, ERR_USAGE, "'%s' is not the path of a file", path);
    _cleanup_free_ char *max = xasprintf("%d", MAX_FILE + 1);
    const char *const args[] = {path, max};
    int status = 0;
    struct question q = {.tools = {edit_gather},
                         .args = args,
                         .n_args = ARRAY_SIZE(args),
                         .as_user = as_user,
                         .max_output = (size_t)MAX_FILE + 65536,
                         .timeout_ms = TIMEOUT_MS,
                         .ret_status = &status};
    _cleanup_facts_ struct facts facts = {0};
    struct edit_file f = {.real = NULL};
    if (node_ask(ctx, job, node, &q, &facts, e) < 0) {
        if (status == EXIT_NOT_A_FILE)
            e->code = ERR_STATE;
        return -1;
    }
    if (take_facts(node, &facts, &f, e) < 0)
        return -1;
    *ret = f;
    return 0;
}

struct write_args {
    char *n, *mode, *dir, *backup, *temp;
    char sha[DIGEST_HEX];
    const char *list[9];
};

static void write_args_release(struct write_args *a)
{
    free(a->n);
    free(a->mode);
    free(a->dir);
    free(a->backup);
    free(a->temp);
}

static char *backup_name(const char *real)
{
    char stamp[32];
    struct tm tm;
    gmtime_r(&(time_t){time(NULL)}, &tm);
    strftime(stamp, sizeof(stamp), "%Y%m%dT%H%M%SZ", &tm);
    return xasprintf("%s.migsh-%s~", real, stamp);
}

// A new name each time, in the same directory; the script makes the file only if there is none of that name.
static char *temp_name(const char *real)
{
    _cleanup_free_ char *token = token_hex(8);
    return xasprintf("%.*s/.migsh.%s", (int)(strrchr(real, '/') - real), real, token);
}

static struct question make_write(const struct edit_write *w, struct write_args *a)
{
    const struct buf *text = &w->new_file->text;
    bool there = w->new_file->exists;
    digest_sha256(text->s, text->len, a->sha);
    a->n = there ? xasprintf("%zu", text->len) : xstrdup("absent");
    a->mode = xasprintf("%04o", w->mode ? w->mode : 0644);
    a->dir = w->drop_dir ? xstrdup("drop") : w->dir_mode ? xasprintf("%04o", w->dir_mode) : xstrdup("0");
    a->backup = w->no_backup ? xstrdup("") : backup_name(w->old->real);
    a->temp = temp_name(w->old->real);
    const char *const list[] = {w->old->real, w->old->sha, a->n,   a->sha, a->mode, w->owner ? w->owner : "",
                                a->dir,       a->backup,   a->temp};
    memcpy(a->list, list, sizeof(list));
    return (struct question){.tools = {lock_place, edit_write},
                             .args = a->list,
                             .n_args = ARRAY_SIZE(list),
                             .as_user = w->as_user,
                             .input = there ? buf_str(text) : NULL,
                             .input_len = there ? text->len : 0,
                             .timeout_ms = TIMEOUT_MS};
}

char *edit_file_words(const struct edit_write *w)
{
    _cleanup_(write_args_release) struct write_args a;
    struct question q = make_write(w, &a);
    return node_ask_words(&q);
}

// Why a file was written in place, by the fact "done".
static const struct {
    const char *how, *note;
} in_place[] = {
    {"busy", "the file is a mount point: written in place, after a backup; a reader could have seen it half-written"},
    {"foreign",
     "the file has an owner, group or label that a new one could not have: written in place, after a backup; a reader "
     "could have seen it half-written"},
};

int edit_file_write(struct ctx *ctx, struct job *job, struct node *node, const struct edit_write *w,
                    const char **ret_note, struct err *e)
{
    _cleanup_(write_args_release) struct write_args a;
    struct question q = make_write(w, &a);
    int status = 0;
    q.ret_status = &status;
    _cleanup_facts_ struct facts facts = {0};
    int r = node_ask(ctx, job, node, &q, &facts, e);
    if (status == EXIT_CHANGED) {
        err_release(e);
        return 1;
    }
    if (r < 0)
        return status == EXIT_FOREIGN ? err_hint(e, "log in as its owner or as root, or give it to who logs in (chown)")
                                      : -1;
    const char *done = facts_get(&facts, "done");
    if (!done)
        return facts_unexpected(node, &facts, e);
    for (size_t i = 0; i < ARRAY_SIZE(in_place); i++) {
        if (strcmp(done, in_place[i].how) == 0)
            *ret_note = in_place[i].note;
    }
    return 0;
}
