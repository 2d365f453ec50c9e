// SPDX-License-Identifier: GPL-3.0-or-later
// What an error text means, or a word of migration.
#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "base/fill.h"
#include "base/json.h"
#include "cmd/commands.h"
#include "cmd/console/explain_guest.h"
#include "cmd/engine/help.h"
#include "cmd/rows.h"
#include "core/explain/explain.h"
#include "core/explain/last.h"
#include "core/explain/topics.h"

// More rows than this fit no real text.
enum { MATCHES_MAX = 16 };

enum { TEXT, DOMAIN };

static void complete_text(struct ctx *ctx, const char *prefix, struct strv *out)
{
    (void)ctx;
    struct explain_topic t;
    if (str_starts("last", prefix))
        strv_add(out, "last");
    for (size_t i = 0; explain_topic(i, &t); i++) {
        if (!t.about_migsh && str_starts(t.name, prefix))
            strv_add(out, t.name);
        explain_topic_release(&t);
    }
}

static const struct opt_def opts[] = {
    [TEXT] = {"text", OPT_STRING, OPTF_POS, "last, an error text, or a topic", .def = "last",
              .complete = complete_text},
    [DOMAIN] = {"domain", OPT_DOMAIN, OPTF_POS, "with a topic: what it is with this guest"},
    {NULL},
};

static json_t *matches_of(const char *text)
{
    static const struct explain_names nobody;
    const struct explain_row *rows[MATCHES_MAX];
    size_t n = explain_find_all(text, rows, MATCHES_MAX);
    json_t *list = json_array();
    for (size_t i = 0; i < n && i < MATCHES_MAX; i++) {
        _cleanup_free_ char *remedy = explain_remedy(rows[i], &nobody);
        json_array_append_new(list, json_pack("{s:o, s:o, s:o, s:o, s:o}", "id", json_text(rows[i]->id), "cause",
                                              json_text(rows[i]->cause), "where",
                                              json_text(explain_where_name(rows[i]->where)), "remedy",
                                              json_text(remedy), "pattern", json_text(rows[i]->pattern)));
    }
    return list;
}

static int no_match(const char *text, struct err *e)
{
    _cleanup_strv_ struct strv topics = STRV_INIT;
    _cleanup_buf_ struct buf names = BUF_INIT;
    explain_topics_in(text, &topics);
    for (size_t i = 0; i < topics.n; i++)
        buf_addf(&names, "%s%s", i ? ", " : "", topics.s[i]);
    err_set(e, ERR_NOT_FOUND, "nothing here explains that text");
    if (topics.n)
        return err_hint(e, "explain TOPIC tells of a word in it: %s", buf_str(&names));
    return err_hint(e, "help explain lists the topics; the last lines of /var/log/libvirt/qemu/GUEST.log may say more");
}

static int explain_text(struct cmd_call *c, const char *text, struct err *e)
{
    json_t *matches = matches_of(text);
    c->result = json_pack("{s:o, s:o}", "text", json_text(text), "matches", matches);
    return json_array_size(matches) ? 0 : no_match(text, e);
}

// Who told a hint with the error need not be outdone by a row.
static int explain_last(struct cmd_call *c, struct err *e)
{
    json_auto_t *last = NULL;
    if (last_error_read(&last, e) < 0)
        return -1;
    const char *message = json_text_at(last, "message");
    json_t *matches = matches_of(message);
    c->result = json_pack("{s:o, s:o}", "text", json_text(message), "matches", matches);
    json_object_set(c->result, "command", json_object_get(last, "command"));
    json_object_set(c->result, "code", json_object_get(last, "code"));
    json_object_set(c->result, "hint", json_object_get(last, "hint"));
    json_object_set(c->result, "time", json_object_get(last, "time"));
    return json_array_size(matches) || json_text_at(last, "hint") ? 0 : no_match(message, e);
}

static int explain_topic_of(struct cmd_call *c, const struct explain_topic *t, struct err *e)
{
    _cleanup_buf_ struct buf text = BUF_INIT;
    buf_adds(&text, t->body);
    if (c->vals[DOMAIN].dom && explain_guest(c, c->vals[DOMAIN].dom, t->name, &text, e) < 0)
        return -1;
    c->result = json_pack("{s:o, s:o, s:o}", "topic", json_text(t->name), "title", json_text(t->title), "text",
                          json_text(buf_str(&text)));
    return 0;
}

static int run(struct cmd_call *c, struct err *e)
{
    const char *text = c->vals[TEXT].s;
    _cleanup_topic_ struct explain_topic t = {0};
    if (explain_topic_find(text, &t))
        return explain_topic_of(c, &t, e);
    if (c->vals[DOMAIN].given) {
        err_set(e, ERR_USAGE, "'%s' is no topic, and a domain goes with a topic", text);
        return err_hint(e, "help explain lists them; an error text of several words is one word in quotes");
    }
    return strcasecmp(text, "last") == 0 ? explain_last(c, e) : explain_text(c, text, e);
}

static void add_indented(struct buf *out, const char *text)
{
    while (*text) {
        size_t n = strcspn(text, "\n");
        buf_addf(out, "  %.*s\n", (int)n, text);
        text += n + (text[n] == '\n');
    }
}

static void show_last(const json_t *v, struct buf *out)
{
    const char *command = json_text_at(v, "command"), *hint = json_text_at(v, "hint");
    _cleanup_free_ char *when = clock_text(json_real_value(json_object_get(v, "time")));
    buf_addf(out, "last error%s%s, %s:\n", command ? ", of " : "", command ? command : "", when);
    add_indented(out, json_text_at(v, "text"));
    if (hint) {
        buf_adds(out, "what was said of it:\n");
        add_indented(out, hint);
    }
    buf_adds(out, json_array_size(json_object_get(v, "matches")) ? "\n" : "");
}

static void show_match(const json_t *m, struct buf *out)
{
    const char *where = json_text_at(m, "where");
    buf_addf(out, "%s\n  where:  ", json_text_at(m, "cause"));
    for (int i = EXPLAIN_SOURCE; i <= EXPLAIN_GUEST; i++) {
        if (strcmp(where, explain_where_name((enum explain_where)i)) == 0)
            buf_adds(out, explain_where_text((enum explain_where)i));
    }
    buf_addf(out, "\n  remedy: %s\n", json_text_at(m, "remedy"));
}

static void show(const json_t *v, struct buf *out)
{
    size_t i;
    json_t *m;
    if (json_text_at(v, "topic")) {
        buf_addf(out, "%s\n\n", json_text_at(v, "title"));
        fill_paragraphs(json_text_at(v, "text"), 0, help_width(), out);
        return;
    }
    if (json_object_get(v, "time"))
        show_last(v, out);
    json_array_foreach(json_object_get(v, "matches"), i, m)
    {
        buf_adds(out, i ? "\n" : "");
        show_match(m, out);
    }
}

const struct cmd_def cmd_explain = {
    .name = "explain",
    .group = "Console",
    .summary = "what an error means, and the words of migration",
    .help = "A text of libvirt, QEMU, ssh or NFS: what causes it, on which host, and what to do; the most telling\n"
            "explanation comes first. Without a text: the last error that a console of yours has shown.\n"
            "\n"
            "A topic: pre-copy, post-copy, live, paused, offline, cold, persistent, transports, modes, safety,\n"
            "storage, physical, downtime, convergence, or another word for one (hot, p2p, tls, cache …). With a\n"
            "domain it ends with how that is with this guest: does it run, is it defined, where are its disks.",
    .example = "explain\nexplain \"Migration without shared storage is unsafe\"\nexplain safety share",
    .opts = opts,
    .flags = CMD_CONN | CMD_CONN_DOMAIN | CMD_READS,
    .view = {VIEW_CUSTOM, .render = show},
    .run = run};
