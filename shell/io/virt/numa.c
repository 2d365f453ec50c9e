// SPDX-License-Identifier: GPL-3.0-or-later
// A host's memory. Job threads. See virt/numa.h.
#include "io/virt/numa.h"

#include "base/json.h"
#include "io/virt/params_priv.h"
#include "io/virt/priv.h"

int virt_cell_free(struct virt_conn *c, int cell, unsigned long long *ret_bytes, struct err *e)
{
    unsigned long long bytes;
    int n = VIRT(virNodeGetCellsFreeMemory(c->ptr, &bytes, cell, 1));
    if (n < 0)
        return virt_fail(e, NULL);
    if (n == 0)
        return err_set(e, ERR_NOT_FOUND, "there is no NUMA cell %d", cell);
    *ret_bytes = bytes;
    return 0;
}

int virt_node_memory_stats(struct virt_conn *c, int cell, json_t **ret, struct err *e)
{
    int n = 0;
    if (cell < 0)
        cell = VIR_NODE_MEMORY_STATS_ALL_CELLS;
    if (VIRT(virNodeGetMemoryStats(c->ptr, cell, NULL, &n, 0)) < 0)
        return virt_fail(e, NULL);
    _cleanup_free_ virNodeMemoryStatsPtr list = xcalloc((size_t)n + 1, sizeof(*list));
    if (VIRT(virNodeGetMemoryStats(c->ptr, cell, list, &n, 0)) < 0)
        return virt_fail(e, NULL);
    *ret = json_object();
    for (int i = 0; i < n; i++) {
        _cleanup_free_ char *key = xasprintf("%s_kib", list[i].field);
        json_object_set_new(*ret, key, json_integer((json_int_t)list[i].value));
    }
    return 0;
}

int virt_free_pages(struct virt_conn *c, int cell, const unsigned *sizes_kib, unsigned n, json_t **ret, struct err *e)
{
    _cleanup_free_ unsigned long long *counts = xcalloc(n + 1, sizeof(*counts));
    if (VIRT(virNodeGetFreePages(c->ptr, n, (unsigned *)sizes_kib, cell, 1, counts, 0)) < 0)
        return virt_fail(e, NULL);
    *ret = json_array();
    for (unsigned i = 0; i < n; i++)
        json_array_append_new(
            *ret, json_pack("{s:I, s:I}", "size_kib", (json_int_t)sizes_kib[i], "free", (json_int_t)counts[i]));
    return 0;
}

int virt_alloc_pages(struct virt_conn *c, unsigned size_kib, unsigned long long count, int cell, unsigned cells,
                     bool add, struct err *e)
{
    unsigned flags = add ? VIR_NODE_ALLOC_PAGES_ADD : VIR_NODE_ALLOC_PAGES_SET;
    int r = VIRT(virNodeAllocPages(c->ptr, 1, &size_kib, &count, cell < 0 ? -1 : cell, cells, flags));
    return r < 0 ? virt_fail(e, NULL) : 0;
}

static int get(struct virt_conn *c, virTypedParameterPtr *ret, int *ret_n, struct err *e)
{
    int n = 0;
    if (VIRT(virNodeGetMemoryParameters(c->ptr, NULL, &n, 0)) < 0)
        return virt_fail(e, NULL);
    virTypedParameterPtr list = xcalloc((size_t)n + 1, sizeof(*list));
    if (n && VIRT(virNodeGetMemoryParameters(c->ptr, list, &n, 0)) < 0) {
        free(list);
        return virt_fail(e, NULL);
    }
    *ret = list;
    *ret_n = n;
    return 0;
}

int virt_node_memory_params(struct virt_conn *c, json_t **ret, struct err *e)
{
    virTypedParameterPtr list = NULL;
    int n = 0;
    if (get(c, &list, &n, e) < 0)
        return -1;
    *ret = virt_params_json(list, n);
    virTypedParamsFree(list, n);
    return 0;
}

int virt_node_set_memory_params(struct virt_conn *c, const struct strv *settings, struct err *e)
{
    virTypedParameterPtr known = NULL, list = NULL;
    int n = 0, count = 0;
    if (get(c, &known, &n, e) < 0)
        return -1;
    int r = virt_params_parse(known, n, NULL, settings, &list, &count, e);
    if (r == 0 && VIRT(virNodeSetMemoryParameters(c->ptr, list, count, 0)) < 0)
        r = virt_fail(e, NULL);
    virTypedParamsFree(known, n);
    virTypedParamsFree(list, count);
    return r;
}
