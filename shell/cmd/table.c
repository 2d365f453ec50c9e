// SPDX-License-Identifier: GPL-3.0-or-later
// The table of all commands, and looking one up. Main thread (recipes may be loaded). See table.h.
#include "cmd/engine/table.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "cmd/commands.h"
#include "cmd/engine/recipe.h"

// Keep alphabetized.
const struct cmd_def *const cmd_table[] = {
    &cmd_autostart,
    &cmd_break_lock,
    &cmd_capabilities,
    &cmd_checkpoint_create,
    &cmd_checkpoint_delete,
    &cmd_checkpoint_dumpxml,
    &cmd_checkpoint_list,
    &cmd_connect,
    &cmd_create,
    &cmd_define,
    &cmd_destroy,
    &cmd_disk_copy,
    &cmd_disk_rebase,
    &cmd_domblklist,
    &cmd_domcapabilities,
    &cmd_domfiles,
    &cmd_domid,
    &cmd_domifaddr,
    &cmd_domiflist,
    &cmd_dominfo,
    &cmd_domjobabort,
    &cmd_domjobinfo,
    &cmd_domname,
    &cmd_domstate,
    &cmd_domstats,
    &cmd_domuuid,
    &cmd_dumpxml,
    &cmd_event,
    &cmd_exec,
    &cmd_exit,
    &cmd_help,
    &cmd_hostname,
    &cmd_hosts_diff,
    &cmd_hosts_revert,
    &cmd_hosts_show,
    &cmd_hosts_sync,
    &cmd_journal_list,
    &cmd_journal_revert,
    &cmd_journal_show,
    &cmd_key_exchange,
    &cmd_key_revoke,
    &cmd_key_verify,
    &cmd_list,
    &cmd_managedsave,
    &cmd_managedsave_remove,
    &cmd_migrate,
    &cmd_migrate_compcache,
    &cmd_migrate_getmaxdowntime,
    &cmd_migrate_getspeed,
    &cmd_migrate_postcopy,
    &cmd_migrate_setmaxdowntime,
    &cmd_migrate_setspeed,
    &cmd_nfs_adopt,
    &cmd_nfs_export,
    &cmd_nfs_mount,
    &cmd_nfs_show,
    &cmd_nfs_test,
    &cmd_nfs_umount,
    &cmd_node_add,
    &cmd_node_hostname,
    &cmd_node_list,
    &cmd_node_remove,
    &cmd_node_show,
    &cmd_node_test,
    &cmd_nodeinfo,
    &cmd_pool_autostart,
    &cmd_pool_build,
    &cmd_pool_clone,
    &cmd_pool_create,
    &cmd_pool_create_as,
    &cmd_pool_define,
    &cmd_pool_define_as,
    &cmd_pool_delete,
    &cmd_pool_destroy,
    &cmd_pool_dumpxml,
    &cmd_pool_info,
    &cmd_pool_list,
    &cmd_pool_refresh,
    &cmd_pool_start,
    &cmd_pool_undefine,
    &cmd_quit,
    &cmd_reboot,
    &cmd_resume,
    &cmd_schedinfo,
    &cmd_self_commands,
    &cmd_self_man,
    &cmd_self_table,
    &cmd_self_test,
    &cmd_shutdown,
    &cmd_snapshot_create,
    &cmd_snapshot_create_as,
    &cmd_snapshot_current,
    &cmd_snapshot_delete,
    &cmd_snapshot_dumpxml,
    &cmd_snapshot_list,
    &cmd_snapshot_revert,
    &cmd_start_domain,
    &cmd_suspend,
    &cmd_undefine,
    &cmd_uri,
    &cmd_version,
    &cmd_vol_clone,
    &cmd_vol_copy,
    &cmd_vol_create,
    &cmd_vol_create_as,
    &cmd_vol_delete,
    &cmd_vol_download,
    &cmd_vol_dumpxml,
    &cmd_vol_info,
    &cmd_vol_list,
    &cmd_vol_path,
    &cmd_vol_resize,
    &cmd_vol_upload,
    &cmd_watch,
    &cmd_who,
};
const size_t cmd_table_n = ARRAY_SIZE(cmd_table);

static const struct cmd_def *find_builtin(const char *name)
{
    for (size_t i = 0; i < cmd_table_n; i++) {
        if (strcmp(cmd_table[i]->name, name) == 0)
            return cmd_table[i];
    }
    return NULL;
}

const struct cmd_def *cmd_find(const char *name)
{
    const struct cmd_def *def = find_builtin(name);
    return def ? def : recipe_find(name);
}

static int compare(const void *a, const void *b)
{
    return strcmp((*(const struct cmd_def *const *)a)->name, (*(const struct cmd_def *const *)b)->name);
}

const struct cmd_def **cmd_all(size_t *ret_n)
{
    size_t recipes;
    const struct cmd_def *const *list = recipe_all(&recipes);
    const struct cmd_def **all = xcalloc(cmd_table_n + recipes, sizeof(*all));
    size_t n = 0;
    for (size_t i = 0; i < cmd_table_n; i++) {
        if (!(cmd_table[i]->flags & CMD_HIDDEN))
            all[n++] = cmd_table[i];
    }
    for (size_t i = 0; i < recipes; i++) {
        if (!find_builtin(list[i]->name))
            all[n++] = list[i];
    }
    qsort(all, n, sizeof(*all), compare);
    *ret_n = n;
    return all;
}

int cmd_lookup(const char *name, bool prefix_ok, const struct cmd_def **ret, struct err *e)
{
    const struct cmd_def *exact = cmd_find(name);
    if (exact) {
        *ret = exact;
        return 0;
    }
    size_t n, hits = 0;
    _cleanup_free_ const struct cmd_def **all = cmd_all(&n);
    _cleanup_free_ const char **names = xcalloc(n, sizeof(*names));
    _cleanup_buf_ struct buf candidates = BUF_INIT;
    const struct cmd_def *only = NULL;
    for (size_t i = 0; i < n; i++) {
        names[i] = all[i]->name;
        if (str_starts(all[i]->name, name)) {
            only = all[i];
            buf_addf(&candidates, "%s%s", hits++ ? ", " : "", all[i]->name);
        }
    }
    if (prefix_ok && hits == 1) {
        *ret = only;
        return 0;
    }
    err_set(e, ERR_USAGE, "unknown command: '%s'", name);
    const char *near = str_nearest(name, names, n);
    if (hits)
        return err_hint(e, hits == 1 ? "did you mean %s?" : "could be: %s", buf_str(&candidates));
    return near ? err_hint(e, "did you mean %s?", near) : err_hint(e, "help lists the commands");
}

static void check_option(const struct cmd_def *def, const struct opt_def *o, bool *positional_optional,
                         struct strv *faults)
{
    if (!o->help || !*o->help)
        strv_take(faults, xasprintf("%s --%s: no help", def->name, o->name));
    if (o->type == OPT_ENUM && !o->choices)
        strv_take(faults, xasprintf("%s --%s: an enum without choices", def->name, o->name));
    if (o->type == OPT_BOOL && (o->flags & (OPTF_POS | OPTF_REQ)))
        strv_take(faults, xasprintf("%s --%s: a switch is neither positional nor required", def->name, o->name));
    if ((o->flags & OPTF_POS) && (o->flags & OPTF_REQ) && *positional_optional)
        strv_take(faults, xasprintf("%s --%s: required behind an optional positional", def->name, o->name));
    if ((o->flags & OPTF_POS) && !(o->flags & OPTF_REQ))
        *positional_optional = true;
    if (o->type == OPT_DOMAIN && !(def->flags & CMD_CONN))
        strv_take(faults, xasprintf("%s --%s: a domain needs CMD_CONN", def->name, o->name));
}

void cmd_table_check(struct strv *faults)
{
    for (size_t i = 0; i < cmd_table_n; i++) {
        const struct cmd_def *def = cmd_table[i];
        if (i && strcmp(cmd_table[i - 1]->name, def->name) >= 0)
            strv_take(faults, xasprintf("%s: the table is not sorted here", def->name));
        if (!def->summary || !def->group || !def->example)
            strv_take(faults, xasprintf("%s: summary, group or example missing", def->name));
        if (!def->run)
            strv_take(faults, xasprintf("%s: nothing to run", def->name));
        bool positional_optional = false;
        for (const struct opt_def *o = def->opts; o && o->name; o++)
            check_option(def, o, &positional_optional, faults);
    }
}
