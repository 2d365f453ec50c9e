// SPDX-License-Identifier: GPL-3.0-or-later
// The journal of a plain migration. See record.h.
#include "core/migrate/record.h"

#include "base/json.h"
#include "core/console/out.h"
#include "core/journal/journal.h"
#include "core/journal/tell.h"
#include "core/migrate/migrate.h"
#include "io/virt/dom.h"

enum { VERSION = 1, STEP = 1 }; // the version is that of scripts/record/keep.lua

static void warn(const char *domain, const struct err *e)
{
    out_notice(OUT_WARN, "'%s': no record of its migration is kept: %s", domain, e->msg);
}

struct journal *migrate_record_begin(const struct migrate_request *rq)
{
    _cleanup_err_ struct err e = ERR_INIT;
    const char *domain = virt_dom_name(rq->dom), *source = target_label(rq->source), *dest = target_label(rq->dest);
    _cleanup_free_ char *title = xasprintf("%s: %s -> %s", domain, source, dest);
    json_t *about = json_pack("{s:b, s:o, s:o, s:o, s:o}", "record", true, "domain", json_text(domain), "uuid",
                              json_text(virt_dom_uuid(rq->dom)), "source", json_text(source), "dest", json_text(dest));
    json_t *step = json_pack("{s:o, s:o}", "title", json_text(title), "node", json_text(dest));
    struct journal *j = NULL;
    unsigned number;
    if (journal_create("migrate", about, &j, &e) < 0) {
        warn(domain, &e);
    } else if (journal_intent(j, "migrate", step, &number, &e) < 0) {
        warn(domain, &e);
        journal_discard(j);
        j = NULL;
    } else {
        json_decref(journal_tell(j, JOURNAL_BEGINS));
    }
    json_decref(about);
    json_decref(step);
    return j;
}

// As a workflow keeps it: with the words of the failure, without libvirt's own fields, which the figures are made of.
static json_t *kept(const struct journal *j, const json_t *result, const struct err *why)
{
    const json_t *about = journal_about(j);
    json_t *all = result ? json_copy((json_t *)result) : json_object();
    json_object_del(all, "stats");
    json_object_del(all, "summary");
    json_object_set_new(all, "ok", json_boolean(result != NULL));
    json_object_set_new(all, "verdict", result ? json_text("ok") : json_text(why->msg));
    if (!result) {
        json_object_set(all, "domain", json_object_get(about, "domain"));
        json_object_set(all, "uuid", json_object_get(about, "uuid"));
        json_object_set(all, "source", json_object_get(about, "source"));
        json_object_set(all, "destination", json_object_get(about, "dest"));
        json_object_set_new(
            all, "error",
            json_pack("{s:o, s:o}", "code", json_text(err_code_name(why->code)), "msg", json_text(why->msg)));
    }
    return json_pack("{s:i, s:o}", "version", VERSION, "result", all);
}

void migrate_record_end(struct journal *j, const json_t *result, const struct err *why)
{
    if (!j)
        return;
    _cleanup_err_ struct err e = ERR_INIT;
    json_t *all = kept(j, result, why);
    json_t *failure = result ? NULL : json_object_get(json_object_get(all, "result"), "error");
    if (journal_outcome(j, STEP, result ? STEP_DONE : STEP_FAILED, failure, &e) < 0 ||
        journal_end(j, result ? JOURNAL_DONE : JOURNAL_FAILED, all, &e) < 0)
        warn(json_text_at(journal_about(j), "domain"), &e);
    json_decref(journal_tell(j, JOURNAL_ENDS));
    json_decref(all);
    journal_close(j);
}
