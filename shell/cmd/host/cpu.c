// SPDX-License-Identifier: GPL-3.0-or-later
// CPUs of hosts, compared and brought to what they have in common: cpu-compare, cpu-baseline, the same of a hypervisor,
// cpu-models.
#include <ctype.h>
#include <string.h>

#include "base/buf.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/printable.h"
#include "cmd/commands.h"
#include "cmd/host/host.h"
#include "cmd/objects.h"
#include "cmd/rows.h"
#include "io/virt/caps.h"
#include "io/xml.h"

#define CPUS_XPATH                                                                                                     \
    "/container/cpu | /container/domain/cpu | /container/capabilities/host/cpu | "                                     \
    "/container/domainCapabilities/cpu/cpu"

// A file may hold several documents, one behind the other: together they become one.
static char *contained(const char *text)
{
    struct buf b = BUF_INIT;
    buf_adds(&b, "<container>");
    for (const char *p = text; *p;) {
        const char *end = str_starts(p, "<?xml") && (isspace((unsigned char)p[5])) ? strstr(p, "?>") : NULL;
        if (end)
            p = end + 2;
        else
            buf_addc(&b, *p++);
    }
    buf_adds(&b, "</container>");
    return buf_steal(&b);
}

static int add_cpu(struct xml_doc *doc, size_t i, struct strv *ret, struct err *e)
{
    char *xml;
    _cleanup_free_ char *xpath = xasprintf("(" CPUS_XPATH ")[%zu]", i + 1);
    if (xml_query(doc, xpath, false, &xml, e) < 0)
        return -1;
    strv_take(ret, xml);
    return 0;
}

// The CPUs that a file describes, whole or as part of a domain, of a host's capabilities or of a hypervisor's.
static int read_cpus(const char *path, struct strv *ret, struct err *e)
{
    _cleanup_(xml_free_p) struct xml_doc *doc = NULL;
    _cleanup_free_ char *text = NULL, *all = NULL;
    size_t n;
    if (object_read_file(path, &text, e) < 0)
        return -1;
    all = contained(text);
    if (xml_parse(all, &doc, e) < 0)
        return err_wrap(e, "%s", path);
    // A hypervisor's own is called a mode, and has attributes of its own.
    _cleanup_free_ struct xml_node **modes =
        xml_nodes(doc, NULL, "/container/domainCapabilities/cpu/mode[@name='host-model' and @supported='yes']", &n);
    for (size_t i = 0; i < n; i++)
        xml_node_rename(modes[i], "cpu");
    _cleanup_free_ struct xml_node **cpus = xml_nodes(doc, NULL, CPUS_XPATH, &n);
    if (!n)
        return err_set(e, ERR_USAGE,
                       "%s contains no <cpu>, nor a domain, a host's capabilities or a domain's capabilities with one",
                       path);
    xml_remove(doc, "/container/domainCapabilities/cpu/cpu/@name | /container/domainCapabilities/cpu/cpu/@supported");
    for (size_t i = 0; i < n; i++) {
        if (add_cpu(doc, i, ret, e) < 0)
            return -1;
    }
    return 0;
}

// ---- cpu-compare, hypervisor-cpu-compare

enum { FILE_ROW_, VIRTTYPE, EMULATOR, ARCH, MACHINE, ERROR, VALIDATE };
enum { HOST_ERROR = 1, HOST_VALIDATE };

#define ERROR_ROW                                                                                                      \
    {                                                                                                                  \
        "error", OPT_BOOL, 0, "report error if CPUs are incompatible"                                                  \
    }
static const struct opt_def compare_opts[] = {
    [FILE_ROW_] = FILE_ROW("file containing an XML CPU description"),
    [HOST_ERROR] = ERROR_ROW,
    [HOST_VALIDATE] = VALIDATE_ROW(0),
    {NULL},
};
static const struct opt_def hv_compare_opts[] = {
    [FILE_ROW_] = FILE_ROW("file containing an XML CPU description"),
    HYPERVISOR_ROWS,
    [ERROR] = ERROR_ROW,
    [VALIDATE] = VALIDATE_ROW(0),
    {NULL},
};

static int incompatible(struct cmd_call *c, const char *path, const char *why, struct err *e)
{
    if (cmd_val(c, "error")->b && why) {
        json_decref(steal(&c->result));
        return err_set(e, ERR_VERDICT, "%s", why);
    }
    return err_set(e, ERR_VERDICT, "the CPU of %s does not fit%s%s", path, why ? ": " : "", why ? why : "");
}

static int compare(struct cmd_call *c, bool host, struct err *e)
{
    const struct opt_val *v = c->vals;
    const char *path = v[FILE_ROW_].s, *result;
    _cleanup_free_ char *why = NULL;
    _cleanup_strv_ struct strv cpus = STRV_INIT;
    bool validate = cmd_val(c, "validate")->b;
    if (read_cpus(path, &cpus, e) < 0)
        return -1;
    int r = host ? virt_host_cpu_compare(c->conn, cpus.s[0], validate, &result, &why, e)
                 : virt_cpu_compare(c->conn, v[EMULATOR].s, v[ARCH].s, v[MACHINE].s, v[VIRTTYPE].s, cpus.s[0], validate,
                                    &result, &why, e);
    if (r < 0)
        return err_wrap(e, "failed to compare the CPU of %s", path);
    c->result = json_pack("{s:o, s:o}", "file", json_text(path), "result", json_text(result));
    if (why)
        json_object_set_new(c->result, "error", json_text(why));
    object_add_node(c);
    return strcmp(result, "incompatible") == 0 ? incompatible(c, path, why, e) : 0;
}

static int run_compare(struct cmd_call *c, struct err *e)
{
    return compare(c, true, e);
}

static int run_hv_compare(struct cmd_call *c, struct err *e)
{
    return compare(c, false, e);
}

static void render(const json_t *value, const char *ours, const char *capital, struct buf *out)
{
    const char *file = json_text_at(value, "file"), *result = json_text_at(value, "result");
    _cleanup_free_ char *line =
        strcmp(result, "superset") == 0    ? xasprintf("%s is a superset of CPU described in %s", capital, file)
        : strcmp(result, "identical") == 0 ? xasprintf("CPU described in %s is identical to %s", file, ours)
                                           : xasprintf("CPU described in %s is incompatible with %s", file, ours);
    buf_add_line(out, line);
    buf_addc(out, '\n');
}

static void render_host(const json_t *value, struct buf *out)
{
    render(value, "host CPU", "Host CPU", out);
}

static void render_hv(const json_t *value, struct buf *out)
{
    render(value, "the CPU provided by hypervisor on the host", "The CPU provided by hypervisor on the host", out);
}

#define FILE_HELP                                                                                                      \
    "The file has a <cpu>, or what contains one: a domain (dumpxml), a host's capabilities (capabilities) or a\n"      \
    "hypervisor's (domcapabilities), also several of them, one behind the other."

const struct cmd_def cmd_cpu_compare = {
    .name = "cpu-compare",
    .group = "Hosts",
    .summary = "compare host CPU with a CPU described by an XML file",
    .help = FILE_HELP
    "\nWhether a guest with that CPU runs, hypervisor-cpu-compare tells, as that is not the host's alone.",
    .example = "cpu-compare cpu.xml\ncpu-compare caps.xml --error",
    .opts = compare_opts,
    .flags = CMD_CONN,
    .view = {VIEW_CUSTOM, .render = render_host},
    .run = run_compare};

const struct cmd_def cmd_hypervisor_cpu_compare = {
    .name = "hypervisor-cpu-compare",
    .group = "Hosts",
    .summary = "compare a CPU with the CPU created by a hypervisor on the host",
    .help = FILE_HELP,
    .example = "hypervisor-cpu-compare share.xml\nhypervisor-cpu-compare cpu.xml --virttype kvm --error",
    .opts = hv_compare_opts,
    .flags = CMD_CONN,
    .view = {VIEW_CUSTOM, .render = render_hv},
    .run = run_hv_compare};

// ---- cpu-baseline, hypervisor-cpu-baseline

enum { FEATURES = ERROR, MIGRATABLE, MODEL };
enum { HOST_FEATURES = 1, HOST_MIGRATABLE };

#define FEATURES_ROW                                                                                                   \
    {                                                                                                                  \
        "features", OPT_BOOL, 0, "show features that are part of the CPU model type", .bits = VIRT_BASELINE_FEATURES   \
    }
#define MIGRATABLE_ROW                                                                                                 \
    {                                                                                                                  \
        "migratable", OPT_BOOL, 0, "do not include features that block migration", .bits = VIRT_BASELINE_MIGRATABLE    \
    }
static const struct opt_def baseline_opts[] = {
    [FILE_ROW_] = FILE_ROW("file containing XML CPU descriptions"),
    [HOST_FEATURES] = FEATURES_ROW,
    [HOST_MIGRATABLE] = MIGRATABLE_ROW,
    {NULL},
};
static const struct opt_def hv_baseline_opts[] = {
    [FILE_ROW_] = {"file", OPT_PATH, OPTF_POS, "file containing XML CPU descriptions", .excludes = "model"},
    HYPERVISOR_ROWS,
    [FEATURES] = FEATURES_ROW,
    [MIGRATABLE] = MIGRATABLE_ROW,
    [MODEL] = {"model", OPT_STRING, OPTF_POS, "a single CPU model and no additional features, instead of a file"},
    {NULL},
};

static char *model_xml(const char *model)
{
    struct buf b = BUF_INIT;
    buf_adds(&b, "<cpu><model>");
    xml_escape(&b, model);
    buf_adds(&b, "</model></cpu>");
    return buf_steal(&b);
}

static int baseline(struct cmd_call *c, bool host, struct err *e)
{
    const struct opt_val *v = c->vals, *model = cmd_val(c, "model");
    char *xml;
    _cleanup_strv_ struct strv cpus = STRV_INIT;
    if (model && model->s)
        strv_take(&cpus, model_xml(model->s));
    else if (!v[FILE_ROW_].s)
        return err_set(e, ERR_USAGE, "--file or --model is needed");
    else if (read_cpus(v[FILE_ROW_].s, &cpus, e) < 0)
        return -1;
    int r = host ? virt_host_cpu_baseline(c->conn, &cpus, cmd_bits(c), &xml, e)
                 : virt_cpu_baseline(c->conn, v[EMULATOR].s, v[ARCH].s, v[MACHINE].s, v[VIRTTYPE].s, &cpus, cmd_bits(c),
                                     &xml, e);
    return r < 0 ? err_wrap(e, "failed to find what these CPUs have in common") : host_text(c, xml);
}

static int run_baseline(struct cmd_call *c, struct err *e)
{
    return baseline(c, true, e);
}

static int run_hv_baseline(struct cmd_call *c, struct err *e)
{
    return baseline(c, false, e);
}

const struct cmd_def cmd_cpu_baseline = {.name = "cpu-baseline",
                                         .group = "Hosts",
                                         .summary = "compute baseline CPU",
                                         .help = "What the CPUs of all these hosts have in common. " FILE_HELP,
                                         .example = "cpu-baseline both.xml --migratable",
                                         .opts = baseline_opts,
                                         .flags = CMD_CONN,
                                         .view = {VIEW_TEXT},
                                         .run = run_baseline};

const struct cmd_def cmd_hypervisor_cpu_baseline = {
    .name = "hypervisor-cpu-baseline",
    .group = "Hosts",
    .summary = "compute baseline CPU usable by a specific hypervisor",
    .help = "The <cpu> for a guest that shall run on all of these hosts. " FILE_HELP,
    .example = "hypervisor-cpu-baseline both.xml --virttype kvm\nhypervisor-cpu-baseline --model Nehalem --features",
    .opts = hv_baseline_opts,
    .flags = CMD_CONN,
    .view = {VIEW_TEXT},
    .run = run_hv_baseline};

// ---- cpu-models

static const struct opt_def models_opts[] = {
    {"arch", OPT_STRING, OPTF_POS | OPTF_REQ, "architecture", .complete = host_complete_arch}, {NULL}};

static int run_models(struct cmd_call *c, struct err *e)
{
    static const struct view any = {VIEW_NONE, .message = "all CPU models are accepted"};
    _cleanup_strv_ struct strv names = STRV_INIT;
    if (virt_cpu_models(c->conn, c->vals[0].s, &names, e) < 0)
        return err_wrap(e, "failed to get CPU model names");
    c->result = json_array();
    for (size_t i = 0; i < names.n; i++)
        json_array_append_new(c->result, json_pack("{s:o}", "name", json_text(names.s[i])));
    if (!names.n)
        c->view = &any;
    return 0;
}

static const struct view_col name_cols[] = {{"name", "Name"}, {NULL}};

const struct cmd_def cmd_cpu_models = {.name = "cpu-models",
                                       .group = "Hosts",
                                       .summary = "CPU models that libvirt knows of an architecture",
                                       .example = "cpu-models x86_64",
                                       .opts = models_opts,
                                       .flags = CMD_CONN,
                                       .view = {VIEW_LINES, name_cols},
                                       .run = run_models};
