// SPDX-License-Identifier: GPL-3.0-or-later
// What comes before the first prompt. See begin.h.
#include "ui/begin.h"

#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"
#include "core/console/ctx.h"
#include "core/console/inventory.h"
#include "core/console/out.h"
#include "io/file.h"
#include "io/ssh/remote.h"

void begin_welcome(struct ctx *ctx, const struct batch_opts *opts)
{
    _cleanup_target_ struct target t = {0};
    if (!inventory_is_empty(ctx_inventory(ctx)) || ctx_current(ctx, &t) || opts->json || opts->quiet)
        return;
    out_notice(OUT_INFO, "No nodes yet: node-add NAME USER@HOST adds one, connect URI goes to a libvirt.");
    out_notice(OUT_INFO, "help first-use tells how to begin; Tab completes, help helps, quit leaves.");
}

char *begin_line(void)
{
    _cleanup_free_ char *path = file_xdg("CONFIG", "init");
    _cleanup_buf_ struct buf line = BUF_INIT;
    if (!path || access(path, F_OK) < 0)
        return NULL;
    remote_quote_words(&line, (const char *const[]){"source", path}, 2);
    return buf_steal(&line);
}
