// SPDX-License-Identifier: GPL-3.0-or-later
// After a failed migration: who has the guest? See migrate/where.h. The decision follows Ganeti's clean-up of failed
// migrations, but decides only what to say.
#include "core/migrate/where.h"

#include "base/buf.h"
#include "io/job.h"

// A host that is asked and does not answer must not hold up the console for longer than this.
static const double ANSWER_MS = 10e3;
// QEMU on the destination may take a moment to vanish after an abort.
static const double SETTLE_MS = 5e3, SETTLE_STEP_MS = 200;

// One row for each state of the source, one column for each of the destination, in the order of enum virt_presence.
#define ROW(unknown, absent, shut_off, paused, postcopy, running)                                                      \
    {                                                                                                                  \
        MIGRATE_##unknown, MIGRATE_##absent, MIGRATE_##shut_off, MIGRATE_##paused, MIGRATE_##postcopy,                 \
            MIGRATE_##running                                                                                          \
    }
static const enum migrate_verdict verdicts[][VIRT_RUNNING + 1] = {
    [VIRT_UNKNOWN] = ROW(NO_ANSWER, NO_ANSWER, NO_ANSWER, NO_ANSWER, POSTCOPY, ON_DEST),
    [VIRT_ABSENT] = ROW(NO_ANSWER, NOWHERE, SHUT_OFF_DEST, PAUSED_DEST, POSTCOPY, ON_DEST),
    [VIRT_SHUT_OFF] = ROW(NO_ANSWER, SHUT_OFF, SHUT_OFF, PAUSED_DEST, POSTCOPY, ON_DEST),
    [VIRT_PAUSED] = ROW(NO_ANSWER, PAUSED, PAUSED, UNDECIDED, UNDECIDED, ON_DEST),
    [VIRT_PAUSED_POSTCOPY] = ROW(POSTCOPY, POSTCOPY, POSTCOPY, POSTCOPY, POSTCOPY, POSTCOPY),
    [VIRT_RUNNING] = ROW(ON_SOURCE, ON_SOURCE, ON_SOURCE, UNDECIDED, POSTCOPY, ON_BOTH),
};
#undef ROW

enum migrate_verdict migrate_judge(enum virt_presence source, enum virt_presence dest)
{
    return verdicts[source][dest];
}

// {S} and {D} are the hosts, {N} the guest.
static const struct {
    const char *says, *hint;
} texts[] = {
    [MIGRATE_ON_SOURCE] = {"the guest still runs on {S}", NULL},
    [MIGRATE_SHUT_OFF] = {"the guest is shut off, and defined on {S}", NULL},
    [MIGRATE_SHUT_OFF_DEST] = {"the guest is shut off, and defined on {D} only", NULL},
    [MIGRATE_PAUSED] = {"the guest is paused on {S}", "{D} does not have it: resume {N} on {S} lets it go on"},
    [MIGRATE_ON_DEST] = {"the guest runs on {D}: it has moved",
                         "do not start or resume {N} on {S}; if it is paused or defined there, that copy is stale"},
    [MIGRATE_ON_BOTH] = {"THE GUEST RUNS ON {S} AND ON {D}",
                         "both may write to the same disk: look at both, then destroy the one that nobody needs"},
    [MIGRATE_PAUSED_DEST] = {"the guest is paused on {D}, and not running on {S}", "resume {N} on {D} lets it go on"},
    [MIGRATE_POSTCOPY] = {"its memory is split between {S} and {D}",
                          "destroy it on neither; migrate again with the same options and --postcopy-resume"},
    [MIGRATE_UNDECIDED] = {"both {S} and {D} have the guest, and it is not plain which one may run it",
                           "look at domstate --reason on both before resuming either; never resume both"},
    [MIGRATE_NOWHERE] = {"neither {S} nor {D} has the guest",
                         "define and start it from its XML only when no other host runs it"},
    [MIGRATE_NO_ANSWER] = {"where the guest is cannot be told now: not all hosts answer",
                           "no answer does not mean no guest: do not start it elsewhere before {S} and {D} answer"},
};

static void add_text(struct buf *b, const char *text, const struct migrate_where *w)
{
    for (const char *p = text; *p; p++) {
        if (p[0] != '{') {
            buf_addc(b, *p);
            continue;
        }
        buf_adds(b, p[1] == 'S' ? target_label(w->source) : p[1] == 'D' ? target_label(w->dest) : w->name);
        p += 2;
    }
}

// The connection to ask: the one that the migration used, unless it may have been what failed. NULL: no answer. Not
// bound to the command's job: a cancelled migration, most of all, must say where the guest is.
static struct virt_conn *reach(const struct migrate_where *w, const struct target *t, struct virt_conn *used)
{
    if (used && !w->lost && virt_conn_alive(used))
        return virt_conn_ref(used);
    _cleanup_err_ struct err e = ERR_INIT;
    struct virt_conn *fresh = NULL;
    ctx_connect_fresh(w->ctx, NULL, t->uri, ANSWER_MS, &fresh, &e);
    return fresh;
}

static enum virt_presence ask(const struct migrate_where *w, struct virt_conn *conn)
{
    _cleanup_err_ struct err e = ERR_INIT;
    enum virt_presence found = VIRT_UNKNOWN;
    if (conn)
        virt_dom_presence(conn, w->uuid, &found, &e);
    return found;
}

static bool may_change(enum migrate_verdict v)
{
    return v == MIGRATE_UNDECIDED || v == MIGRATE_ON_BOTH;
}

static enum migrate_verdict find_out(const struct migrate_where *w)
{
    _cleanup_(virt_conn_unref_p) struct virt_conn *source = reach(w, w->source, w->source_conn), *dest = NULL;
    enum virt_presence there = ask(w, source);
    if (there == VIRT_SHUT_OFF && w->was_off)
        return MIGRATE_SHUT_OFF;
    // The two daemons of a peer-to-peer migration have settled it between them, unless they lost each other.
    if (there == VIRT_RUNNING && !w->lost && !w->dest_conn)
        return MIGRATE_ON_SOURCE;
    dest = reach(w, w->dest, w->dest_conn);
    enum migrate_verdict verdict = migrate_judge(there, ask(w, dest));
    // "From here to here" is refused by libvirt, and is no reason to see double.
    if (may_change(verdict) && virt_conn_same_host(source, dest))
        return migrate_judge(there, VIRT_ABSENT);
    struct err never = ERR_INIT;
    for (double waited = 0; waited < SETTLE_MS && may_change(verdict); waited += SETTLE_STEP_MS) {
        job_sleep(NULL, SETTLE_STEP_MS, &never);
        verdict = migrate_judge(ask(w, source), ask(w, dest));
    }
    return verdict;
}

void migrate_where_add(const struct migrate_where *w, struct err *e)
{
    enum migrate_verdict verdict = find_out(w);
    _cleanup_buf_ struct buf says = BUF_INIT, hint = BUF_INIT;
    add_text(&says, texts[verdict].says, w);
    _cleanup_free_ char *before = xstrdup(e->hint);
    err_set(e, e->code, "%s; %s", e->msg, buf_str(&says));
    if (texts[verdict].hint) {
        add_text(&hint, texts[verdict].hint, w);
        err_hint(e, "%s", buf_str(&hint));
    } else if (before) {
        err_hint(e, "%s", before);
    }
}
