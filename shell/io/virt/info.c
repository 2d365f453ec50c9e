// SPDX-License-Identifier: GPL-3.0-or-later
// A domain's basic facts, marks and addresses. Job threads. See virt/info.h.
#include "io/virt/info.h"

#include <math.h>
#include <stdlib.h>

#include "base/json.h"
#include "io/virt/agent.h"
#include "io/virt/priv.h"

_Static_assert((int)VIRT_ADDR_LEASE == VIR_DOMAIN_INTERFACE_ADDRESSES_SRC_LEASE &&
                   (int)VIRT_ADDR_AGENT == VIR_DOMAIN_INTERFACE_ADDRESSES_SRC_AGENT &&
                   (int)VIRT_ADDR_ARP == VIR_DOMAIN_INTERFACE_ADDRESSES_SRC_ARP,
               "our sources are libvirt's");

static int yes_no(int r, struct err *e)
{
    return r < 0 ? virt_fail(e, NULL) : r > 0;
}

int virt_dom_is_persistent(struct virt_dom *d, struct err *e)
{
    return yes_no(VIRT(virDomainIsPersistent(d->ptr)), e);
}

int virt_dom_is_active(struct virt_dom *d, struct err *e)
{
    return yes_no(VIRT(virDomainIsActive(d->ptr)), e);
}

int virt_dom_has_managed_save(struct virt_dom *d, struct err *e)
{
    return yes_no(VIRT(virDomainHasManagedSaveImage(d->ptr, 0)), e);
}

int virt_dom_autostart(struct virt_dom *d, struct err *e)
{
    int on;
    return VIRT(virDomainGetAutostart(d->ptr, &on)) < 0 ? virt_fail(e, NULL) : on != 0;
}

int virt_dom_set_autostart(struct virt_dom *d, bool on, struct err *e)
{
    return VIRT(virDomainSetAutostart(d->ptr, on)) < 0 ? virt_fail(e, NULL) : 0;
}

// A question that some drivers cannot answer is no failure of dominfo.
static void add_mark(json_t *v, const char *key, int r, struct err *e)
{
    json_object_set_new(v, key, r < 0 ? json_null() : json_boolean(r));
    err_release(e);
}

static void add_security(struct virt_dom *d, json_t *v)
{
    virSecurityModel model = {0};
    if (VIRT(virNodeGetSecurityModel(d->conn->ptr, &model)) < 0 || !model.model[0])
        return;
    json_object_set_new(v, "security_model", json_text(model.model));
    json_object_set_new(v, "security_doi", json_text(model.doi));
    virSecurityLabel *label = xnew(virSecurityLabel); // four kilobytes
    if (VIRT(virDomainGetSecurityLabel(d->ptr, label)) == 0 && label->label[0]) {
        char *text = xasprintf("%s (%s)", label->label, label->enforcing ? "enforcing" : "permissive");
        json_object_set_new(v, "security_label", json_text(text));
        free(text);
    }
    free(label);
}

int virt_dom_messages(struct virt_dom *d, json_t **ret, struct err *e)
{
    char **messages = NULL;
    int n = VIRT(virDomainGetMessages(d->ptr, &messages, 0));
    if (n < 0)
        return virt_fail(e, NULL);
    *ret = json_array();
    for (int i = 0; i < n; i++) {
        json_array_append_new(*ret, json_text(messages[i]));
        free(messages[i]);
    }
    free(messages);
    return 0;
}

static void add_messages(struct virt_dom *d, json_t *v)
{
    _cleanup_err_ struct err ignored = ERR_INIT;
    json_auto_t *list = NULL;
    if (virt_dom_messages(d, &list, &ignored) == 0 && json_array_size(list) > 0)
        json_object_set(v, "messages", list);
}

int virt_dom_info(struct virt_dom *d, json_t **ret, struct err *e)
{
    virDomainInfo info;
    const char *state, *reason;
    if (VIRT(virDomainGetInfo(d->ptr, &info)) < 0)
        return virt_fail(e, NULL);
    if (virt_dom_state(d, &state, &reason, e) < 0)
        return -1;
    char *os = VIRT(virDomainGetOSType(d->ptr));
    int id = virt_dom_id(d);
    json_t *v = json_object();
    json_object_set_new(v, "id", id < 0 ? json_null() : json_integer(id));
    json_object_set_new(v, "name", json_text(virt_dom_name(d)));
    json_object_set_new(v, "uuid", json_text(d->uuid));
    json_object_set_new(v, "os_type", json_text(os));
    json_object_set_new(v, "state", json_text(state));
    json_object_set_new(v, "reason", json_text(reason));
    json_object_set_new(v, "cpus", json_integer(info.nrVirtCpu));
    json_object_set_new(v, "cpu_time_s", json_real(floor((double)info.cpuTime / 1e8) / 10));
    json_object_set_new(v, "max_memory_kib", json_integer((json_int_t)info.maxMem));
    json_object_set_new(v, "memory_kib", json_integer((json_int_t)info.memory));
    _cleanup_err_ struct err ignored = ERR_INIT;
    add_mark(v, "persistent", virt_dom_is_persistent(d, &ignored), &ignored);
    add_mark(v, "autostart", virt_dom_autostart(d, &ignored), &ignored);
    add_mark(v, "managed_save", virt_dom_has_managed_save(d, &ignored), &ignored);
    add_security(d, v);
    add_messages(d, v);
    free(os);
    *ret = v;
    return 0;
}

static json_t *interface_value(const virDomainInterface *iface)
{
    json_t *list = json_array();
    for (unsigned i = 0; i < iface->naddrs; i++) {
        const virDomainIPAddress *a = &iface->addrs[i];
        json_t *addr = json_object();
        json_object_set_new(addr, "protocol", json_text(a->type == VIR_IP_ADDR_TYPE_IPV6 ? "ipv6" : "ipv4"));
        json_object_set_new(addr, "address", json_text(a->addr));
        json_object_set_new(addr, "prefix", json_integer(a->prefix));
        json_array_append_new(list, addr);
    }
    json_t *v = json_object();
    json_object_set_new(v, "name", json_text(iface->name));
    json_object_set_new(v, "mac", json_text(iface->hwaddr));
    json_object_set_new(v, "addresses", list);
    return v;
}

int virt_dom_addresses(struct virt_dom *d, enum virt_addr_source source, json_t **ret, struct err *e)
{
    virDomainInterfacePtr *ifaces = NULL;
    struct err ignored = ERR_INIT;
    bool bounded = source == VIRT_ADDR_AGENT && virt_agent_timeout(d, VIRT_AGENT_PATIENCE_S, &ignored) == 0;
    int n = VIRT(virDomainInterfaceAddresses(d->ptr, &ifaces, source, 0));
    if (n < 0)
        virt_fail(e, NULL);
    if (bounded)
        virt_agent_timeout(d, VIRT_AGENT_NO_LIMIT, &ignored);
    err_release(&ignored);
    if (n < 0)
        return -1;
    *ret = json_array();
    for (int i = 0; i < n; i++) {
        json_array_append_new(*ret, interface_value(ifaces[i]));
        virDomainInterfaceFree(ifaces[i]);
    }
    free(ifaces);
    return 0;
}
