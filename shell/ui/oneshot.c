// SPDX-License-Identifier: GPL-3.0-or-later
// The terminal and the signals of a run without a prompt. Main thread. See oneshot.h.
#include "ui/oneshot.h"

#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"
#include "cmd/engine/repeat.h"
#include "core/console/out.h"
#include "ui/ask.h"
#include "ui/live.h"
#include "ui/out_tty.h"
#include "ui/signals.h"
#include "ui/stop.h"
#include "ui/term.h"

enum { CTRL_C = 3 };

static const char *what;
static void (*cancel)(void *data);
static void *cancel_data;
static struct stop stop;
static int signalled;
static bool own_keys;
static struct buf typed; // for whoever comes after us

static void stop_pressed(int signo)
{
    if (!signalled)
        signalled = signo;
    switch (stop_press(&stop, what)) {
    case STOP_CANCEL:
        ask_refuse_all();
        cancel(cancel_data);
        break;
    case STOP_TOLD:
        break;
    case STOP_ABANDON:
        out_notice(OUT_WARN, "left without knowing how this ended: %s (domjobinfo and list tell)", what);
        live_end();
        term_restore();
        _exit(128 + signalled);
    }
}

static void on_keys(const char *bytes, size_t n, void *data)
{
    (void)data;
    if (!n) {
        stop_pressed(SIGHUP);
        return;
    }
    size_t used = ask_active() ? ask_feed(bytes, n) : 0;
    for (; used < n; used++) {
        if (bytes[used] == CTRL_C) {
            buf_truncate(&typed, 0); // as a terminal does
            stop_pressed(SIGINT);
        } else if (bytes[used] == 'q' && repeat_has_screen()) {
            cancel(cancel_data);
        } else {
            buf_addc(&typed, bytes[used]);
        }
    }
}

static void take_keys(void)
{
    term_set(TERM_KEYS);
    term_watch(on_keys, NULL);
}

static void on_signal(int signo, void *data)
{
    (void)data;
    if (signo == SIGWINCH)
        live_resized();
    else if (signo == SIGCONT && own_keys)
        take_keys();
    else if (signo != SIGCONT)
        stop_pressed(signo);
}

static void question_begins(void)
{
    if (!own_keys)
        take_keys();
}

static void question_ended(void)
{
    if (own_keys)
        return;
    term_watch(NULL, NULL);
    term_set(TERM_COOKED);
}

static const struct ask_host asker = {question_begins, question_ended};

void oneshot_start(const char *text, bool keys, void (*fn)(void *data), void *data)
{
    what = text;
    cancel = fn;
    cancel_data = data;
    signals_handle(on_signal, NULL);
    if (!term_open(false))
        return;
    term_restore_at_exit();
    out_can_ask();
    ask_init(&asker);
    own_keys = keys;
    if (own_keys)
        take_keys();
}

int oneshot_end(void)
{
    ask_refuse_all();
    live_end();
    term_watch(NULL, NULL);
    if (!ask_was_secret()) // it may be a password that came too early, and the shell keeps a history
        term_type_back(buf_str(&typed), typed.len);
    term_restore();
    if (typed.len)
        mem_wipe(typed.s, typed.len);
    buf_release(&typed);
    return signalled;
}
