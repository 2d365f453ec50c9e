// SPDX-License-Identifier: GPL-3.0-or-later
// Commands of this machine. See here.h.
#include "core/console/here.h"

#include "core/console/out.h"
#include "io/job.h"
#include "io/local.h"

static void ask_screen(void *data)
{
    *(struct out_screen *)data = out_screen();
}

int here_run(struct job *job, const char *line, bool quietly, struct remote_result *result, bool *ret_shown,
             struct err *e)
{
    struct remote_exec spec = {.command = line};
    struct out_screen screen;
    _cleanup_err_ struct err no = ERR_INIT;
    job_call_main(ask_screen, &screen);
    *ret_shown = !quietly && screen.columns > 0 && out_lend(false, &no) == 0;
    if (!*ret_shown)
        return local_exec(job, &spec, result, e);
    int r = local_on_terminal(job, line, (const char *const[]){NULL}, -1, &result->status, e);
    out_take_back();
    return r;
}
