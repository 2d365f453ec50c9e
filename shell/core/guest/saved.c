// SPDX-License-Identifier: GPL-3.0-or-later
// A managed save beside the disks that it belongs to. Job threads. See saved.h.
#include "core/guest/saved.h"

#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "core/guest/files.h"

// Whole seconds are compared, and a file server's clock may be a little ahead of the node's, which wrote the save.
enum { SLACK_S = 1 };

void saved_release(struct saved *s)
{
    free(s->disk);
    *s = (struct saved){.was_running = true};
}

static bool is_kind(const json_t *row, const char *kind)
{
    const char *there = json_text_at(row, "kind");
    return there && strcmp(there, kind) == 0;
}

// What the guest itself writes to. A device's file has no time of its last change.
static bool is_written(const json_t *row)
{
    const char *type = json_text_at(row, "type");
    return is_kind(row, "disk") && !json_is_true(json_object_get(row, "readonly")) && type &&
           strcmp(type, "block") != 0;
}

bool saved_judge(const json_t *rows, struct saved *ret)
{
    const json_t *save = NULL, *newest = NULL;
    size_t i;
    json_t *row;
    *ret = (struct saved){.was_running = true};
    json_array_foreach((json_t *)rows, i, row)
    {
        const json_t *time = json_object_get(row, "mtime");
        if (!json_is_integer(time))
            continue;
        if (is_kind(row, "save"))
            save = row;
        else if (is_written(row) && json_integer_value(time) > json_integer_value(json_object_get(newest, "mtime")))
            newest = row;
    }
    if (!save)
        return false;
    ret->told = json_is_boolean(json_object_get(save, "was_running"));
    ret->was_running = !json_is_false(json_object_get(save, "was_running"));
    ret->time = (double)json_integer_value(json_object_get(save, "mtime"));
    ret->disk_time = (double)json_integer_value(json_object_get(newest, "mtime"));
    if (newest && ret->disk_time > ret->time + SLACK_S)
        ret->disk = xstrdup(json_text_at(newest, "path"));
    return true;
}

int saved_look(struct ctx *ctx, struct job *job, struct node *node, struct virt_dom *dom, struct saved *ret,
               struct err *e)
{
    json_auto_t *rows = NULL;
    *ret = (struct saved){.was_running = true};
    if (guest_files(ctx, job, node, dom, &rows, e) < 0)
        return -1;
    return saved_judge(rows, ret) ? 0 : err_set(e, ERR_NOT_FOUND, "its file is not where libvirt keeps such files");
}

int saved_look_image(struct ctx *ctx, struct job *job, struct node *node, struct virt_conn *conn, const char *path,
                     const char *xml, struct saved *ret, struct err *e)
{
    struct guest_files *f = NULL;
    *ret = (struct saved){.was_running = true};
    if (guest_files_image(conn, xml, path, &f, e) < 0)
        return -1;
    int r = guest_files_seen(ctx, job, node, &f, 1, e);
    json_auto_t *rows = r == 0 ? guest_files_rows(f) : NULL;
    guest_files_free(f);
    if (r < 0)
        return -1;
    return saved_judge(rows, ret) ? 0 : err_set(e, ERR_NOT_FOUND, "%s was not found on the host", path);
}
