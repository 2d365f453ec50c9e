// SPDX-License-Identifier: GPL-3.0-or-later
// A host's memory: nodememstats, node-memory-tune, freecell, freepages, allocpages.
#include <string.h>

#include "base/buf.h"
#include "base/json.h"
#include "base/mem.h"
#include "cmd/commands.h"
#include "cmd/objects.h"
#include "cmd/tune/tune.h"
#include "io/virt/host.h"
#include "io/virt/numa.h"
#include "io/virt/xml.h"
#include "io/xml.h"

// ---- nodememstats

static const struct opt_def stats_opts[] = {
    {"cell", OPT_INT, OPTF_POS, "statistics of this NUMA cell only", .min = -1, .max = 0x7fffffff}, {NULL}};

static void render_stats(const json_t *value, struct buf *out)
{
    const char *key;
    json_t *v;
    json_object_foreach((json_t *)value, key, v)
    {
        if (!str_ends(key, "_kib"))
            continue;
        _cleanup_free_ char *name = xstrndup(key, strlen(key) - strlen("_kib"));
        buf_addf(out, "%-7s: %20lld KiB\n", name, json_integer_value(v));
    }
}

static int run_stats(struct cmd_call *c, struct err *e)
{
    return virt_node_memory_stats(c->conn, c->vals[0].given ? (int)c->vals[0].i : -1, &c->result, e);
}

const struct cmd_def cmd_nodememstats = {.name = "nodememstats",
                                         .group = "Hosts",
                                         .summary = "print memory stats of the node",
                                         .example = "nodememstats\nnodememstats --cell 0",
                                         .opts = stats_opts,
                                         .flags = CMD_CONN,
                                         .view = {VIEW_CUSTOM, .render = render_stats},
                                         .run = run_stats};

// ---- node-memory-tune

enum { TO_SCAN, SLEEP, ACROSS };

static const struct opt_def tune_opts[] = {
    [TO_SCAN] = {"shm-pages-to-scan", OPT_INT, OPTF_POS,
                 "number of pages to scan before the shared memory service goes to sleep", .min = 1, .max = 0xffffffff},
    [SLEEP] = {"shm-sleep-millisecs", OPT_INT, OPTF_POS,
               "number of millisecs the shared memory service should sleep before next scan", .min = 0,
               .max = 0xffffffff},
    [ACROSS] = {"shm-merge-across-nodes", OPT_INT, OPTF_POS, "whether pages of different NUMA nodes are merged: 0 or 1",
                .min = 0, .max = 1},
    {NULL},
};

static void render_tune(const json_t *value, struct buf *out)
{
    const char *name;
    json_t *v;
    buf_adds(out, "Shared memory:\n");
    json_object_foreach((json_t *)value, name, v)
    {
        if (json_is_number(v))
            buf_addf(out, "\t%-15s %lld\n", name, json_integer_value(v));
    }
}

static int run_tune(struct cmd_call *c, struct err *e)
{
    static const struct view nothing = {VIEW_NONE};
    _cleanup_strv_ struct strv settings = STRV_INIT;
    tune_settings(c, TO_SCAN, ACROSS, "", &settings);
    if (!settings.n)
        return virt_node_memory_params(c->conn, &c->result, e) < 0
                   ? err_wrap(e, "failed to get the host's memory parameters")
                   : 0;
    if (virt_node_set_memory_params(c->conn, &settings, e) < 0)
        return err_wrap(e, "failed to set the host's memory parameters");
    c->result = json_object();
    c->view = &nothing;
    return 0;
}

const struct cmd_def cmd_node_memory_tune = {
    .name = "node-memory-tune",
    .group = "Hosts",
    .summary = "get or set node memory parameters",
    .help = "How the host's kernel looks for equal pages of its guests, and merges them (KSM).",
    .example = "node-memory-tune\nnode-memory-tune --shm-pages-to-scan 200 --shm-sleep-millisecs 50",
    .opts = tune_opts,
    .flags = CMD_CONN,
    .view = {VIEW_CUSTOM, .render = render_tune},
    .run = run_tune};

// ---- cells

// The numbers of the host's NUMA cells, and the sizes of its pages in KiB, in its capabilities' order.
struct topology {
    long long *cells, *pages;
    size_t n_cells, n_pages;
};

static void topology_release(struct topology *t)
{
    free(t->cells);
    free(t->pages);
}

static long long *numbers(struct xml_doc *doc, const char *xpath, size_t *ret_n)
{
    size_t n;
    _cleanup_free_ struct xml_node **found = xml_nodes(doc, NULL, xpath, &n);
    long long *list = xcalloc(n + 1, sizeof(*list));
    *ret_n = 0;
    for (size_t i = 0; i < n; i++) {
        _cleanup_free_ char *text = xml_node_text(found[i]);
        if (text && str_to_int(text, 0, 0x7fffffff, &list[*ret_n]) == 0)
            ++*ret_n;
    }
    return list;
}

static int read_topology(struct cmd_call *c, struct topology *t, struct err *e)
{
    _cleanup_(xml_free_p) struct xml_doc *doc = NULL;
    _cleanup_free_ char *xml = NULL;
    if (virt_capabilities(c->conn, &xml, e) < 0 || xml_parse(xml, &doc, e) < 0)
        return err_wrap(e, "failed to get the host's topology");
    t->cells = numbers(doc, "/capabilities/host/topology/cells/cell/@id", &t->n_cells);
    t->pages = numbers(doc, "/capabilities/host/cpu/pages/@size", &t->n_pages);
    if (t->n_cells)
        return 0;
    return err_set(e, ERR_UNSUPPORTED, "the host tells of no NUMA cells");
}

// The usual ones.
static void complete_page(struct ctx *ctx, const char *prefix, struct strv *out)
{
    (void)ctx;
    (void)prefix;
    strv_add(out, "4KiB");
    strv_add(out, "2MiB");
    strv_add(out, "1GiB");
}

enum { CELLNO, ALL_CELLS };

#define CELLNO_ROW                                                                                                     \
    {                                                                                                                  \
        "cellno", OPT_INT, OPTF_POS, "NUMA cell number", .min = 0, .max = 0x7fffffff                                   \
    }
#define PAGESIZE_ROW(flags)                                                                                            \
    {                                                                                                                  \
        "pagesize", OPT_SIZE, OPTF_POS | (flags), "page size, as scaled integer (default KiB)",                        \
            .unit_bytes = 1024, .complete = complete_page                                                              \
    }

// ---- freecell

static const struct opt_def cell_opts[] = {
    [CELLNO] = CELLNO_ROW,
    [ALL_CELLS] = {"all", OPT_BOOL, 0, "show free memory for all NUMA cells", .excludes = "cellno"},
    {NULL},
};

static void render_cells(const json_t *value, struct buf *out)
{
    const json_t *cells = json_object_get(value, "cells");
    long long total = json_integer_value(json_object_get(value, "free_kib"));
    size_t i;
    json_t *v;
    json_array_foreach((json_t *)cells, i, v)
        buf_addf(out, "%5lld: %10lld KiB\n", json_integer_value(json_object_get(v, "id")),
                 json_integer_value(json_object_get(v, "free_kib")));
    if (cells)
        buf_addf(out, "--------------------\n%5s: %10lld KiB\n", "Total", total);
    else if (json_object_get(value, "id"))
        buf_addf(out, "%lld: %lld KiB\n", json_integer_value(json_object_get(value, "id")), total);
    else
        buf_addf(out, "Total: %lld KiB\n", total);
}

static int all_cells(struct cmd_call *c, struct err *e)
{
    _cleanup_(topology_release) struct topology t = {.n_cells = 0};
    json_auto_t *cells = json_array();
    unsigned long long total = 0, bytes;
    if (read_topology(c, &t, e) < 0)
        return -1;
    for (size_t i = 0; i < t.n_cells; i++) {
        if (virt_cell_free(c->conn, (int)t.cells[i], &bytes, e) < 0)
            return err_wrap(e, "failed to get the free memory of NUMA cell %lld", t.cells[i]);
        json_array_append_new(
            cells, json_pack("{s:I, s:I}", "id", (json_int_t)t.cells[i], "free_kib", (json_int_t)(bytes / 1024)));
        total += bytes / 1024;
    }
    c->result = json_pack("{s:O, s:I}", "cells", cells, "free_kib", (json_int_t)total);
    return 0;
}

static int run_cell(struct cmd_call *c, struct err *e)
{
    unsigned long long bytes;
    json_t *kib;
    if (c->vals[ALL_CELLS].b)
        return all_cells(c, e);
    if (c->vals[CELLNO].given) {
        if (virt_cell_free(c->conn, (int)c->vals[CELLNO].i, &bytes, e) < 0)
            return -1;
        c->result =
            json_pack("{s:I, s:I}", "id", (json_int_t)c->vals[CELLNO].i, "free_kib", (json_int_t)(bytes / 1024));
        return 0;
    }
    if (virt_node_free(c->conn, &kib, e) < 0)
        return -1;
    c->result = json_pack("{s:o}", "free_kib", kib);
    return 0;
}

const struct cmd_def cmd_freecell = {.name = "freecell",
                                     .group = "Hosts",
                                     .summary = "NUMA free memory",
                                     .help = "Of the host, of one of its cells, or of each.",
                                     .example = "freecell\nfreecell --all\nfreecell 0",
                                     .opts = cell_opts,
                                     .flags = CMD_CONN,
                                     .view = {VIEW_CUSTOM, .render = render_cells},
                                     .run = run_cell};

// ---- freepages

enum { PAGESIZE = 1, ALL_PAGES };

static const struct opt_def pages_opts[] = {
    [CELLNO] = CELLNO_ROW,
    [PAGESIZE] = PAGESIZE_ROW(0),
    [ALL_PAGES] = {"all", OPT_BOOL, 0, "show free pages for all NUMA cells", .excludes = "cellno"},
    {NULL},
};

static void add_pages(const json_t *pages, struct buf *out)
{
    size_t i;
    json_t *v;
    json_array_foreach((json_t *)pages, i, v)
        buf_addf(out, "%lldKiB: %lld\n", json_integer_value(json_object_get(v, "size_kib")),
                 json_integer_value(json_object_get(v, "free")));
}

static void render_pages(const json_t *value, struct buf *out)
{
    size_t i;
    json_t *cell;
    json_array_foreach((json_t *)value, i, cell)
    {
        buf_addf(out, "Node %lld:\n", json_integer_value(json_object_get(cell, "cell")));
        add_pages(json_object_get(cell, "pages"), out);
        buf_addc(out, '\n');
    }
}

static void render_one_cell(const json_t *value, struct buf *out)
{
    add_pages(json_object_get(json_array_get(value, 0), "pages"), out);
}

static int add_cell(struct cmd_call *c, int cell, const unsigned *sizes, size_t n, json_t *all, struct err *e)
{
    json_t *pages;
    if (virt_free_pages(c->conn, cell, sizes, (unsigned)n, &pages, e) < 0)
        return err_wrap(e, "failed to get the free pages of NUMA cell %d", cell);
    json_array_append_new(all, json_pack("{s:i, s:o}", "cell", cell, "pages", pages));
    return 0;
}

static int all_pages(struct cmd_call *c, json_t *all, struct err *e)
{
    _cleanup_(topology_release) struct topology t = {.n_cells = 0};
    if (read_topology(c, &t, e) < 0)
        return -1;
    bool one = c->vals[PAGESIZE].given;
    size_t n = one ? 1 : t.n_pages;
    _cleanup_free_ unsigned *sizes = xcalloc(n + 1, sizeof(*sizes));
    for (size_t i = 0; i < n; i++)
        sizes[i] = one ? (unsigned)(c->vals[PAGESIZE].bytes / 1024) : (unsigned)t.pages[i];
    if (!n)
        return err_set(e, ERR_UNSUPPORTED, "the host tells no sizes of pages: --pagesize");
    for (size_t i = 0; i < t.n_cells; i++) {
        if (add_cell(c, (int)t.cells[i], sizes, n, all, e) < 0)
            return -1;
    }
    return 0;
}

static int run_pages(struct cmd_call *c, struct err *e)
{
    static const struct view one = {VIEW_CUSTOM, .render = render_one_cell};
    json_auto_t *all = json_array();
    unsigned size = (unsigned)(c->vals[PAGESIZE].bytes / 1024);
    if (!c->vals[ALL_PAGES].b && (!c->vals[CELLNO].given || !c->vals[PAGESIZE].given))
        return err_set(e, ERR_USAGE, "--all, or --cellno and --pagesize are needed");
    if (c->vals[ALL_PAGES].b ? all_pages(c, all, e) < 0 : add_cell(c, (int)c->vals[CELLNO].i, &size, 1, all, e) < 0)
        return -1;
    if (!c->vals[ALL_PAGES].b)
        c->view = &one;
    c->result = steal(&all);
    return 0;
}

const struct cmd_def cmd_freepages = {.name = "freepages",
                                      .group = "Hosts",
                                      .summary = "NUMA free pages",
                                      .example = "freepages --all\nfreepages --cellno 0 --pagesize 2MiB",
                                      .opts = pages_opts,
                                      .flags = CMD_CONN,
                                      .view = {VIEW_CUSTOM, .render = render_pages},
                                      .run = run_pages};

// ---- allocpages

enum { SIZE, COUNT, ALLOC_CELL, ADD, ALLOC_ALL };

static const struct opt_def alloc_opts[] = {
    [SIZE] = PAGESIZE_ROW(OPTF_REQ),
    [COUNT] = {"pagecount", OPT_INT, OPTF_POS | OPTF_REQ, "page count", .min = 0, .max = 0x7fffffffffffLL},
    [ALLOC_CELL] = CELLNO_ROW,
    [ADD] = {"add", OPT_BOOL, 0, "instead of setting new pool size add pages to it"},
    [ALLOC_ALL] = {"all", OPT_BOOL, 0, "set on all NUMA cells", .excludes = "cellno"},
    {NULL},
};

static int run_alloc(struct cmd_call *c, struct err *e)
{
    _cleanup_(topology_release) struct topology t = {.n_cells = 0};
    const struct opt_val *v = c->vals;
    bool all = v[ALLOC_ALL].b;
    if (all && read_topology(c, &t, e) < 0)
        return -1;
    int cell = all ? 0 : v[ALLOC_CELL].given ? (int)v[ALLOC_CELL].i : -1;
    if (virt_alloc_pages(c->conn, (unsigned)(v[SIZE].bytes / 1024), (unsigned long long)v[COUNT].i, cell,
                         all ? (unsigned)t.n_cells : 1, v[ADD].b, e) < 0)
        return err_wrap(e, "failed to change the pool of pages");
    c->result = json_object();
    object_add_node(c);
    return 0;
}

const struct cmd_def cmd_allocpages = {.name = "allocpages",
                                       .group = "Hosts",
                                       .summary = "manipulate pages pool size",
                                       .help = "Of huge pages, which a guest's <hugepages> takes from the host's pool.",
                                       .example = "allocpages 2MiB 512\nallocpages 2MiB 64 --cellno 0 --add",
                                       .opts = alloc_opts,
                                       .flags = CMD_CONN,
                                       .view = {VIEW_NONE},
                                       .run = run_alloc};
