// SPDX-License-Identifier: GPL-3.0-or-later
// A host's facts. Job threads. See virt/host.h.
#include "io/virt/host.h"

#include <string.h>

#include "base/cpulist.h"
#include "base/json.h"
#include "io/virt/params_priv.h"
#include "io/virt/priv.h"

int virt_node_info(struct virt_conn *c, json_t **ret, struct err *e)
{
    virNodeInfo info;
    if (VIRT(virNodeGetInfo(c->ptr, &info)) < 0)
        return virt_fail(e, NULL);
    json_t *v = json_object();
    json_object_set_new(v, "cpu_model", json_text(info.model));
    json_object_set_new(v, "cpus", json_integer(info.cpus));
    json_object_set_new(v, "cpu_mhz", info.mhz ? json_integer(info.mhz) : json_null());
    json_object_set_new(v, "sockets", json_integer(info.sockets));
    json_object_set_new(v, "cores", json_integer(info.cores));
    json_object_set_new(v, "threads", json_integer(info.threads));
    json_object_set_new(v, "numa_cells", json_integer(info.nodes));
    json_object_set_new(v, "memory_kib", json_integer((json_int_t)info.memory));
    *ret = v;
    return 0;
}

int virt_node_free(struct virt_conn *c, json_t **ret_kib, struct err *e)
{
    unsigned long long bytes = VIRT(virNodeGetFreeMemory(c->ptr));
    if (!bytes)
        return virt_fail(e, NULL);
    *ret_kib = json_integer((json_int_t)(bytes / 1024));
    return 0;
}

// Cells are asked for by their numbers, which begin with 0.
int virt_node_cells_free(struct virt_conn *c, json_t **ret, struct err *e)
{
    virNodeInfo info;
    if (VIRT(virNodeGetInfo(c->ptr, &info)) < 0)
        return virt_fail(e, NULL);
    _cleanup_free_ unsigned long long *bytes = xcalloc(info.nodes ? info.nodes : 1, sizeof(*bytes));
    int n = VIRT(virNodeGetCellsFreeMemory(c->ptr, bytes, 0, (int)info.nodes));
    if (n < 0)
        return virt_fail(e, NULL);
    *ret = json_array();
    for (int i = 0; i < n; i++)
        json_array_append_new(*ret, json_pack("{s:i, s:I}", "id", i, "free_kib", (json_int_t)(bytes[i] / 1024)));
    return 0;
}

int virt_node_cpu_map(struct virt_conn *c, json_t **ret, struct err *e)
{
    _cleanup_free_ unsigned char *map = NULL;
    unsigned online;
    int n = VIRT(virNodeGetCPUMap(c->ptr, &map, &online, 0));
    if (n < 0)
        return virt_fail(e, NULL);
    _cleanup_free_ char *letters = cpulist_letters(map, (unsigned)n), *list = cpulist_format(map, (unsigned)n);
    *ret = json_pack("{s:i, s:i, s:o, s:o}", "present", n, "online", (int)online, "map", json_text(letters), "list",
                     json_text(list));
    return 0;
}

int virt_node_cpu_stats(struct virt_conn *c, int cpu, json_t **ret, struct err *e)
{
    int n = 0;
    if (cpu < 0)
        cpu = VIR_NODE_CPU_STATS_ALL_CPUS;
    if (VIRT(virNodeGetCPUStats(c->ptr, cpu, NULL, &n, 0)) < 0)
        return virt_fail(e, NULL);
    _cleanup_free_ virNodeCPUStatsPtr list = xcalloc((size_t)n + 1, sizeof(*list));
    if (VIRT(virNodeGetCPUStats(c->ptr, cpu, list, &n, 0)) < 0)
        return virt_fail(e, NULL);
    *ret = json_object();
    for (int i = 0; i < n; i++) {
        bool kernel = strcmp(list[i].field, VIR_NODE_CPU_STATS_KERNEL) == 0;
        json_object_set_new(*ret, kernel ? "system" : list[i].field, json_integer((json_int_t)list[i].value));
    }
    return 0;
}

int virt_node_sev(struct virt_conn *c, json_t **ret, struct err *e)
{
    virTypedParameterPtr list = NULL;
    int n = 0;
    if (VIRT(virNodeGetSEVInfo(c->ptr, &list, &n, 0)) < 0)
        return virt_fail(e, NULL);
    *ret = virt_params_json(list, n);
    virTypedParamsFree(list, n);
    return 0;
}

int virt_node_sysinfo(struct virt_conn *c, char **ret, struct err *e)
{
    char *xml = VIRT(virConnectGetSysinfo(c->ptr, 0));
    if (!xml)
        return virt_fail(e, NULL);
    *ret = xml;
    return 0;
}

static json_t *version_text(const char *type, unsigned long v)
{
    char *s = xasprintf("%s%s%lu.%lu.%lu", type, *type ? " " : "", v / 1000000, v / 1000 % 1000, v % 1000);
    json_t *value = json_text(s);
    free(s);
    return value;
}

int virt_version(struct virt_conn *c, json_t **ret, struct err *e)
{
    unsigned long here, there, hypervisor, api;
    const char *type;
    if (VIRT(virGetVersion(&here, NULL, NULL)) < 0)
        return virt_fail(e, NULL);
    if (virt_conn_version(c, &there, &hypervisor, &type, e) < 0)
        return -1;
    if (VIRT(virGetVersion(&here, type, &api)) < 0)
        return virt_fail(e, NULL);
    json_t *v = json_object();
    json_object_set_new(v, "compiled", version_text("libvirt", LIBVIR_VERSION_NUMBER));
    json_object_set_new(v, "library", version_text("libvirt", here));
    json_object_set_new(v, "api", version_text(type, api));
    json_object_set_new(v, "hypervisor", hypervisor ? version_text(type, hypervisor) : json_null());
    json_object_set_new(v, "daemon", version_text("", there));
    *ret = v;
    return 0;
}
