// SPDX-License-Identifier: GPL-3.0-or-later
// Letting a user in: by the group that libvirt's socket or polkit's rule asks for, or by a rule for this user alone.
// See access.h.
#include <ctype.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "base/strv.h"
#include "core/access/access.h"
#include "core/access/rules.h"
#include "core/access/tools_priv.h"
#include "core/console/inventory.h"
#include "core/node/ask.h"
#include "core/node/place.h"
#include "core/node/qemu_user.h"

int access_check_user(const char *user, struct err *e)
{
    bool bad = !*user || *user == '-' || strlen(user) > 255;
    for (const char *s = user; *s && !bad; s++)
        bad = iscntrl((unsigned char)*s) || strchr(":/, \"'\\", *s);
    return bad ? err_set(e, ERR_USAGE, "'%s' cannot be the name of a user", user) : 0;
}

char *access_group(const struct facts *f)
{
    const char *v;
    unsigned mode;
    char group[64];
    size_t at = 0;
    while ((v = facts_next(f, "socket", &at))) {
        if (sscanf(v, "%*s %o %*s %63s", &mode, group) == 2 && !(mode & 2) && mode & 020 && strcmp(group, "root") != 0)
            return xstrdup(group);
    }
    static const struct strv nobody = STRV_INIT;
    _cleanup_free_ char *by = NULL;
    char *rule = NULL;
    rules_grant(f, "", &nobody, polkit_is_old(facts_get(f, "polkit")) || facts_yes(f, "pkla_reader"), &by, &rule);
    return rule;
}

char *access_rule(const char *user)
{
    // A string of JSON is one of JavaScript, too.
    json_auto_t *name = json_text(user);
    _cleanup_free_ char *quoted = json_dumps(name, JSON_ENCODE_ANY | JSON_ENSURE_ASCII);
    return xasprintf("// Written by migsh (access-grant): this user may use libvirt's system daemon.\n"
                     "polkit.addRule(function(action, subject) {\n"
                     "    if (action.id == \"org.libvirt.unix.manage\" && subject.user == %s) {\n"
                     "        return polkit.Result.YES;\n"
                     "    }\n"
                     "});\n",
                     quoted);
}

char *access_rule_path(const char *user)
{
    struct buf b = BUF_INIT;
    buf_adds(&b, "/etc/polkit-1/rules.d/49-migsh-");
    for (const char *s = user; *s; s++) {
        if (isalnum((unsigned char)*s) || strchr("._-", *s))
            buf_addc(&b, *s);
        else
            buf_addf(&b, "%%%02X", (unsigned char)*s);
    }
    buf_adds(&b, ".rules");
    return buf_steal(&b);
}

// `tools` and one call of what they define, with these words.
static char *call(const char *tools, const char *function, const char *const *words, size_t n)
{
    _cleanup_free_ char *script = xasprintf("%s\n%s \"$@\"", tools, function);
    return place_script(script, words, n);
}

// He is let in, and not by what we would do: then there is nothing to do.
static bool is_in(const struct facts *f, bool by_us)
{
    return facts_yes(f, "opened") && !by_us;
}

static int plan_group(struct plan *p, struct node *node, const char *user, const struct facts *f, struct err *e)
{
    _cleanup_free_ char *group = access_group(f);
    _cleanup_strv_ struct strv groups = STRV_INIT;
    const char *all = facts_get(f, "groups");
    strv_split(&groups, all ? all : "", ' ');
    if (is_in(f, group && strv_has(&groups, group)))
        return 0;
    if (!group) {
        err_set(e, ERR_STATE, "%s: no group lets its members use libvirt there", node->name);
        return err_hint(e, "--polkit writes a rule for %s alone", user);
    }
    const char *const words[] = {user, group};
    _cleanup_free_ char *what = xasprintf("%s in the group %s", user, group);
    struct change *c = plan_add(p, node, CHANGE_COMMAND, what);
    c->check = call(access_member, "member", words, 2);
    c->run = call(access_member, "join", words, 2);
    c->undo = call(access_member, "leave", words, 2);
    c->verify = call(access_opens, "opens", words, 1);
    return 0;
}

static int plan_rule(struct plan *p, struct node *node, const char *user, const struct facts *f, struct err *e)
{
    const char *version = facts_get(f, "polkit"), *v;
    _cleanup_free_ char *path = access_rule_path(user);
    bool ours = false;
    size_t at = 0, row;
    while ((v = facts_next(f, "rule", &at)) && !ours)
        ours = (v = fact_row(v, SIZE_MAX, &row)) && strcmp(v, path) == 0;
    if (is_in(f, ours))
        return 0;
    if (!version || polkit_is_old(version)) {
        err_set(e, ERR_UNSUPPORTED, version ? "%s: polkit %s reads no rules.d" : "%s: polkit is not installed%s",
                node->name, version ? version : "");
        return err_hint(e, "without --polkit the user is put into the group that libvirt lets in");
    }
    _cleanup_free_ char *rule = access_rule(user), *what = xasprintf("a rule of polkit for %s", user);
    struct change *c = plan_add(p, node, CHANGE_FILE, what);
    c->path = steal(&path);
    change_set_text(c, rule, strlen(rule));
    c->verify = call(access_opens, "opens_soon", &user, 1);
    return 0;
}

int access_grant_plan(struct ctx *ctx, struct job *job, struct plan *p, struct node *node, const char *user,
                      bool polkit, struct err *e)
{
    _cleanup_facts_ struct facts f = {0};
    const struct question q = {
        .tools = {qemu_user, access_daemon, access_opens, access_look}, .args = &user, .n_args = 1};
    if (node_ask(ctx, job, node, &q, &f, e) < 0)
        return -1;
    const char *uid = facts_get(&f, "uid");
    if (!uid)
        return err_set(e, ERR_NOT_FOUND, "%s: there is no user '%s'", node->name, user);
    if (strcmp(uid, "0") == 0)
        return 0; // whom libvirt always lets in
    return polkit ? plan_rule(p, node, user, &f, e) : plan_group(p, node, user, &f, e);
}
