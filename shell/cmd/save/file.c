// SPDX-License-Identifier: GPL-3.0-or-later
// A file with a guest's memory, looked at on its host. Job threads. See file.h.
#include "cmd/save/file.h"

#include <unistd.h>

#include "base/clock.h"
#include "base/json.h"
#include "cmd/domain/guest.h"
#include "core/console/out.h"
#include "core/guest/files.h"
#include "core/guest/look.h"
#include "io/job.h"
#include "io/virt/conn.h"

// The file on the host; a relative one is libvirt's as seen from here.
static char *absolute(const char *path)
{
    _cleanup_free_ char *here = *path == '/' ? NULL : getcwd(NULL, 0);
    return here ? xasprintf("%s/%s", here, path) : xstrdup(path);
}

static int look(struct cmd_call *c, const struct save_of *it, struct saved *ret, struct err *e)
{
    struct node *node;
    bool root;
    _cleanup_free_ char *path = it->dom ? NULL : absolute(it->path);
    if (guest_node(c, &node, &root, e) < 0)
        return -1;
    return it->dom ? saved_look(c->ctx, c->job, node, it->dom, ret, e)
                   : saved_look_image(c->ctx, c->job, node, c->conn, path, it->xml, ret, e);
}

int save_look(struct cmd_call *c, const struct save_of *it, bool force, struct saved *ret, char **ret_why,
              struct err *e)
{
    _cleanup_err_ struct err unknown = ERR_INIT;
    _cleanup_free_ char *what = it->dom ? xasprintf("the saved state of '%s'", it->name)
                                        : xasprintf("the state of '%s' in %s", it->name, it->path);
    *ret = (struct saved){.was_running = true};
    *ret_why = NULL;
    if (!guest_is_system(virt_conn_uri(c->conn)))
        return 0;
    if (look(c, it, ret, &unknown) < 0 && !force && unknown.code != ERR_CANCELLED) {
        err_move(e, &unknown);
        return err_wrap(e, "cannot tell whether %s is older than its disks", what);
    }
    if (err_is_set(&unknown))
        out_notice(OUT_WARN, "cannot tell whether %s is older than its disks: %s", what, unknown.msg);
    if (job_check(c->job, e) < 0)
        return -1;
    if (!ret->disk)
        return 0;
    _cleanup_free_ char *saved = clock_text(ret->time), *written = clock_text(ret->disk_time);
    *ret_why = xasprintf("%s is from %s, but its disk %s was written to later, at %s", what, saved, ret->disk, written);
    return 0;
}

int save_refuse(const char *why, struct err *e)
{
    return err_set(e, ERR_UNSAFE, "%s: resuming from it would corrupt that disk", why);
}

int save_refuse_existing(struct cmd_call *c, const char *path, struct err *e)
{
    struct node *node;
    bool root;
    _cleanup_free_ char *there = absolute(path);
    json_auto_t *paths = json_object(), *facts = NULL;
    const char *where = target_label(&c->where);
    json_object_set_new(paths, there, json_null());
    if (guest_node(c, &node, &root, e) < 0 ||
        guest_look(&(struct guest_place){c->ctx, c->job, node, root}, paths, &facts, e) < 0) {
        err_wrap(e, "cannot tell whether %s exists on %s", path, where);
        return err_hint(e, "--overwrite writes it anyway, and replaces whatever is there");
    }
    const json_t *fact = json_object_get(facts, there), *exists = json_object_get(fact, "exists");
    const char *problem = json_text_at(fact, "problem");
    if (json_is_false(exists) || json_is_true(json_object_get(fact, "stream")))
        return 0;
    if (json_is_true(exists))
        err_set(e, ERR_EXISTS, "%s already exists on %s", path, where);
    else
        err_set(e, ERR_FAILED, "cannot tell whether %s exists on %s: %s", path, where,
                problem ? problem : "the host did not say");
    return err_hint(e, "choose another file, or replace this one with --overwrite");
}
