// SPDX-License-Identifier: GPL-3.0-or-later
// What the commands on pools and volumes share. Job threads, but for the completions (main thread).
#pragma once

#include <stdbool.h>

#include "cmd/engine/cmd.h"

struct virt_pool;
struct virt_vol;

// The pool that the value at `opt` names, on the command's connection.
int storage_pool(struct cmd_call *c, int opt, struct virt_pool **ret, struct err *e);
// The volume that `vol` names, in the pool at `pool` if that is given. NO_POOL: the command takes none.
enum { NO_POOL = -1 };
int storage_vol(struct cmd_call *c, int vol, int pool, struct virt_vol **ret, struct err *e);

#define FORCE_USED_ROW                                                                                                 \
    {                                                                                                                  \
        "force", OPT_BOOL, 0, "even if a guest or a program uses it, or that is not known"                             \
    }
// Before a file or device of the command's host, called `what` ("volume 'x'"), goes or gets other bytes: ERR_STATE, if
// anybody uses it; another error: that is not known. With `force` both are warned of. Of `q` it takes all but who asks,
// and where (core/guest/users.h). A driver whose files nobody knows is believed.
struct users_query;
int storage_refuse_used(struct cmd_call *c, const char *what, const struct users_query *q, bool force, struct err *e);
// The same of a volume; `running` as there.
int storage_refuse_used_vol(struct cmd_call *c, struct virt_vol *vol, bool running, bool force, struct err *e);

// The results {"name", "uuid", "node"?} and {"name", "key", "node"?}; what is named is remembered for completion.
void storage_pool_result(struct cmd_call *c, const struct virt_pool *pool);
void storage_vol_result(struct cmd_call *c, const struct virt_vol *vol, const struct virt_pool *pool);
// For completion: volumes by pool, since names of volumes are a pool's own. `names` NULL: only `gone` is forgotten.
void storage_remember_vols(struct cmd_call *c, const char *pool, const struct strv *names, const char *gone);

// Completion of a pool's type.
void storage_complete_type(struct ctx *ctx, const char *prefix, struct strv *out);

// How a pool is built on the way, as bits of enum virt_pool_build.
#define STORAGE_BUILD_ROWS                                                                                             \
    {"build", OPT_BOOL, 0, "build the pool as normal", .bits = VIRT_POOL_BUILD},                                       \
        {"overwrite", OPT_BOOL, 0, "overwrite any existing data", .bits = VIRT_POOL_BUILD_OVERWRITE},                  \
    {                                                                                                                  \
        "no-overwrite", OPT_BOOL, 0, "do not overwrite any existing data", .bits = VIRT_POOL_BUILD_NO_OVERWRITE,       \
                                                                           .excludes = "overwrite"                     \
    }
