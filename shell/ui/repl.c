// SPDX-License-Identifier: GPL-3.0-or-later
// The prompt. Main thread. See repl.h. All keys come through ui/term into `typed`; from there they go to readline while
// a prompt is shown, to ui/ask while a question is open, and stay (but for ^C and ^Z) while a command runs: what is
// typed ahead is kept. What runs behind the prompt is cmd/engine/jobs's.
#include "ui/repl.h"

#include <langinfo.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <readline/readline.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/printable.h"
#include "cmd/engine/jobs.h"
#include "cmd/engine/repeat.h"
#include "core/console/ctx.h"
#include "core/console/names_watch.h"
#include "core/console/out.h"
#include "core/console/settings.h"
#include "io/loop.h"
#include "ui/ask.h"
#include "ui/begin.h"
#include "ui/history.h"
#include "ui/live.h"
#include "ui/prompt.h"
#include "ui/stop.h"
#include "ui/tab.h"
#include "ui/term.h"

enum { CTRL_C = 3, CTRL_Z = 26 };

struct repl {
    struct ctx *ctx;
    struct batch_opts opts;
    void (*done)(int status, void *data);
    void *data;
    struct buf typed;   // keys not used yet
    struct buf pending; // lines of an unfinished command
    struct running *foreground;
    struct stop stop;
    bool shown;   // readline has a prompt on the screen
    bool frozen;  // between the Enter key and on_line()
    bool resumed; // from Ctrl-Z, and readline draws the prompt
    bool warned;  // of what still runs, when last asked to leave
    bool leaving; // once nothing runs any more
    bool ended;
    int signalled;
    int status;
};

static struct repl *self; // readline's callbacks carry no data

static void use_typed(struct repl *r);
static void on_line(char *line);

// ---- what readline calls

static void set_first_prompt(struct repl *r)
{
    _cleanup_free_ char *text = prompt_text(r->ctx);
    rl_set_prompt(text);
}

static int next_key(FILE *stream)
{
    (void)stream;
    struct buf *b = &self->typed;
    if (!b->len) {
        int c = term_read_byte(); // the rest of a key sequence or of a pasted text, which is on its way
        return c < 0 ? EOF : c;
    }
    int c = (unsigned char)b->s[0];
    memmove(b->s, b->s + 1, b->len); // with the NUL
    b->len--;
    return c;
}

// Readline asks the terminal itself otherwise, and waits there for bytes that are in `typed` already.
static int more_keys(void)
{
    return self->typed.len || term_has_input();
}

// Marks pasted text, so that its newlines are text and its tabs no completion.
static void mark_pastes(bool on)
{
    const char *wanted = rl_variable_value("enable-bracketed-paste");
    if (live_redraws() && wanted && strcmp(wanted, "on") == 0)
        fputs(on ? "\033[?2004h" : "\033[?2004l", rl_outstream);
    fflush(rl_outstream);
}

// Instead of readline's own: the mode stays the same all the time, because in between a ^D typed ahead would be taken
// by the terminal, and other keys echoed where they do not belong.
static void prepare_terminal(int meta)
{
    (void)meta;
    term_set(TERM_KEYS);
    rl_tty_set_echoing(1);
    mark_pastes(true);
}

static void release_terminal(void)
{
    mark_pastes(false);
}

// Readline hands C1 controls and marks of direction to the terminal. Whatever brought them into the line (a paste, the
// history), they become what one would see of them elsewhere, before they are drawn.
static void redisplay(void)
{
    _cleanup_buf_ struct buf text = BUF_INIT;
    buf_add_typed(&text, rl_line_buffer, (size_t)rl_point);
    size_t point = text.len;
    buf_add_typed(&text, rl_line_buffer + rl_point, (size_t)(rl_end - rl_point));
    if (strcmp(buf_str(&text), rl_line_buffer) != 0) {
        rl_begin_undo_group();
        rl_delete_text(0, rl_end);
        rl_point = 0;
        rl_insert_text(buf_str(&text));
        rl_end_undo_group();
        rl_point = (int)point;
    }
    rl_redisplay();
}

// Where the bytes of a line are not UTF-8, all of this is readline's.
static void draw_with(rl_voidfunc_t *fn)
{
    if (strcmp(nl_langinfo(CODESET), "UTF-8") == 0)
        rl_redisplay_function = fn;
}

static int clear_line(int count, int key)
{
    (void)count;
    (void)key;
    struct repl *r = self;
    live_freeze();
    rl_point = rl_end;
    rl_redisplay();
    fputs("^C", rl_outstream);
    rl_crlf();
    live_thaw();
    buf_truncate(&r->pending, 0);
    rl_free_line_state(); // an incremental search or a pending argument goes too
    rl_replace_line("", 1);
    set_first_prompt(r);
    rl_on_new_line();
    rl_forced_update_display();
    return 0;
}

static int accept_line(int count, int key)
{
    live_freeze(); // until on_line()
    self->frozen = true;
    return rl_newline(count, key);
}

static int suspend(int count, int key)
{
    (void)count;
    (void)key;
    rl_clear_visible_line();
    release_terminal();
    term_set(TERM_COOKED);
    raise(SIGSTOP);
    prepare_terminal(1);
    rl_on_new_line(); // where the shell has left the cursor; readline draws after each key
    self->resumed = true;
    return 0;
}

// ---- the prompt on the screen

static void clear_prompt(void)
{
    rl_clear_visible_line();
    fflush(rl_outstream);
}

static void draw_prompt(void)
{
    rl_on_new_line();
    rl_redisplay();
    fflush(rl_outstream);
}

static const struct live_prompt as_prompt = {clear_prompt, draw_prompt};

static void show_prompt(struct repl *r)
{
    if (r->ended)
        return;
    _cleanup_free_ char *first = prompt_text(r->ctx);
    rl_callback_handler_install(r->pending.len ? "    -> " : first, on_line);
    fflush(rl_outstream);
    r->shown = true;
    live_set_prompt(&as_prompt);
}

// The line is done with, or a question needs the terminal; the caller has taken it off the screen.
static void remove_prompt(struct repl *r)
{
    live_set_prompt(NULL);
    rl_callback_handler_remove();
    r->shown = false;
}

// ---- running commands

static void tell_left(const struct running *it, void *data)
{
    struct repl *r = data;
    out_notice(OUT_WARN, "left without knowing how this ended: %s (domjobinfo and list tell)", jobs_text(it));
    r->status = r->status ? r->status : 128 + SIGINT;
}

static void end(struct repl *r)
{
    if (r->ended)
        return;
    r->ended = true;
    if (r->shown)
        remove_prompt(r);
    ask_refuse_all();
    out_refuse_waiting();
    live_end();
    term_watch(NULL, NULL);
    term_set(TERM_COOKED);
    jobs_each_behind(tell_left, r);
    jobs_set_prompt(NULL, NULL);
    history_close();
    r->done(r->signalled ? 128 + r->signalled : r->status, r->data);
}

static void post_use_typed(void *data)
{
    struct repl *r = data;
    if (!r->ended)
        use_typed(r);
}

// What runs is asked to end; when it has, so do we.
static void begin_leaving(struct repl *r)
{
    r->leaving = true;
    if (!jobs_cancel_all() && !r->foreground) { // nobody waits any more for those that are cancelled already
        end(r);
        return;
    }
    live_hide();
    if (r->shown)
        remove_prompt(r);
    live_show();
    if (!r->foreground)
        out_notice(OUT_INFO, "waiting for the end of what was cancelled; Ctrl-C leaves at once");
}

static void tell_running(const struct running *it, void *data)
{
    (void)data;
    out_notice(OUT_WARN, "[%d] still runs: %s", jobs_number(it), jobs_text(it));
}

// ^D or quit. What runs behind the prompt would be cancelled by it, so that is told first.
static void ask_to_leave(struct repl *r)
{
    if (r->warned || !jobs_count()) {
        begin_leaving(r);
        return;
    }
    r->warned = true;
    jobs_each_behind(tell_running, NULL);
    out_notice(OUT_INFO, "leaving once more cancels it; wait waits until it has ended");
    show_prompt(r);
}

static void next_line(struct repl *r, bool quit)
{
    r->stop = (struct stop){0};
    r->foreground = jobs_take_wanted();
    if (r->foreground)
        return;
    if (quit) {
        ask_to_leave(r);
    } else if (!ask_active() && !r->shown) {
        r->warned = false;
        show_prompt(r);
    }
}

static void on_ended(struct running *it, bool in_front, int status, bool quit, void *data)
{
    struct repl *r = data;
    if (r->ended)
        return;
    if (in_front) {
        r->foreground = NULL;
        r->status = status;
    }
    (void)it;
    if (r->leaving) {
        if (!jobs_count())
            end(r);
    } else if (in_front) {
        next_line(r, quit);
        loop_post(post_use_typed, r); // not from here: we may be inside one of its calls
    }
}

static void run_line(struct repl *r, const char *text)
{
    r->opts.timing = settings()->timing;
    r->opts.json = settings()->json;
    r->foreground = jobs_run(r->ctx, text, &r->opts);
}

// Blanks at the end (Tab leaves one) are nothing to remember.
static void trim_end(char *s)
{
    size_t n = strlen(s);
    while (n && strchr(" \t\r\n", s[n - 1]) && !(n > 1 && s[n - 2] == '\\'))
        s[--n] = '\0';
}

static void on_line(char *line)
{
    struct repl *r = self;
    if (!r->frozen)
        live_freeze(); // ended by another key than Enter
    r->frozen = false;
    live_thaw();
    if (!line && !r->pending.len) { // ^D on an empty line
        fputc('\n', rl_outstream);
        remove_prompt(r);
        ask_to_leave(r);
        return;
    }
    if (r->pending.len)
        buf_addc(&r->pending, '\n');
    buf_adds(&r->pending, line ? line : "");
    bool more = line && batch_incomplete(buf_str(&r->pending));
    free(line);
    if (more) {
        rl_set_prompt("    -> "); // readline shows it for the line to come
        return;
    }
    _cleanup_free_ char *text = buf_steal(&r->pending);
    set_first_prompt(r);
    trim_end(text);
    if (!*text)
        return;
    remove_prompt(r); // before anything may have something to say, which would draw it again
    history_keep(text);
    run_line(r, text);
}

static struct running *send_behind(struct repl *r)
{
    struct running *it = r->foreground;
    r->foreground = NULL;
    jobs_send_behind(it);
    return it;
}

static void press_stop(struct repl *r)
{
    if (!r->foreground) { // we are leaving, and wait for what was cancelled
        end(r);
        return;
    }
    live_hide();
    if (r->stop.presses == 0)
        fputs("^C\n", live_stream());
    live_show();
    struct running *it = r->foreground;
    switch (stop_press(&r->stop, jobs_text(it))) {
    case STOP_CANCEL:
        jobs_cancel(it);
        break;
    case STOP_TOLD:
        break;
    case STOP_ABANDON:
        it = send_behind(r);
        r->status = 128 + SIGINT;
        out_notice(OUT_WARN, "no longer waiting; the outcome will be shown here: [%d] %s", jobs_number(it),
                   jobs_text(it));
        if (r->leaving)
            end(r);
        else
            next_line(r, false);
        break;
    }
}

static void press_suspend(struct repl *r)
{
    struct running *it = send_behind(r);
    out_notice(OUT_INFO, "[%d] %s", jobs_number(it), jobs_text(it));
    next_line(r, false);
}

// SIGTERM or a terminal that has gone: cancel, wait, leave. The second time: leave.
static void leave(struct repl *r, int signo)
{
    bool again = r->signalled != 0;
    r->signalled = again ? r->signalled : signo;
    ask_refuse_all();
    if (!again) {
        begin_leaving(r);
        return;
    }
    if (r->foreground)
        send_behind(r);
    end(r);
}

// ---- keys and signals

// The first ^C or ^Z, while a command runs, or "q" while one has a screen of its own. False: there is none.
static bool use_stop_key(struct repl *r)
{
    size_t at = 0;
    while (at < r->typed.len && !memchr("\003\032q", r->typed.s[at], repeat_has_screen() ? 3 : 2))
        at++;
    if ((!r->foreground && !r->leaving) || at == r->typed.len)
        return false;
    char key = r->typed.s[at];
    // As a terminal does: what was typed before a ^C is dropped.
    size_t from = key == CTRL_Z ? at : 0;
    memmove(r->typed.s + from, r->typed.s + at + 1, r->typed.len - at);
    r->typed.len -= at + 1 - from;
    if (key == CTRL_C)
        press_stop(r);
    else if (key == CTRL_Z && r->foreground)
        press_suspend(r);
    else if (r->foreground)
        jobs_cancel(r->foreground);
    return true;
}

static void use_typed(struct repl *r)
{
    while (!r->ended && r->typed.len && !ask_active()) {
        if (r->shown) {
            rl_callback_read_char();
            continue;
        }
        if (!use_stop_key(r))
            return;
    }
}

static void on_keys(const char *bytes, size_t n, void *data)
{
    struct repl *r = data;
    if (!n) {
        repl_signal(r, SIGHUP);
        return;
    }
    size_t used = 0;
    while (used < n && ask_active()) {
        const char *z = r->foreground ? memchr(bytes + used, CTRL_Z, n - used) : NULL;
        used += ask_feed(bytes + used, z ? (size_t)(z - bytes) - used : n - used);
        if (z == bytes + used && ask_active()) {
            used++;
            press_suspend(r);
        }
    }
    buf_add(&r->typed, bytes + used, n - used);
    use_typed(r);
}

// SIGINT by kill: the same as ^C, but no key, so it comes before whatever was typed and drops nothing of it.
static void interrupt(struct repl *r)
{
    if (ask_active()) {
        ask_feed("\003", 1);
    } else if (r->foreground || r->leaving) {
        press_stop(r);
    } else if (r->shown) {
        rl_stuff_char(CTRL_C);
        rl_callback_read_char();
    }
}

void repl_signal(struct repl *r, int signo)
{
    switch (signo) {
    case SIGWINCH:
        if (r->shown) {
            draw_with(rl_redisplay); // else it draws the whole line again, below what it was wrapped into
            rl_resize_terminal();
            draw_with(redisplay);
        } else {
            rl_reset_screen_size();
        }
        live_resized();
        break;
    case SIGCONT:
        if (r->resumed) {
            r->resumed = false;
        } else if (r->shown) {
            prepare_terminal(1);
            rl_on_new_line();
            rl_forced_update_display();
        } else {
            term_set(TERM_KEYS);
        }
        break;
    case SIGINT:
        interrupt(r);
        break;
    default:
        leave(r, signo);
    }
}

static void question_begins(void)
{
    struct repl *r = self;
    if (r->shown) {
        live_hide();
        live_set_prompt(NULL);
        live_show();
    }
}

static void question_ended(void)
{
    struct repl *r = self;
    if (r->ended)
        return;
    if (r->shown) {
        live_set_prompt(&as_prompt);
        draw_prompt();
    } else if (!r->foreground) {
        show_prompt(r);
    }
    loop_post(post_use_typed, r);
}

static const struct ask_host asker = {question_begins, question_ended};

static void set_up_readline(struct repl *r)
{
    rl_readline_name = "migsh";
    rl_outstream = live_stream();
    rl_getc_function = next_key;
    rl_input_available_hook = more_keys;
    rl_catch_signals = 0;
    rl_catch_sigwinch = 0;
    rl_prep_term_function = prepare_terminal;
    rl_deprep_term_function = release_terminal;
    rl_initialize();
    draw_with(redisplay);                               // not earlier: readline would believe that it needs no terminal
    rl_tty_set_default_bindings(emacs_standard_keymap); // the terminal's own erase and kill keys
    Keymap maps[] = {emacs_standard_keymap, vi_insertion_keymap, vi_movement_keymap};
    for (size_t i = 0; i < ARRAY_SIZE(maps); i++) {
        rl_bind_key_in_map(CTRL_C, clear_line, maps[i]);
        rl_bind_key_in_map(CTRL_Z, suspend, maps[i]);
        rl_bind_key_in_map('\r', accept_line, maps[i]);
        rl_bind_key_in_map('\n', accept_line, maps[i]);
    }
    tab_bind(r->ctx);
}

struct repl *repl_start(struct ctx *ctx, const struct batch_opts *opts, const char *history_path,
                        void (*done)(int status, void *data), void *data)
{
    struct repl *r = xnew(struct repl);
    r->ctx = ctx;
    r->opts = *opts;
    r->opts.prompt = true;
    settings()->timing = opts->timing;
    settings()->json = opts->json;
    r->done = done;
    r->data = data;
    self = r;
    jobs_set_prompt(on_ended, r);
    set_up_readline(r);
    history_open(history_path);
    ask_init(&asker);
    term_watch(on_keys, r);
    names_watch_start(ctx);
    begin_welcome(ctx, opts);
    _cleanup_free_ char *first = begin_line();
    if (first)
        run_line(r, first);
    else
        show_prompt(r);
    return r;
}
