// SPDX-License-Identifier: GPL-3.0-or-later
// Pointing an image at another backing file. Job threads. See guest/files.h.
#include <string.h>

#include "base/buf.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/strv.h"
#include "core/guest/files.h"
#include "core/guest/look.h"
#include "core/node/place.h"

enum { TIMEOUT_MS = 120000 };

// $1 image, $2 its format, $3 what backs it, $4 that one's format.
static const char script[] = "LC_ALL=C; export LC_ALL\n"
                             "qemu-img rebase -u -f \"$2\" -b \"$3\" -F \"$4\" \"$1\" && sync -- \"$1\"";

// Behind "/" of the last directory that both paths have in common.
static size_t common(const char *a, const char *b)
{
    size_t same = 0;
    for (size_t i = 0; a[i] && a[i] == b[i]; i++) {
        if (a[i] == '/')
            same = i + 1;
    }
    return same;
}

char *guest_relative(const char *file, const char *path)
{
    struct buf b = BUF_INIT;
    size_t from = common(file, path);
    for (const char *s = file + from; (s = strchr(s, '/')); s++)
        buf_adds(&b, "../");
    // QEMU would take what stands before a colon for a protocol.
    if (!b.len && strcspn(path + from, ":") < strcspn(path + from, "/"))
        buf_adds(&b, "./");
    buf_adds(&b, path + from);
    return buf_steal(&b);
}

static int check(const char *file, const char *backing, const char *format, struct err *e)
{
    if (*file != '/' || *backing != '/')
        return err_set(e, ERR_USAGE, "'%s' is not an absolute path", *file != '/' ? file : backing);
    if (strcmp(file, backing) == 0)
        return err_set(e, ERR_USAGE, "%s cannot back itself", file);
    if (!*format || format[strspn(format, "abcdefghijklmnopqrstuvwxyz0123456789-")])
        return err_set(e, ERR_USAGE, "'%s' is not an image format", format);
    return 0;
}

// Both have to be there; *ret_info is what the image says of itself, lent by *ret.
static int look(const struct guest_place *p, const char *file, const char *backing, json_t **ret, json_t **ret_info,
                struct err *e)
{
    json_auto_t *paths = json_pack("{s:o, s:n}", file, json_text("qcow2"), backing);
    const char *const names[] = {file, backing};
    if (!paths)
        return err_set(e, ERR_USAGE, "'%s' or '%s' is not UTF-8", file, backing);
    if (guest_look(p, paths, ret, e) < 0)
        return -1;
    for (size_t i = 0; i < 2; i++) {
        json_t *fact = json_object_get(*ret, names[i]);
        const char *problem = json_text_at(fact, "problem");
        if (problem)
            return err_set(e, ERR_FAILED, "%s: %s: %s", place_name(p->node), names[i], problem);
        if (!json_is_true(json_object_get(fact, "exists")))
            return err_set(e, ERR_NOT_FOUND, "%s: %s is not there", place_name(p->node), names[i]);
    }
    json_t *fact = json_object_get(*ret, file);
    if (json_is_true(json_object_get(fact, "in_use")))
        return err_set(e, ERR_STATE, "%s: %s is in use", place_name(p->node), file);
    *ret_info = json_object_get(fact, "info");
    return 0;
}

int guest_rebase(struct ctx *ctx, struct job *job, struct node *node, const char *file, const char *backing,
                 const char *format, bool root, json_t **ret, struct err *e)
{
    struct guest_place p = {ctx, job, node, root};
    json_auto_t *facts = NULL;
    json_t *info = NULL;
    if (check(file, backing, format, e) < 0 || look(&p, file, backing, &facts, &info, e) < 0)
        return -1;
    const char *old = json_text_at(info, "backing-filename");
    const char *old_format = json_text_at(info, "backing-filename-format");
    bool relative = old && *old != '/' && !strchr(old, ':');
    _cleanup_free_ char *written = relative ? guest_relative(file, backing) : xstrdup(backing);
    bool changed = !old || strcmp(old, written) != 0 || !old_format || strcmp(old_format, format) != 0;
    if (changed) {
        const char *const args[] = {file, "qcow2", written, format};
        struct place_exec spec = {
            .script = script, .args = args, .n_args = ARRAY_SIZE(args), .root = root, .timeout_ms = TIMEOUT_MS};
        _cleanup_(remote_result_release) struct remote_result result = REMOTE_RESULT_INIT;
        if (place_exec(ctx, job, node, &spec, &result, e) < 0 ||
            remote_result_output(place_name(node), &result, NULL, e) < 0)
            return -1;
    }
    *ret = json_pack("{s:o, s:o, s:o, s:b, s:b}", "file", json_text(file), "backing", json_text(written),
                     "backing_format", json_text(format), "relative", relative, "changed", changed);
    return 0;
}
