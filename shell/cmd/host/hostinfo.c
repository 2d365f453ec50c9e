// SPDX-License-Identifier: GPL-3.0-or-later
// What a host says of itself: nodeinfo, hostname, uri, version, capabilities, domcapabilities.
#include "base/json.h"
#include "cmd/commands.h"
#include "cmd/host/host.h"
#include "io/virt/conn.h"
#include "io/virt/host.h"
#include "io/virt/xml.h"

static const struct view_col node_cols[] = {
    {"cpu_model", "CPU model"},
    {"cpus", "CPU(s)"},
    {"cpu_mhz", "CPU frequency", " MHz"},
    {"sockets", "CPU socket(s)"},
    {"cores", "Core(s) per socket"},
    {"threads", "Thread(s) per core"},
    {"numa_cells", "NUMA cell(s)"},
    {"memory_kib", "Memory size", " KiB"},
    {NULL},
};

static int run_nodeinfo(struct cmd_call *c, struct err *e)
{
    return virt_node_info(c->conn, &c->result, e);
}

int host_text(struct cmd_call *c, char *text)
{
    c->result = json_text(text);
    free(text);
    return 0;
}

static int run_hostname(struct cmd_call *c, struct err *e)
{
    char *name;
    return virt_conn_hostname(c->conn, &name, e) < 0 ? -1 : host_text(c, name);
}

static int run_uri(struct cmd_call *c, struct err *e)
{
    (void)e;
    c->result = json_text(virt_conn_uri(c->conn));
    return 0;
}

enum { DAEMON };
static const struct opt_def version_opts[] = {[DAEMON] = {"daemon", OPT_BOOL, 0, "report daemon version too"}, {NULL}};

static const struct view_col version_cols[] = {
    {"compiled", "Compiled against library"}, {"library", "Using library"},         {"api", "Using API"},
    {"hypervisor", "Running hypervisor"},     {"daemon", "Running against daemon"}, {NULL},
};

static int run_version(struct cmd_call *c, struct err *e)
{
    if (virt_version(c->conn, &c->result, e) < 0)
        return -1;
    if (!c->vals[DAEMON].b)
        json_object_del(c->result, "daemon");
    return 0;
}

static int run_capabilities(struct cmd_call *c, struct err *e)
{
    char *xml;
    return virt_capabilities(c->conn, &xml, e) < 0 ? -1 : host_text(c, xml);
}

static void offer(const char *const *words, struct strv *out)
{
    for (; *words; words++)
        strv_add(out, *words);
}

void host_complete_arch(struct ctx *ctx, const char *prefix, struct strv *out)
{
    static const char *const archs[] = {"aarch64", "armv7l",  "i686",  "loongarch64", "mips", "ppc64",
                                        "ppc64le", "riscv64", "s390x", "x86_64",      NULL};
    (void)ctx;
    (void)prefix;
    offer(archs, out);
}

void host_complete_virttype(struct ctx *ctx, const char *prefix, struct strv *out)
{
    static const char *const types[] = {"hvf", "kvm", "lxc", "qemu", "test", "xen", NULL};
    (void)ctx;
    (void)prefix;
    offer(types, out);
}

enum { VIRTTYPE, EMULATORBIN, ARCH, MACHINE };
static const struct opt_def domcaps_opts[] = {
    [VIRTTYPE] = VIRTTYPE_ROW,
    [EMULATORBIN] = {"emulatorbin", OPT_STRING, OPTF_POS, "path to emulator binary (/domain/devices/emulator)"},
    [ARCH] = ARCH_ROW,
    [MACHINE] = MACHINE_ROW,
    {NULL},
};

static int run_domcapabilities(struct cmd_call *c, struct err *e)
{
    char *xml;
    if (virt_domcapabilities(c->conn, c->vals[EMULATORBIN].s, c->vals[ARCH].s, c->vals[MACHINE].s, c->vals[VIRTTYPE].s,
                             &xml, e) < 0)
        return err_wrap(e, "failed to get emulator capabilities");
    return host_text(c, xml);
}

static int run_sysinfo(struct cmd_call *c, struct err *e)
{
    char *xml;
    return virt_node_sysinfo(c->conn, &xml, e) < 0 ? err_wrap(e, "failed to get sysinfo") : host_text(c, xml);
}

const struct cmd_def cmd_nodeinfo = {.name = "nodeinfo",
                                     .group = "Hosts",
                                     .summary = "node information",
                                     .example = "nodeinfo\nnodeinfo --node all",
                                     .flags = CMD_CONN | CMD_EACH,
                                     .view = {VIEW_FIELDS, node_cols, .width = 20},
                                     .run = run_nodeinfo};

const struct cmd_def cmd_hostname = {.name = "hostname",
                                     .group = "Hosts",
                                     .summary = "print the hypervisor hostname",
                                     .example = "hostname --node all",
                                     .flags = CMD_CONN | CMD_EACH,
                                     .view = {VIEW_TEXT},
                                     .run = run_hostname};

const struct cmd_def cmd_uri = {.name = "uri",
                                .group = "Hosts",
                                .summary = "print the hypervisor canonical URI",
                                .example = "uri",
                                .flags = CMD_CONN | CMD_EACH,
                                .view = {VIEW_TEXT},
                                .run = run_uri};

const struct cmd_def cmd_version = {.name = "version",
                                    .group = "Hosts",
                                    .summary = "show version of libvirt and hypervisor",
                                    .example = "version --daemon",
                                    .opts = version_opts,
                                    .flags = CMD_CONN | CMD_EACH,
                                    .view = {VIEW_FIELDS, version_cols, .width = 1},
                                    .run = run_version};

const struct cmd_def cmd_capabilities = {.name = "capabilities",
                                         .group = "Hosts",
                                         .summary = "capabilities of the hypervisor, in XML",
                                         .example = "capabilities",
                                         .flags = CMD_CONN,
                                         .view = {VIEW_TEXT},
                                         .run = run_capabilities};

const struct cmd_def cmd_domcapabilities = {.name = "domcapabilities",
                                            .group = "Hosts",
                                            .summary = "domain capabilities of an emulator, in XML",
                                            .example = "domcapabilities --virttype qemu --arch x86_64 --machine pc",
                                            .opts = domcaps_opts,
                                            .flags = CMD_CONN,
                                            .view = {VIEW_TEXT},
                                            .run = run_domcapabilities};

const struct cmd_def cmd_sysinfo = {.name = "sysinfo",
                                    .group = "Hosts",
                                    .summary = "print the hypervisor sysinfo, in XML",
                                    .help = "What the host's firmware says of it: vendor, version, serial numbers.",
                                    .example = "sysinfo",
                                    .flags = CMD_CONN,
                                    .view = {VIEW_TEXT},
                                    .run = run_sysinfo};
