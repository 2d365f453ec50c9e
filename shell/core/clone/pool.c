// SPDX-License-Identifier: GPL-3.0-or-later
// Cloning a pool, and the directory that it needs. Job threads. See clone.h.
#include "io/virt/pool.h"
#include "base/mem.h"
#include "core/clone/clone_priv.h"
#include "core/storage/storage_xml.h"
#include "io/job.h"

struct own {
    char *target;
    bool has_dir;            // of a kind whose building makes a directory and no more
    enum virt_dir_state dir; // before anything was done
    bool made_dir;           // is to be undone
};

CLONE_FUNCTIONS_OF(pool)

static int read_target(struct clone *k, struct err *e)
{
    struct own *own = k->own;
    return storage_pool_target(k->xml, &own->target, &own->has_dir, e);
}

// A new directory gets mode and owner as on the source; one that is there keeps its own.
static int definition(struct clone *k, char **ret, struct err *e)
{
    struct own *own = k->own;
    // Before the definition: two pools on one target are refused.
    own->dir = own->has_dir && own->target ? virt_pool_probe_dir(k->way->to, own->target) : VIRT_DIR_UNKNOWN;
    return own->dir == VIRT_DIR_MISSING ? 0 : storage_pool_without_permissions(k->xml, ret, e);
}

static int build(struct clone *k, struct err *e)
{
    struct own *own = k->own;
    if (virt_pool_build(k->there, VIRT_POOL_BUILD, e) < 0)
        return clone_failed(k, "build", e);
    own->made_dir = own->dir == VIRT_DIR_MISSING;
    clone_did(k, "build", "built");
    return job_check(k->job, e);
}

// Building makes the pool's directory; it is not done where there is one, because it would change that one's mode.
// Other kinds of pools are never built: that would be to format a device of the other host.
static int start(struct clone *k, struct err *e)
{
    const struct own *own = k->own;
    if (own->dir == VIRT_DIR_MISSING && own->has_dir && build(k, e) < 0)
        return -1;
    int r = virt_pool_start(k->there, 0, e);
    if (r < 0 && own->dir == VIRT_DIR_UNKNOWN && own->has_dir) {
        err_release(e);
        if (build(k, e) < 0)
            return -1;
        r = virt_pool_start(k->there, 0, e);
    }
    return r < 0 ? clone_failed(k, "start", e) : 0;
}

// Deleting removes the directory, and only if it is empty.
static bool undo_start(struct clone *k)
{
    _cleanup_err_ struct err e = ERR_INIT;
    const struct own *own = k->own;
    return !own->made_dir || clone_undone(k, "deleted", virt_pool_delete(k->there, &e), &e);
}

static const struct clone_ops ops = {.noun = "pool",
                                     .family = "pool",
                                     .essence = storage_pool_essence,
                                     CLONE_ROWS_OF(pool),
                                     .read = read_target,
                                     .definition = definition,
                                     .start = start,
                                     .undo_start = undo_start};

int clone_pool(struct virt_pool *from, const struct clone_way *way, struct job *job, json_t **ret, struct err *e)
{
    struct own own = {.target = NULL};
    struct clone k = {.ops = &ops, .from = from, .way = way, .job = job, .own = &own};
    int r = clone_run(&k, ret, e);
    free(own.target);
    return r;
}
