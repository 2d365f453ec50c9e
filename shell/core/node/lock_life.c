// SPDX-License-Identifier: GPL-3.0-or-later
// A lock as an object: made, and freed by whoever lets go of it last. See node/lock_priv.h.
#include <stdatomic.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/json.h"
#include "core/node/lock_priv.h"
#include "core/node/place.h"
#include "io/job.h"

// A lock has connections of its own, as they are in use all the time; the numbers behind those of the copies.
enum { FIRST_LANE = 1000 };
static atomic_bool lanes[LOCK_LANES];

static unsigned lane_take(void)
{
    for (unsigned i = 0; i < LOCK_LANES; i++) {
        if (!atomic_exchange(&lanes[i], true))
            return FIRST_LANE + i;
    }
    return 0;
}

static int by_place(const void *a, const void *b)
{
    return strcmp(place_name(((const struct hold *)a)->node), place_name(((const struct hold *)b)->node));
}

// One for each machine; all without an ssh login are this one.
static void add_holds(struct node_lock *l, struct node *const *nodes, size_t n)
{
    l->holds = xcalloc(n + 1, sizeof(*l->holds));
    for (size_t i = 0; i < n; i++) {
        struct node *at = nodes[i]->address ? nodes[i] : NULL;
        bool there = false;
        for (size_t k = 0; k < l->n; k++)
            there = there || strcmp(place_name(l->holds[k].node), place_name(at)) == 0;
        if (!there)
            l->holds[l->n++] = (struct hold){
                .owner = l, .node = at ? node_ref(at) : NULL, .wake = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)};
    }
    qsort(l->holds, l->n, sizeof(*l->holds), by_place);
}

struct node_lock *node_lock_new(struct ctx *ctx, struct node *const *nodes, size_t n, const char *key,
                                const json_t *about)
{
    struct node_lock *l = xnew(struct node_lock);
    const char *domain = json_text_at(about, "domain");
    const char *journal = json_text_at(about, "journal");
    l->ctx = ctx;
    l->lock = lock_new();
    l->refs = 1;
    l->lane = lane_take();
    l->name = node_lock_name(key);
    l->who = node_lock_line(key, about);
    l->what = xstrdup(domain ? domain : key);
    l->journal = xstrdup(journal ? journal : "");
    add_holds(l, nodes, n);
    return l;
}

void node_lock_unref(struct node_lock *l)
{
    lock_acquire(l->lock);
    unsigned refs = --l->refs;
    lock_release(l->lock);
    if (refs)
        return;
    for (size_t i = 0; i < l->n; i++) {
        struct hold *h = &l->holds[i];
        node_unref(h->node);
        if (h->wake >= 0)
            close(h->wake);
        buf_release(&h->line);
        remote_result_release(&h->result);
        err_release(&h->err);
    }
    if (l->lane)
        atomic_store(&lanes[l->lane - FIRST_LANE], false);
    free(l->holds);
    free(l->name);
    free(l->who);
    free(l->what);
    free(l->journal);
    lock_free(l->lock);
    free(l);
}
