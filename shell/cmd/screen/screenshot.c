// SPDX-License-Identifier: GPL-3.0-or-later
// A picture of a guest's screen.
#include <string.h>
#include <time.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/json.h"
#include "cmd/commands.h"
#include "cmd/domain/power.h"
#include "cmd/rows.h"
#include "io/file_new.h"
#include "io/virt/dom.h"
#include "io/virt/stream.h"

enum { DOMAIN, FILE_OPT, SCREEN };

static const struct opt_def opts[] = {
    [DOMAIN] = DOMAIN_ROW,
    [FILE_OPT] = {"file", OPT_PATH, OPTF_POS, "where to store the screenshot"},
    [SCREEN] = {"screen", OPT_INT, OPTF_POS, "ID of a screen to take screenshot of", .def = "0", .max = 255},
    {NULL},
};

static const char *ending(const char *mime)
{
    return strcmp(mime, "image/png") == 0 ? ".png" : strcmp(mime, "image/x-portable-pixmap") == 0 ? ".ppm" : "";
}

// "share-2026-11-29-13:00:54", as virsh has it. A domain's name holds no "/".
static char *file_name(const struct virt_dom *dom)
{
    time_t now = (time_t)clock_real_s();
    struct tm tm;
    char when[32];
    strftime(when, sizeof(when), "%Y-%m-%d-%H:%M:%S", localtime_r(&now, &tm));
    return xasprintf("./%s-%s", virt_dom_name(dom), when);
}

static int run(struct cmd_call *c, struct err *e)
{
    struct virt_dom *dom = c->vals[DOMAIN].dom;
    const char *given = c->vals[FILE_OPT].s;
    _cleanup_free_ char *made = given ? NULL : file_name(dom), *mime = NULL;
    _cleanup_(file_new_release) struct file_new f = {-1, NULL, NULL};
    if (file_new_open(given ? given : made, &f, e) < 0)
        return -1;
    if (virt_dom_screenshot(dom, c->job, (unsigned)c->vals[SCREEN].i, f.fd, &mime, e) < 0)
        return domain_failed_off(dom, "take a screenshot of", "only a running guest has a screen", e);
    if (!given) { // what kind of picture it is, was not known before
        char *target = xasprintf("%s%s", f.target, ending(mime));
        free(f.target);
        f.target = target;
    }
    if (file_new_commit(&f, e) < 0)
        return -1;
    _cleanup_free_ char *shown = given ? xstrdup(given) : xasprintf("%s%s", made + strlen("./"), ending(mime));
    domain_result(c, dom);
    json_object_set_new(c->result, "file", json_text(shown));
    json_object_set_new(c->result, "mime", json_text(mime));
    return 0;
}

const struct cmd_def cmd_screenshot = {
    .name = "screenshot",
    .group = "Domains",
    .summary = "take a screenshot of a current domain console and store it into a file",
    .help =
        "The file is written here, on the admin's machine; without a name it is called after the domain and the time.",
    .example = "screenshot share\nscreenshot share /var/tmp/share.ppm",
    .opts = opts,
    .flags = CMD_CONN | CMD_READS,
    .view = {VIEW_NONE, .message = "Screenshot saved to {file}, with type of {mime}"},
    .run = run};
