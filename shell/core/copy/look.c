// SPDX-License-Identifier: GPL-3.0-or-later
// What the two ends of a copy are, whether they may be copied, and the steps on the destination that move no data. Job
// threads. All by scripts, the paths as their arguments.
#include <stdio.h>
#include <string.h>

#include "core/copy/priv.h"
#include "io/job.h"

// `q` without the rights and the limit: root's there, one's own here; to sync a large file, or to map one, may take
// long.
static int look(struct copy *c, const struct copy_side *s, struct job *job, struct question q, struct facts *ret,
                struct err *e)
{
    q.as_user = !s->end->node;
    q.timeout_ms = ASK_FOREVER;
    int r = node_ask(c->ctx, job, s->end->node, &q, ret, e);
    const char *said = r < 0 && e->code == ERR_FAILED ? strstr(e->msg, "migsh:") : NULL;
    if (said) {
        _cleanup_free_ char *own = xstrdup(said);
        err_release(e);
        copy_failed(s, own, e);
    }
    return r;
}
// The tools last, as tools_priv.h has them.
#define LOOK(c, s, job, words, ret, e, ...)                                                                            \
    look(c, s, job, (struct question){.tools = {__VA_ARGS__}, .args = words, .n_args = ARRAY_SIZE(words)}, ret, e)

static uint64_t number(const struct facts *f, const char *key)
{
    const char *s = facts_get(f, key);
    return s ? strtoull(s, NULL, 10) : 0;
}

static const char *readers(const struct copy *c)
{
    return c->o->readers ? "readers" : "";
}

static void look_end(struct job *job, size_t i, void *arg)
{
    struct copy *c = arg;
    struct copy_side *s = i ? &c->to : &c->from;
    const char *const source_args[] = {s->end->path, "", readers(c)};
    const char *const dest_args[] = {s->end->path, "look", c->o->update ? "update" : ""};
    if (i)
        LOOK(c, s, job, dest_args, &s->facts, &s->err, copy_path, copy_facts, copy_means, copy_ours, copy_dest);
    else
        LOOK(c, s, job, source_args, &s->facts, &s->err, copy_facts, copy_means, copy_source);
}

char *copy_target(const struct copy_side *s)
{
    return s->identity ? xasprintf("%s:%s", s->target, s->identity) : xstrdup(s->target);
}

// The part file must be one that only we can have made.
static int check_foreign(const struct copy_side *s, const struct facts *f, struct err *e)
{
    const char *why = facts_get(f, "foreign"), *part = facts_get(f, "part");
    bool link = part && strcmp(part, "link") == 0;
    if (!why && !link)
        return 0;
    _cleanup_free_ char *what = xasprintf("its part file is not migsh's: %s", link ? "it is a link" : why);
    copy_at(s, e, ERR_UNSAFE, what);
    return err_hint(e, "find out who puts it there, and remove .NAME.migsh-part; nothing was written to it");
}

static int check_unused(const struct copy_side *s, const struct facts *f, struct err *e)
{
    const char *user = facts_get(f, "used");
    if (!user)
        return 0;
    _cleanup_free_ char *what = xasprintf("in use by %s", user);
    copy_at(s, e, ERR_STATE, what);
    if (s->target && strcmp(s->target, "part") == 0)
        return err_hint(e, "another copy writes it; if its console is gone or its line was cut, it ends once the node "
                           "has noticed that, or end it there");
    return err_hint(e, "only a file that nobody has open is copied: shut the guest down first");
}

// qemu-img takes QEMU's locks, so it also tells of users on other machines.
static int take_map(struct copy_side *s, const struct facts *f, struct err *e)
{
    copy_map_release(&s->map);
    if (!f->text) { // no qemu-img here: all of it may be data
        copy_map_add(&s->map, 0, s->size, false);
        return 0;
    }
    if (s->size == 0 || copy_map_parse(f->text, f->text_len, s->size, &s->map, e) == 0)
        return 0;
    if (strstr(f->text, "lock")) {
        copy_at(s, e, ERR_STATE, "in use: QEMU holds its lock");
        return err_hint(e, "only a file that nobody has open is copied: shut the guest down first");
    }
    _cleanup_free_ char *what = xasprintf("qemu-img map: %.*s", (int)(f->text_len < 300 ? f->text_len : 300), f->text);
    return copy_at(s, e, ERR_FAILED, what);
}

// File systems that tell their holes.
static bool tells_holes(const struct copy_side *s)
{
    static const char known[] = " ext2/ext3 xfs btrfs tmpfs zfs overlayfs f2fs gfs/gfs2 ocfs2 ";
    const char *type = facts_get(&s->facts, "fstype");
    _cleanup_free_ char *word = xasprintf(" %s ", type ? type : "?");
    return s->facts.text && strstr(known, word);
}

static int judge_kind(struct copy *c, struct err *e)
{
    struct copy_side *s = &c->from;
    const char *kind = facts_get(&s->facts, "kind");
    if (!kind || !*kind)
        return copy_at(s, e, ERR_NOT_FOUND, "no such file");
    s->block = strcmp(kind, "block") == 0;
    if (!s->block && strcmp(kind, "file") != 0 && !(c->o->plan && strcmp(kind, "dir") == 0))
        return copy_at(s, e, ERR_USAGE, "neither a file nor a block device");
    s->exists = true;
    s->size = number(&s->facts, "size");
    if (s->block && s->size == 0) // or blockdev did not tell
        return copy_at(s, e, ERR_IO, "the device has no size: there is no medium in it");
    return 0;
}

static int judge_source(struct copy *c, struct err *e)
{
    struct copy_side *s = &c->from;
    c->scan = !tells_holes(s);
    if (c->o->plan)
        return 0;
    return check_unused(s, &s->facts, e) < 0 ? -1 : take_map(s, &s->facts, e);
}

static int judge_dest(struct copy *c, struct err *e)
{
    struct copy_side *s = &c->to;
    const char *kind = facts_get(&s->facts, "kind"), *part = facts_get(&s->facts, "part");
    const char *unsafe = facts_get(&s->facts, "unsafe"), *identity = facts_get(&s->facts, "identity");
    if (facts_get(&s->facts, "nodir"))
        return copy_at(s, e, ERR_NOT_FOUND, "there is no such directory");
    if (unsafe) {
        copy_at(s, e, ERR_UNSAFE, unsafe);
        return err_hint(e, "name the place itself instead of the link");
    }
    s->target = kind && *kind ? "place" : "part";
    if (kind && *kind && strcmp(kind, "file") != 0 && strcmp(kind, "block") != 0)
        return copy_at(s, e, ERR_EXISTS, "it exists already and is not a file");
    if (kind && *kind && !c->o->update) {
        copy_at(s, e, ERR_EXISTS, "it already exists");
        return err_hint(e, "--update makes it equal to the source, sending only what differs");
    }
    s->block = kind && strcmp(kind, "block") == 0;
    s->exists = (kind && *kind) || (part && *part);
    if (check_foreign(s, &s->facts, e) < 0)
        return -1;
    if (part && *part && strcmp(part, "file") != 0)
        return copy_at(s, e, ERR_EXISTS, "its part file is not a regular file");
    if (!s->exists)
        return 0;
    if (!identity)
        return facts_unexpected(s->end->node, &s->facts, e);
    s->identity = xstrdup(identity);
    s->size = number(&s->facts, "size");
    if (check_unused(s, &s->facts, e) < 0)
        return -1;
    if (s->block && s->size < c->from.size) {
        _cleanup_free_ char *what = xasprintf("the device has %llu bytes, and %llu are to be copied",
                                              (unsigned long long)s->size, (unsigned long long)c->from.size);
        copy_at(s, e, ERR_IO, what);
        return err_hint(e, "a larger device, or a file");
    }
    return c->o->plan ? 0 : take_map(s, &s->facts, e);
}

// A file that both nodes see: its inode has one number, and what is written beside it on one is there on the other.
static int is_same(struct copy *c, bool *ret, struct err *e)
{
    const char *mine = facts_get(&c->from.facts, "inode"), *theirs = facts_get(&c->to.facts, "inode");
    const char *kind = facts_get(&c->to.facts, "kind");
    *ret = false;
    // Each node has a /dev of its own: there nothing is the same by its name, and nothing beside it tells.
    if (kind && strcmp(kind, "block") == 0 && c->from.end->node != c->to.end->node)
        return 0;
    if (!mine || !theirs || strcmp(mine, theirs) != 0)
        return 0;
    struct copy_twin twin = {.here = c->from.end->path, .there = c->to.end->path};
    int r = copy_beside(c->ctx, c->job, c->from.end->node, c->to.end->node, (struct copy_twin *[]){&twin}, 1, e);
    *ret = twin.seen;
    return r;
}

int copy_look(struct copy *c, bool *ret_same, struct err *e)
{
    copy_phase(c, "looking", 0);
    job_parallel(c->job, 2, 2, look_end, c);
    for (int i = 0; i < 2; i++) {
        struct err *problem = i ? &c->to.err : &c->from.err;
        if (err_is_set(problem)) {
            err_move(e, problem);
            return -1;
        }
    }
    if (job_check(c->job, e) < 0 || judge_kind(c, e) < 0 || is_same(c, ret_same, e) < 0)
        return -1;
    if (*ret_same || strcmp(facts_get(&c->from.facts, "kind"), "dir") == 0) // of directories only that is to be known
        return 0;
    return judge_source(c, e) < 0 || judge_dest(c, e) < 0 ? -1 : 0;
}

int copy_look_again(struct copy *c, struct err *e)
{
    const char *const args[] = {c->from.end->path, readers(c)};
    _cleanup_facts_ struct facts f = {0};
    if (LOOK(c, &c->from, c->job, args, &f, e, copy_facts, copy_again) < 0)
        return -1;
    const char *before = facts_get(&c->from.facts, "identity"), *now = facts_get(&f, "identity");
    if (!before || !now || strcmp(before, now) != 0)
        return copy_at(&c->from, e, ERR_STATE, "it was changed while it was being copied");
    return check_unused(&c->from, &f, e);
}

int copy_room(struct copy *c, uint64_t need, struct err *e)
{
    const char *room = facts_get(&c->to.facts, "room");
    unsigned long long blocks = 0, size = 0;
    if (c->to.block || !room || sscanf(room, "%llu %llu", &blocks, &size) != 2 || need <= blocks * size)
        return 0;
    _cleanup_free_ char *what =
        xasprintf("%llu bytes are needed, and %llu are free", (unsigned long long)need, blocks * size);
    return copy_at(&c->to, e, ERR_IO, what);
}

int copy_prepare(struct copy *c, struct err *e)
{
    if (c->to.block)
        return 0;
    struct copy_side *s = &c->to;
    _cleanup_free_ char *size = xasprintf("%llu", (unsigned long long)c->from.size), *target = copy_target(s);
    const char *const args[] = {s->end->path, target, size};
    _cleanup_facts_ struct facts f = {0};
    if (LOOK(c, s, c->job, args, &f, e, copy_path, copy_ours, copy_part) < 0)
        return err_wrap(e, "cannot make the part file");
    if (check_foreign(s, &f, e) < 0)
        return -1;
    const char *identity = facts_get(&f, "identity");
    if (!s->identity && !identity)
        return facts_unexpected(s->end->node, &f, e);
    s->identity = s->identity ? s->identity : xstrdup(identity);
    return 0;
}

int copy_map_target(struct copy *c, struct err *e)
{
    _cleanup_free_ char *target = copy_target(&c->to);
    const char *const args[] = {c->to.end->path, target};
    _cleanup_facts_ struct facts f = {0};
    if (LOOK(c, &c->to, c->job, args, &f, e, copy_path, copy_facts, copy_means, copy_target_map) < 0)
        return -1;
    c->to.size = number(&f, "size");
    if (!c->to.block && c->to.size != c->from.size)
        return copy_at(&c->to, e, ERR_VERDICT, "its size differs from the source's");
    return take_map(&c->to, &f, e);
}

int copy_commit(struct copy *c, struct err *e)
{
    const struct facts *from = &c->from.facts;
    const char *owner = c->o->owner ? c->o->owner : facts_get(from, "owner");
    const char *ids = c->o->owner ? c->o->owner : facts_get(from, "ids");
    const char *mode = c->o->mode ? c->o->mode : c->from.block ? "600" : facts_get(from, "mode");
    _cleanup_free_ char *target = copy_target(&c->to);
    const char *const args[] = {c->to.end->path, target, owner, ids, mode};
    _cleanup_facts_ struct facts f = {0};
    if (LOOK(c, &c->to, c->job, args, &f, e, copy_path, copy_facts, copy_finish) < 0 || check_unused(&c->to, &f, e) < 0)
        return -1;
    if (facts_get(&f, "there"))
        return copy_at(&c->to, e, ERR_EXISTS, "it has been created in the meantime");
    const char *made = facts_get(&f, "made");
    c->made = made ? xstrdup(made) : NULL;
    return 0;
}
