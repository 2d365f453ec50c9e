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
    free(s->unseen);
    *s = (struct saved){.was_running = true};
}

static bool is_kind(const json_t *row, const char *kind)
{
    const char *there = json_text_at(row, "kind");
    return there && strcmp(there, kind) == 0;
}

// A file that the guest itself writes to. A device has no time of its last change.
static bool is_written(const json_t *row)
{
    const char *type = json_text_at(row, "type"), *path = json_text_at(row, "path");
    return is_kind(row, "disk") && !json_is_true(json_object_get(row, "readonly")) && type &&
           (strcmp(type, "file") == 0 || strcmp(type, "volume") == 0) && !(path && str_starts(path, "/dev/"));
}

// Nobody has said that it is not there, without which libvirt starts nothing.
static const char *unseen(const json_t *row)
{
    const char *path = json_text_at(row, "path"), *volume = json_text_at(row, "volume");
    return json_is_false(json_object_get(row, "exists")) ? NULL : path ? path : volume ? volume : "a disk";
}

bool saved_judge(const json_t *rows, struct saved *ret)
{
    const json_t *save = NULL, *newest = NULL;
    const char *unseen_disk = NULL;
    size_t i;
    json_t *row;
    *ret = (struct saved){.was_running = true};
    json_array_foreach((json_t *)rows, i, row)
    {
        const json_t *time = json_object_get(row, "mtime");
        bool known = json_is_integer(time);
        if (is_kind(row, "save") && known)
            save = row;
        else if (is_written(row) && !known)
            unseen_disk = unseen_disk ? unseen_disk : unseen(row);
        else if (is_written(row) && json_integer_value(time) > json_integer_value(json_object_get(newest, "mtime")))
            newest = row;
    }
    ret->unseen = unseen_disk ? xstrdup(unseen_disk) : NULL;
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

static int judge(const json_t *rows, const char *where, struct saved *ret, struct err *e)
{
    if (!saved_judge(rows, ret))
        return err_set(e, ERR_NOT_FOUND, "%s", where);
    if (ret->unseen && !ret->disk)
        return err_set(e, ERR_FAILED, "when %s was last written to is not known", ret->unseen);
    return 0;
}

int saved_look(struct ctx *ctx, struct job *job, struct node *node, struct virt_dom *dom, struct saved *ret,
               struct err *e)
{
    json_auto_t *rows = NULL;
    *ret = (struct saved){.was_running = true};
    if (guest_files(ctx, job, node, dom, &rows, e) < 0)
        return -1;
    return judge(rows, "its file is not where libvirt keeps such files", ret, e);
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
    _cleanup_free_ char *where = xasprintf("%s was not found on the host", path);
    return judge(rows, where, ret, e);
}
