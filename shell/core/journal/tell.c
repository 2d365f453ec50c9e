// SPDX-License-Identifier: GPL-3.0-or-later
// An undertaking's lines in systemd journals. See tell.h.
#include "core/journal/tell.h"

#include <math.h>
#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "io/syslog.h"

// README names them: whoever looks for these lines looks for them.
static const char *const message_ids[] = {
    [JOURNAL_BEGINS] = "a22708de13f04a0bbb82fbd231b26ab3",
    [JOURNAL_ENDS] = "6b2db6f7be8247af9c2bd864ef8bf096",
};
static const char PRIORITY_WARNING[] = "4", PRIORITY_INFO[] = "6";

static void set(json_t *fields, const char *name, const char *value)
{
    if (value)
        json_object_set_new(fields, name, json_text(value));
}

static void set_number(json_t *fields, const char *name, const json_t *value)
{
    if (!json_is_number(value))
        return;
    _cleanup_free_ char *text = xasprintf("%.0f", round(json_number_value(value)));
    set(fields, name, text);
}

static const char *first(const char *a, const char *b)
{
    return a ? a : b;
}

// What kept() has of the attempt that ended it: one before it may have failed.
static const json_t *result_of(const struct journal *j)
{
    const json_t *result = json_object_get(journal_kept(j), "result");
    bool stale = journal_found(j) == JOURNAL_DONE && json_is_object(json_object_get(result, "error"));
    return stale ? NULL : result;
}

static bool is_well(const struct journal *j, const json_t *result)
{
    return journal_found(j) == JOURNAL_DONE && !json_is_false(json_object_get(result, "ok"));
}

static const char *verdict_of(const struct journal *j, const json_t *result)
{
    enum journal_state s = journal_found(j);
    const char *verdict = s == JOURNAL_DONE || s == JOURNAL_FAILED ? json_text_at(result, "verdict") : NULL;
    for (size_t i = journal_steps(j); !verdict && s == JOURNAL_FAILED && i > 0; i--)
        verdict = json_text_at(journal_step_at(j, i - 1).outcome, "msg");
    return verdict ? verdict : s == JOURNAL_DONE ? "ok" : journal_state_name(s);
}

static void add_end(json_t *fields, const struct journal *j)
{
    const json_t *result = result_of(j), *outage = json_object_get(result, "outage");
    set(fields, "MIGSH_STATE", journal_state_name(journal_found(j)));
    set(fields, "MIGSH_VERDICT", verdict_of(j, result));
    set_number(fields, "MIGSH_OUTAGE_MIN_MS", json_object_get(outage, "min_ms"));
    set_number(fields, "MIGSH_OUTAGE_MS", json_object_get(outage, "max_ms"));
    set_number(fields, "MIGSH_DOWNTIME_MS", json_object_get(result, "downtime_ms"));
    set_number(fields, "MIGSH_TOTAL_MS", json_object_get(result, "total_ms"));
    set_number(fields, "MIGSH_BYTES", json_object_get(result, "bytes"));
}

json_t *journal_tell_fields(const struct journal *j, enum journal_event event)
{
    const json_t *about = journal_about(j);
    const char *domain = json_text_at(about, "domain");
    const char *source = first(json_text_at(about, "source"), json_text_at(about, "exported_by"));
    const char *dest = json_text_at(about, "dest");
    if (!domain)
        return NULL;
    bool ends = event == JOURNAL_ENDS, well = !ends || is_well(j, result_of(j));
    json_t *fields = json_object();
    set(fields, "MESSAGE_ID", message_ids[event]);
    set(fields, "PRIORITY", well ? PRIORITY_INFO : PRIORITY_WARNING);
    set(fields, "SYSLOG_IDENTIFIER", "migsh");
    set(fields, "MIGSH_COMMAND", journal_command(j));
    set(fields, "MIGSH_DOMAIN", domain);
    set(fields, "MIGSH_UUID", json_text_at(about, "uuid"));
    set(fields, "MIGSH_SOURCE", source);
    set(fields, "MIGSH_DESTINATION", dest);
    set(fields, "MIGSH_JOURNAL", journal_id(j));
    if (ends)
        add_end(fields, j);
    _cleanup_free_ char *text =
        xasprintf("%s of '%s'%s%s%s%s %s%s", journal_command(j), domain, source ? " from " : "", source ? source : "",
                  dest ? " to " : "", dest ? dest : "", ends ? "has ended: " : "begins",
                  ends ? json_text_at(fields, "MIGSH_VERDICT") : "");
    set(fields, "MESSAGE", text);
    return fields;
}

json_t *journal_tell(const struct journal *j, enum journal_event event)
{
    json_t *fields = journal_tell_fields(j, event);
    if (fields)
        syslog_send(fields);
    return fields;
}
