// SPDX-License-Identifier: GPL-3.0-or-later
// The terminal, a console, and the next one. Job threads. See serial.h.
#include "core/guest/serial.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/printable.h"
#include "core/console/out.h"
#include "core/guest/copies.h"
#include "io/job.h"
#include "io/virt/console.h"
#include "io/virt/dom.h"

enum {
    LOOK_MS = 150,    // between two looks for a guest that is on its way, and ever longer
    FOUND_MS = 30000, // it has gone: how long it may take to run elsewhere
    DOUBT_MS = 5000,  // … where its host has not said that it was migrated
    HELD_MAX = 256 << 10,
};

enum gone { STAYS, LEAVES, GONE };

struct session {
    const struct serial *s;
    struct strv *moved;
    int tty;
    struct virt_console *console;
    struct target at;
    struct virt_conn *conn; // to there; a reference
    int id;                 // the guest's there
    struct virt_console_seen seen;
    bool begun; // a console was open
    bool told;  // … this one, and the operator knows
    enum gone gone;
    double since, next, until; // of the search
    struct buf silent;         // … who did not answer at the last look, and why
    struct buf typed, shown;
};

int serial_escape(const char *text, char *ret, struct err *e)
{
    size_t n = strlen(text);
    if (n == 1 && *text != '^') {
        *ret = *text;
        return 0;
    }
    char c = n == 2 && *text == '^' ? text[1] : '\0';
    if (c >= 'a' && c <= 'z')
        c = (char)(c - 'a' + 'A');
    if (c < '@' || c > '_')
        return err_set(e, ERR_USAGE, "'%s' is not an escape character: one character, or ^ and one, as in ^]", text);
    *ret = (char)(c - '@');
    return 0;
}

static char *escape_text(char c)
{
    return (unsigned char)c < ' ' ? xasprintf("^%c (Ctrl + %c)", c + '@', c + '@') : xasprintf("%c", c);
}

static void say(struct session *w, const char *text)
{
    buf_addf(&w->shown, "\r\n-- %s --\r\n", text);
}

// "web" as a terminal may have it.
static char *name_of(const struct session *w)
{
    struct buf b = BUF_INIT;
    buf_add_line(&b, virt_dom_name(w->s->dom));
    return buf_steal(&b);
}

static void look(struct session *w)
{
    err_release(&w->seen.err);
    virt_console_look(w->console, &w->seen, &w->shown);
}

static int open_here(struct session *w, struct err *e)
{
    w->told = false;
    w->gone = STAYS;
    err_release(&w->seen.err);
    w->seen = (struct virt_console_seen){.err = ERR_INIT};
    return virt_console_open(w->conn, virt_dom_uuid(w->s->dom), w->s->devname, w->s->flags, &w->console, e);
}

// ---- where it has gone

static void look_for(struct session *w, enum gone gone, double ms)
{
    double now = clock_mono_ms();
    if (w->gone == STAYS)
        w->since = w->next = now;
    w->gone = gone;
    w->until = now + ms;
}

static bool goes_on(const struct copy_answer *a)
{
    return a->state && !(strcmp(a->state, "paused") == 0 && strcmp(a->reason, "migrating") == 0);
}

static int move_to(struct session *w, const struct copy_answer *a, struct err *e)
{
    struct virt_conn *conn = NULL;
    _cleanup_(virt_dom_free_p) struct virt_dom *dom = NULL;
    if (ctx_connect(w->s->ctx, w->s->job, a->node->uri, &conn, e) < 0)
        return -1;
    virt_conn_unref(w->conn);
    w->conn = conn;
    target_release(&w->at);
    w->at = (struct target){node_ref(a->node), xstrdup(a->node->uri)};
    if (virt_dom_lookup_uuid(conn, virt_dom_uuid(w->s->dom), &dom, e) < 0 && e->code != ERR_NOT_FOUND)
        return -1;
    err_release(e); // one that is not there has left again: its console cannot be opened, which tells so
    w->id = dom ? virt_dom_id(dom) : -1;
    strv_add(w->moved, a->node->name);
    struct virt_console *old = w->console;
    look(w); // its last words
    int r = open_here(w, e);
    if (r == 0)
        virt_console_close(old);
    return r;
}

// One look at the other hypervisors: 1: it runs there, and its console is being opened; 0: not found.
static int look_elsewhere(struct session *w, struct err *e)
{
    const struct serial *s = w->s;
    struct copies_query q = {.ctx = s->ctx,
                             .job = s->job,
                             .name = virt_dom_name(s->dom),
                             .uuid = virt_dom_uuid(s->dom),
                             .here = &w->at,
                             .conn = w->conn,
                             .id = w->id};
    _cleanup_copies_ struct copies all = {NULL, 0};
    if (copies_ask(&q, NULL, &all, e) < 0)
        return -1;
    for (size_t i = 0; i < all.n; i++) {
        if (goes_on(&all.answers[i]))
            return move_to(w, &all.answers[i], e) < 0 ? -1 : 1;
    }
    buf_truncate(&w->silent, 0);
    (void)copies_unknown(&q, &all, &w->silent);
    return 0;
}

// ---- what the console tells

static bool active(const struct virt_console_seen *seen)
{
    return seen->domain && strcmp(seen->domain, "shut off") != 0;
}

static bool in_migration(const struct virt_console_seen *seen)
{
    return seen->domain && strcmp(seen->domain, "paused") == 0 &&
           (strcmp(seen->reason, "migrating") == 0 || str_starts(seen->reason, "post-copy"));
}

// It was open, and its host has ended it. 1: that is the end; 0: the guest is looked for.
static int ended(struct session *w, struct err *e)
{
    const char *where = target_label(&w->at), *name = virt_dom_name(w->s->dom);
    bool migrated =
        w->seen.leaving || in_migration(&w->seen) || (w->seen.domain && strcmp(w->seen.reason, "migrated") == 0);
    if (!migrated && active(&w->seen)) {
        err_set(e, ERR_STATE, "the console of '%s' was closed by %s%s%s, where it is %s still", name, where,
                err_is_set(&w->seen.err) ? ": " : "", err_is_set(&w->seen.err) ? w->seen.err.msg : "", w->seen.domain);
        return err_hint(e, "somebody else may have opened it with --force");
    }
    if (!migrated && (w->seen.domain || w->seen.stopped)) { // a transient one is not there any more
        _cleanup_free_ char *shown = name_of(w);
        _cleanup_free_ char *text = w->seen.domain ? xasprintf("%s is %s (%s)", shown, w->seen.domain, w->seen.reason)
                                                   : xasprintf("%s has ended", shown);
        say(w, text);
        return 1;
    }
    look_for(w, GONE, migrated ? FOUND_MS : DOUBT_MS);
    return 0;
}

static void tell_open(struct session *w)
{
    _cleanup_free_ char *name = name_of(w);
    if (w->moved->n) {
        _cleanup_free_ char *text = xasprintf("%s runs on %s now", name, target_label(&w->at));
        say(w, text);
    } else {
        _cleanup_free_ char *escape = escape_text(w->s->escape);
        buf_addf(&w->shown, "Connected to domain '%s'\r\nEscape character is %s\r\n", name, escape);
    }
    w->told = true;
}

// 1: the end.
static int on_console(struct session *w, struct err *e)
{
    look(w);
    if (w->seen.state == VIRT_CONSOLE_OPENING)
        return 0;
    bool opened = w->seen.state == VIRT_CONSOLE_OPEN || !err_is_set(&w->seen.err) || w->told;
    if (opened && !w->told) {
        tell_open(w);
        bool first = !w->begun;
        w->begun = true;
        if (first && w->s->opened && w->s->opened(w->s->data, e) < 0)
            return -1;
    }
    if (w->seen.state == VIRT_CONSOLE_OPEN) {
        look_for(w, w->seen.leaving ? LEAVES : STAYS, 0);
        return 0;
    }
    if (!opened) {
        err_move(e, &w->seen.err);
        return -1;
    }
    return w->gone == GONE && !w->seen.stopped ? 0 : ended(w, e);
}

static int search(struct session *w, struct err *e)
{
    double now = clock_mono_ms();
    if (now < w->next)
        return 0;
    w->next = now + LOOK_MS + (now - w->since) / 10;
    int found = look_elsewhere(w, e);
    if (found || w->gone == LEAVES || now < w->until) // LEAVES: its console is open here still
        return found < 0 ? -1 : 0;
    const char *name = virt_dom_name(w->s->dom), *where = target_label(&w->at);
    const char *why = err_is_set(&w->seen.err) ? w->seen.err.msg : NULL;
    if (w->silent.len)
        err_set(e, ERR_UNREACHABLE, "the console of '%s' ended on %s%s%s; %s", name, where, why ? ": " : "",
                why ? why : "", buf_str(&w->silent));
    else
        err_set(e, ERR_NOT_FOUND, "the console of '%s' ended on %s%s%s; no other node of the inventory has it running",
                name, where, why ? ": " : "", why ? why : "");
    return err_hint(e, "node-list shows who does not answer; list --all shows where it is");
}

// ---- the terminal

// 1: the escape character was among it. What stands behind that is dropped, as nobody may read it.
static int read_keys(struct session *w, struct err *e)
{
    char chunk[1024];
    ssize_t n = read(w->tty, chunk, sizeof(chunk));
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return 0;
    if (n < 0 && errno == EIO && tcgetpgrp(w->tty) != getpgrp()) // in the background
        return job_sleep(w->s->job, LOOK_MS, e);
    if (n <= 0)
        return err_set(e, ERR_CANCELLED, "the terminal has gone");
    const char *escape = memchr(chunk, w->s->escape, (size_t)n);
    buf_add(&w->typed, chunk, escape ? (size_t)(escape - chunk) : (size_t)n);
    return escape ? 1 : 0;
}

static void drop_front(struct buf *b, size_t n)
{
    if (!n)
        return;
    memmove(b->s, b->s + n, b->len - n);
    buf_truncate(b, b->len - n);
}

static int write_shown(struct session *w, struct err *e)
{
    ssize_t n = write(w->tty, w->shown.s, w->shown.len);
    if (n < 0 && errno != EAGAIN && errno != EINTR)
        return err_set(e, ERR_CANCELLED, "the terminal has gone");
    drop_front(&w->shown, n > 0 ? (size_t)n : 0);
    return 0;
}

// 1: the end.
static int turn(struct session *w, struct err *e)
{
    bool searching = w->gone != STAYS;
    struct pollfd fds[] = {
        {w->typed.len < HELD_MAX ? w->tty : -1, POLLIN, 0},
        {w->shown.len ? w->tty : -1, POLLOUT, 0},
        {w->shown.len < HELD_MAX ? virt_console_fd(w->console) : -1, POLLIN, 0},
        {job_cancel_fd(w->s->job), POLLIN, 0},
    };
    if (poll(fds, 4, searching || w->typed.len ? LOOK_MS : -1) < 0 && errno != EINTR)
        return err_errno(e, errno, "poll");
    if (job_check(w->s->job, e) < 0)
        return -1;
    int r = fds[0].revents ? read_keys(w, e) : 0;
    if (w->typed.len)
        drop_front(&w->typed, virt_console_send(w->console, w->typed.s, w->typed.len));
    if (r == 0 && fds[1].revents)
        r = write_shown(w, e);
    if (r == 0 && fds[2].revents)
        r = on_console(w, e);
    if (r == 0 && w->gone != STAYS)
        r = search(w, e);
    return r;
}

// What is left to be shown, for a terminal that takes it.
static void finish(struct session *w)
{
    struct err ignored = ERR_INIT;
    struct pollfd fd = {w->tty, POLLOUT, 0};
    if (w->begun)
        buf_adds(&w->shown, "\r\n");
    while (w->shown.len && poll(&fd, 1, LOOK_MS) == 1 && write_shown(w, &ignored) == 0)
        ;
    err_release(&ignored);
    close(w->tty);
    virt_console_close(w->console);
    virt_conn_unref(w->conn);
    target_release(&w->at);
    err_release(&w->seen.err);
    buf_release(&w->silent);
    buf_release(&w->typed);
    buf_release(&w->shown);
}

int serial_possible(struct err *e)
{
    if (out_lend(true, e) < 0)
        return -1;
    out_take_back();
    return 0;
}

int serial_run(const struct serial *s, struct strv *ret_moved, struct err *e)
{
    struct session w = {.s = s, .moved = ret_moved, .id = virt_dom_id(s->dom), .seen = {.err = ERR_INIT}};
    if (out_lend(true, e) < 0)
        return err_hint(e, "a console needs a terminal on which somebody types");
    w.tty = open("/dev/tty", O_RDWR | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (w.tty < 0) {
        err_errno(e, errno, "cannot open the terminal");
        out_take_back();
        return -1;
    }
    w.conn = virt_conn_ref(s->conn);
    w.at = (struct target){s->here->node ? node_ref(s->here->node) : NULL, xstrdup(s->here->uri)};
    int r = open_here(&w, e);
    while (r == 0)
        r = turn(&w, e);
    unsigned long long dropped = w.seen.dropped;
    finish(&w);
    out_take_back();
    if (dropped)
        out_notice(OUT_WARN, "%llu bytes of the console are lost, as the terminal did not take them", dropped);
    return r < 0 ? -1 : 0;
}
