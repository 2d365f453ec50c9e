// SPDX-License-Identifier: GPL-3.0-or-later
// A pool from single values: defined (persistent, not started), or created (transient, running).
#include "base/json.h"
#include "base/mem.h"
#include "cmd/commands.h"
#include "cmd/objects.h"
#include "cmd/pool/storage.h"
#include "core/storage/storage_xml.h"
#include "io/virt/pool.h"

enum {
    NAME,
    TYPE,
    PRINT_XML,
    SOURCE_HOST,
    SOURCE_PATH,
    SOURCE_DEV,
    SOURCE_NAME,
    TARGET,
    SOURCE_FORMAT,
    AUTH_TYPE,
    AUTH_USERNAME,
    SECRET_USAGE,
    SECRET_UUID,
    ADAPTER_NAME,
    ADAPTER_WWNN,
    ADAPTER_WWPN,
    ADAPTER_PARENT,
    ADAPTER_PARENT_WWNN,
    ADAPTER_PARENT_WWPN,
    ADAPTER_PARENT_FABRIC_WWN,
    SOURCE_PROTOCOL_VER,
    SOURCE_INITIATOR
};

// By position as virsh takes them: NAME TYPE HOST PATH DEV NAME TARGET FORMAT …; "-" has been typed for those left out
// for so long that scripts do it: libvirt ignores what a type has no use for.
#define AS_OPTS                                                                                                        \
    [NAME] = {"name", OPT_STRING, OPTF_POS | OPTF_REQ, "name of the pool"},                                            \
    [TYPE] = {"type", OPT_STRING, OPTF_POS | OPTF_REQ, "type of the pool", .complete = storage_complete_type},         \
    [PRINT_XML] = {"print-xml", OPT_BOOL, 0, "print XML document, but don't define/create"},                           \
    [SOURCE_HOST] = {"source-host", OPT_STRING, OPTF_POS, "source host for underlying storage"},                       \
    [SOURCE_PATH] = {"source-path", OPT_STRING, OPTF_POS, "source path for underlying storage"},                       \
    [SOURCE_DEV] = {"source-dev", OPT_STRING, OPTF_POS, "source device for underlying storage"},                       \
    [SOURCE_NAME] = {"source-name", OPT_STRING, OPTF_POS, "source name for underlying storage"},                       \
    [TARGET] = {"target", OPT_STRING, OPTF_POS, "target for underlying storage"},                                      \
    [SOURCE_FORMAT] = {"source-format", OPT_STRING, OPTF_POS, "format for underlying storage"},                        \
    [AUTH_TYPE] = {"auth-type", OPT_STRING, OPTF_POS, "auth type to be used for underlying storage",                   \
                   .needs = "auth-username"},                                                                          \
    [AUTH_USERNAME] = {"auth-username", OPT_STRING, OPTF_POS, "auth username to be used for underlying storage",       \
                       .needs = "auth-type"},                                                                          \
    [SECRET_USAGE] = {"secret-usage", OPT_STRING, OPTF_POS, "auth secret usage to be used for underlying storage",     \
                      .needs = "auth-type"},                                                                           \
    [SECRET_UUID] = {"secret-uuid",                                                                                    \
                     OPT_STRING,                                                                                       \
                     OPTF_POS,                                                                                         \
                     "auth secret uuid to be used for underlying storage",                                             \
                     .needs = "auth-type",                                                                             \
                     .excludes = "secret-usage"},                                                                      \
    [ADAPTER_NAME] = {"adapter-name", OPT_STRING, OPTF_POS, "adapter name to be used for underlying storage",          \
                      .excludes = "adapter-wwnn|adapter-wwpn"},                                                        \
    [ADAPTER_WWNN] = {"adapter-wwnn", OPT_STRING, OPTF_POS, "adapter wwnn to be used for underlying storage",          \
                      .needs = "adapter-wwpn"},                                                                        \
    [ADAPTER_WWPN] = {"adapter-wwpn", OPT_STRING, OPTF_POS, "adapter wwpn to be used for underlying storage",          \
                      .needs = "adapter-wwnn"},                                                                        \
    [ADAPTER_PARENT] = {"adapter-parent", OPT_STRING, OPTF_POS,                                                        \
                        "adapter parent scsi_hostN for underlying vHBA storage", .needs = "adapter-wwnn"},             \
    [ADAPTER_PARENT_WWNN] = {"adapter-parent-wwnn", OPT_STRING, OPTF_POS, "its wwnn", .needs = "adapter-wwnn"},        \
    [ADAPTER_PARENT_WWPN] = {"adapter-parent-wwpn", OPT_STRING, OPTF_POS, "its wwpn", .needs = "adapter-wwnn"},        \
    [ADAPTER_PARENT_FABRIC_WWN] = {"adapter-parent-fabric-wwn", OPT_STRING, OPTF_POS, "its fabric wwn",                \
                                   .needs = "adapter-wwnn"},                                                           \
    [SOURCE_PROTOCOL_VER] = {"source-protocol-ver", OPT_STRING, OPTF_POS, "nfsvers value for NFS pool mount option"},  \
    [SOURCE_INITIATOR] = {"source-initiator", OPT_STRING, OPTF_POS, "initiator iqn for underlying storage"}

static const struct opt_def define_opts[] = {AS_OPTS, {NULL}};
static const struct opt_def create_opts[] = {AS_OPTS, STORAGE_BUILD_ROWS, {NULL}};

static char *make_xml(const struct cmd_call *c)
{
    const struct opt_val *v = c->vals;
    return storage_pool_xml(&(struct pool_spec){
        .name = v[NAME].s,
        .type = v[TYPE].s,
        .source_host = v[SOURCE_HOST].s,
        .source_path = v[SOURCE_PATH].s,
        .source_dev = v[SOURCE_DEV].s,
        .source_name = v[SOURCE_NAME].s,
        .source_format = v[SOURCE_FORMAT].s,
        .source_initiator = v[SOURCE_INITIATOR].s,
        .source_protocol_ver = v[SOURCE_PROTOCOL_VER].s,
        .auth_type = v[AUTH_TYPE].s,
        .auth_username = v[AUTH_USERNAME].s,
        .secret_usage = v[SECRET_USAGE].s,
        .secret_uuid = v[SECRET_UUID].s,
        .adapter_name = v[ADAPTER_NAME].s,
        .adapter_wwnn = v[ADAPTER_WWNN].s,
        .adapter_wwpn = v[ADAPTER_WWPN].s,
        .adapter_parent = v[ADAPTER_PARENT].s,
        .adapter_parent_wwnn = v[ADAPTER_PARENT_WWNN].s,
        .adapter_parent_wwpn = v[ADAPTER_PARENT_WWPN].s,
        .adapter_parent_fabric_wwn = v[ADAPTER_PARENT_FABRIC_WWN].s,
        .target = v[TARGET].s,
    });
}

static int run(struct cmd_call *c, bool create, struct err *e)
{
    _cleanup_free_ char *xml = make_xml(c);
    _cleanup_(virt_pool_free_p) struct virt_pool *pool = NULL;
    if (c->vals[PRINT_XML].b)
        return object_print_xml(c, xml);
    if ((create ? virt_pool_create(c->conn, xml, cmd_bits(c), &pool, e)
                : virt_pool_define(c->conn, xml, false, &pool, e)) < 0)
        return err_wrap(e, "failed to %s pool %s", create ? "create" : "define", c->vals[NAME].s);
    storage_pool_result(c, pool);
    return 0;
}

static int run_define(struct cmd_call *c, struct err *e)
{
    return run(c, false, e);
}

static int run_create(struct cmd_call *c, struct err *e)
{
    return run(c, true, e);
}

const struct cmd_def cmd_pool_create_as = {.name = "pool-create-as",
                                           .group = "Storage",
                                           .summary = "create a pool from a set of args",
                                           .help = "A transient pool: it is gone when it stops.",
                                           .example = "pool-create-as scratch dir --target /var/tmp/scratch --build",
                                           .opts = create_opts,
                                           .flags = CMD_CONN,
                                           .view = {VIEW_NONE, .message = "Pool {name} created"},
                                           .run = run_create};

const struct cmd_def cmd_pool_define_as = {
    .name = "pool-define-as",
    .group = "Storage",
    .summary = "define a pool from a set of args",
    .help = "Then pool-build makes its directory, pool-start starts it, pool-autostart does so at each boot.",
    .example = "pool-define-as nfspool --type netfs --source-host 192.168.1.101 --source-path /nfs "
               "--target /mykvm/nfspool/\n"
               "pool-define-as VM --type netfs --source-host 10.0.1.99 --source-path /volume1/VM "
               "--target /var/lib/libvirt/images/VM",
    .opts = define_opts,
    .flags = CMD_CONN,
    .view = {VIEW_NONE, .message = "Pool {name} defined"},
    .run = run_define};
