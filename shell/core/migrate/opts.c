// SPDX-License-Identifier: GPL-3.0-or-later
// From given options to libvirt's flags and parameters. Any thread; touches nothing but the files named by options.
// See migrate/opts.h.
#include "core/migrate/opts.h"

#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "base/strv.h"
#include "io/file.h"

enum { XML_MAX = 16 << 20 };

enum kind { FLAG, STRING, NUMBER, BIG, LIST, FILE_, SWITCH, SECONDS };
#define KIND_FLAG FLAG
#define KIND_STRING STRING
#define KIND_NUMBER NUMBER
#define KIND_BIG BIG
#define KIND_LIST LIST
#define KIND_FILE FILE_
#define KIND_SWITCH SWITCH
#define KIND_SECONDS SECONDS

static const struct {
    const char *name;
    enum kind kind;
    int target;
    const char *target_name; // ours: libvirt's begins with VIR, too, and goes on alike
} rows[MIGRATE_OPT_COUNT] = {
#define ROW(id, name, kind, target, ...) [MIGRATE_OPT_##id] = {name, KIND_##kind, target, #target},
    MIGRATE_OPTS(ROW)
#undef ROW
};

// What virsh checks before it touches anything, where a value decides; the rest is in the rows.
static int check(const struct migrate_value *v, struct err *e)
{
    bool timed = v[MIGRATE_OPT_TIMEOUT].given && v[MIGRATE_OPT_TIMEOUT].i > 0;
    if (timed && !v[MIGRATE_OPT_LIVE].given)
        return err_set(e, ERR_USAGE, "--timeout is for a live migration: add --live");
    if (!timed && (v[MIGRATE_OPT_TIMEOUT_SUSPEND].given || v[MIGRATE_OPT_TIMEOUT_POSTCOPY].given))
        return err_set(e, ERR_USAGE, "--timeout-suspend and --timeout-postcopy need --timeout");
    return 0;
}

static void add_list(struct virt_params *params, int which, const char *text)
{
    _cleanup_strv_ struct strv parts = STRV_INIT;
    strv_split(&parts, text, ',');
    for (size_t i = 0; i < parts.n; i++)
        virt_params_add_string(params, (enum virt_migrate_param)which, parts.s[i]);
}

static int add_file(struct virt_params *params, int which, const char *path, struct err *e)
{
    _cleanup_free_ char *text = NULL;
    if (file_read_text(path, XML_MAX, &text, e) < 0)
        return -1;
    virt_params_add_string(params, (enum virt_migrate_param)which, text);
    return 0;
}

static int add_row(size_t i, const struct migrate_value *v, struct migrate_plan *p, struct err *e)
{
    int target = rows[i].target;
    switch (rows[i].kind) {
    case FLAG:
        p->flags |= (unsigned)target;
        return 0;
    case STRING:
        if (!*v->s)
            return err_set(e, ERR_USAGE, "--%s is empty", rows[i].name);
        virt_params_add_string(p->params, (enum virt_migrate_param)target, v->s);
        return 0;
    case NUMBER:
    case BIG:
        virt_params_add_number(p->params, (enum virt_migrate_param)target, (unsigned long long)v->i);
        return 0;
    case LIST:
        add_list(p->params, target, v->s);
        return 0;
    case FILE_:
        return add_file(p->params, target, v->s, e);
    case SWITCH:
    case SECONDS:
        return 0;
    }
    return 0;
}

int migrate_plan_make(const struct migrate_value *values, struct migrate_plan *ret, struct err *e)
{
    if (check(values, e) < 0)
        return -1;
    struct migrate_plan p = {.params = virt_params_new(),
                             .direct = values[MIGRATE_OPT_DIRECT].given,
                             .verbose = values[MIGRATE_OPT_VERBOSE].given,
                             .after_precopy = values[MIGRATE_OPT_AFTER_PRECOPY].given,
                             .only_tell = values[MIGRATE_OPT_PLAN].given,
                             .unchecked = values[MIGRATE_OPT_COPY_UNCHECKED].given};
    for (size_t i = 0; i < MIGRATE_OPT_COUNT; i++) {
        if (values[i].given && add_row(i, &values[i], &p, e) < 0) {
            migrate_plan_release(&p);
            return -1;
        }
    }
    if (values[MIGRATE_OPT_TIMEOUT].given && values[MIGRATE_OPT_TIMEOUT].i > 0) {
        p.timeout_ms = (double)values[MIGRATE_OPT_TIMEOUT].i * 1e3;
        p.on_timeout = values[MIGRATE_OPT_TIMEOUT_POSTCOPY].given ? MIGRATE_TIMEOUT_POSTCOPY : MIGRATE_TIMEOUT_SUSPEND;
    }
    *ret = p;
    return 0;
}

void migrate_plan_release(struct migrate_plan *p)
{
    virt_params_free(p->params);
    p->params = NULL;
}

json_t *migrate_plan_json(const struct migrate_plan *p)
{
    json_t *flags = json_array();
    for (size_t i = 0; i < MIGRATE_OPT_COUNT; i++) {
        if (rows[i].kind != FLAG || !(p->flags & (unsigned)rows[i].target))
            continue;
        _cleanup_free_ char *name = xasprintf("VIR%s", rows[i].target_name + strlen("VIRT"));
        json_array_append_new(flags, json_text(name));
    }
    return json_pack("{s:o, s:o}", "flags", flags, "params", virt_migrate_params_json(p->params));
}
