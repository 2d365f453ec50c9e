// SPDX-License-Identifier: GPL-3.0-or-later
// What the commands share that show and set a domain's limits, its CPUs and its memory. Job threads.
#pragma once

#include "cmd/device/device.h"
#include "cmd/engine/cmd.h"
#include "io/virt/tune.h"

struct buf;

// What is shown or set.
#define TUNE_AFFECT_ROWS [CONFIG] = AFFECT_CONFIG_ROW, [LIVE] = AFFECT_LIVE_ROW, [CURRENT] = AFFECT_CURRENT_ROW

// "PREFIXname=value" of each row from `first` to `last` that is given, with "_" for "-". OPT_SIZE in its unit.
void tune_settings(const struct cmd_call *c, int first, int last, const char *prefix, struct strv *ret);
// What is given is set, and nothing shown; without any of it what there is is the result. `noun`: "memory".
int tune_run(struct cmd_call *c, enum virt_tuning kind, const char *device, const struct strv *settings,
             const char *noun, struct err *e);
// "failed to VERB domain 'NAME': …", with a hint where the domain does not run; -1.
int tune_failed(const struct virt_dom *dom, const char *verb, struct err *e);
// The domain is the result, and nothing is shown.
int tune_done(struct cmd_call *c);
// "name           : value" lines.
void tune_render(const json_t *value, struct buf *out);
#define TUNE_VIEW                                                                                                      \
    {                                                                                                                  \
        VIEW_CUSTOM, .render = tune_render                                                                             \
    }
