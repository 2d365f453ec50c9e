// SPDX-License-Identifier: GPL-3.0-or-later
// What a guest's agent is asked for. Job threads. See virt/agent.h.
#include "io/virt/agent.h"

#include <libvirt/libvirt-qemu.h>

#include "base/json.h"
#include "io/virt/params_priv.h"
#include "io/virt/priv.h"

_Static_assert((int)VIRT_GUEST_INTERFACES == VIR_DOMAIN_GUEST_INFO_INTERFACES &&
                   (int)VIRT_HOSTNAME_AGENT == VIR_DOMAIN_GET_HOSTNAME_AGENT &&
                   (int)VIRT_AGENT_NO_LIMIT == VIR_DOMAIN_QEMU_AGENT_COMMAND_BLOCK,
               "our numbers are libvirt's");

int virt_agent_time(struct virt_dom *d, long long *ret_s, unsigned *ret_ns, struct err *e)
{
    long long s;
    unsigned ns;
    if (VIRT(virDomainGetTime(d->ptr, &s, &ns, 0)) < 0)
        return virt_fail(e, NULL);
    *ret_s = s;
    *ret_ns = ns;
    return 0;
}

int virt_agent_set_time(struct virt_dom *d, long long s, unsigned ns, struct err *e)
{
    return VIRT(virDomainSetTime(d->ptr, s, ns, 0)) < 0 ? virt_fail(e, NULL) : 0;
}

int virt_agent_sync_time(struct virt_dom *d, struct err *e)
{
    return VIRT(virDomainSetTime(d->ptr, 0, 0, VIR_DOMAIN_TIME_SYNC)) < 0 ? virt_fail(e, NULL) : 0;
}

int virt_agent_trim(struct virt_dom *d, const char *mountpoint, unsigned long long minimum, struct err *e)
{
    return VIRT(virDomainFSTrim(d->ptr, mountpoint, minimum, 0)) < 0 ? virt_fail(e, NULL) : 0;
}

int virt_agent_timeout(struct virt_dom *d, int seconds, struct err *e)
{
    return VIRT(virDomainAgentSetResponseTimeout(d->ptr, seconds, 0)) < 0 ? virt_fail(e, NULL) : 0;
}

static int text(char *got, char **ret, struct err *e)
{
    if (!got)
        return virt_fail(e, NULL);
    *ret = got;
    return 0;
}

int virt_agent_command(struct virt_dom *d, const char *command, int timeout_s, char **ret, struct err *e)
{
    return text(VIRT(virDomainQemuAgentCommand(d->ptr, command, timeout_s, 0)), ret, e);
}

int virt_dom_hostname(struct virt_dom *d, unsigned source, char **ret, struct err *e)
{
    return text(VIRT(virDomainGetHostname(d->ptr, source)), ret, e);
}

// Takes over the parameters.
static int params(virTypedParameterPtr list, int n, json_t **ret)
{
    *ret = virt_params_json(list, n);
    virTypedParamsFree(list, n);
    return 0;
}

int virt_guest_info(struct virt_dom *d, unsigned what, json_t **ret, struct err *e)
{
    virTypedParameterPtr list = NULL;
    int n = 0;
    return VIRT(virDomainGetGuestInfo(d->ptr, what, &list, &n, 0)) < 0 ? virt_fail(e, NULL) : params(list, n, ret);
}

int virt_guest_vcpus(struct virt_dom *d, json_t **ret, struct err *e)
{
    virTypedParameterPtr list = NULL;
    unsigned n = 0;
    return VIRT(virDomainGetGuestVcpus(d->ptr, &list, &n, 0)) < 0 ? virt_fail(e, NULL) : params(list, (int)n, ret);
}

int virt_guest_set_vcpus(struct virt_dom *d, const char *cpus, bool online, struct err *e)
{
    return VIRT(virDomainSetGuestVcpus(d->ptr, cpus, online, 0)) < 0 ? virt_fail(e, NULL) : 0;
}

int virt_guest_filesystems(struct virt_dom *d, json_t **ret, struct err *e)
{
    virDomainFSInfoPtr *list = NULL;
    int n = VIRT(virDomainGetFSInfo(d->ptr, &list, 0));
    if (n < 0)
        return virt_fail(e, NULL);
    *ret = json_array();
    for (int i = 0; i < n; i++) {
        json_t *targets = json_array();
        for (size_t k = 0; k < list[i]->ndevAlias; k++)
            json_array_append_new(targets, json_text(list[i]->devAlias[k]));
        json_array_append_new(*ret, json_pack("{s:o, s:o, s:o, s:o}", "mountpoint", json_text(list[i]->mountpoint),
                                              "name", json_text(list[i]->name), "type", json_text(list[i]->fstype),
                                              "targets", targets));
        virDomainFSInfoFree(list[i]);
    }
    free(list);
    return 0;
}

static int counted(int n, int *ret_n, struct err *e)
{
    if (n < 0)
        return virt_fail(e, NULL);
    *ret_n = n;
    return 0;
}

int virt_guest_freeze(struct virt_dom *d, const struct strv *mountpoints, int *ret_n, struct err *e)
{
    const char **all = mountpoints->n ? (const char **)mountpoints->s : NULL;
    return counted(VIRT(virDomainFSFreeze(d->ptr, all, (unsigned)mountpoints->n, 0)), ret_n, e);
}

int virt_guest_thaw(struct virt_dom *d, const struct strv *mountpoints, int *ret_n, struct err *e)
{
    const char **all = mountpoints->n ? (const char **)mountpoints->s : NULL;
    return counted(VIRT(virDomainFSThaw(d->ptr, all, (unsigned)mountpoints->n, 0)), ret_n, e);
}

int virt_guest_set_password(struct virt_dom *d, const char *user, const char *password, bool encrypted, struct err *e)
{
    unsigned flags = encrypted ? VIR_DOMAIN_PASSWORD_ENCRYPTED : 0;
    return VIRT(virDomainSetUserPassword(d->ptr, user, password, flags)) < 0 ? virt_fail(e, NULL) : 0;
}

int virt_guest_ssh_keys(struct virt_dom *d, const char *user, struct strv *ret, struct err *e)
{
    char **keys = NULL;
    int n = VIRT(virDomainAuthorizedSSHKeysGet(d->ptr, user, &keys, 0));
    if (n < 0)
        return virt_fail(e, NULL);
    for (int i = 0; i < n; i++)
        strv_take(ret, keys[i]);
    free(keys);
    return 0;
}

int virt_guest_set_ssh_keys(struct virt_dom *d, const char *user, const struct strv *keys, enum virt_ssh_keys how,
                            struct err *e)
{
    unsigned flags = how == VIRT_SSH_KEYS_APPEND   ? VIR_DOMAIN_AUTHORIZED_SSH_KEYS_SET_APPEND
                     : how == VIRT_SSH_KEYS_REMOVE ? VIR_DOMAIN_AUTHORIZED_SSH_KEYS_SET_REMOVE
                                                   : 0;
    const char **all = keys->n ? (const char **)keys->s : NULL;
    return VIRT(virDomainAuthorizedSSHKeysSet(d->ptr, user, all, (unsigned)keys->n, flags)) < 0 ? virt_fail(e, NULL)
                                                                                                : 0;
}
