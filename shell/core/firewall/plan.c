// SPDX-License-Identifier: GPL-3.0-or-later
// The steps that open, close and switch off. Pure. See firewall.h.
#include <string.h>

#include "core/firewall/firewall.h"
#include "core/firewall/tools_priv.h"
#include "core/node/place.h"

static char *joined(const struct strv *v, const char *between)
{
    struct buf b = BUF_INIT;
    for (size_t i = 0; i < v->n; i++)
        buf_addf(&b, "%s%s", i ? between : "", v->s[i]);
    return buf_steal(&b);
}

static bool comes_by(const struct strv *addresses, char mark)
{
    for (size_t i = 0; i < addresses->n; i++) {
        if (strchr(addresses->s[i], mark))
            return true;
    }
    return false;
}

// Those of the node's that are in the way of these addresses. ufw keeps its rules over a boot, which is right for those
// that stay; what is to be closed again must not outlive what closes it, so it goes in front of ufw's chains.
static void choose_doors(const struct firewall *f, const struct firewall_wish *w, struct strv *ret)
{
    bool v4 = comes_by(w->addresses, '.'), v6 = comes_by(w->addresses, ':');
    for (size_t i = 0; i < f->doors.n; i++) {
        const char *door = f->doors.s[i];
        bool iptables = strcmp(door, "iptables") == 0, ip6tables = strcmp(door, "ip6tables") == 0;
        bool for_v4 = iptables || str_starts(door, "nft ip "), for_v6 = ip6tables || str_starts(door, "nft ip6 ");
        if ((for_v4 && !v4) || (for_v6 && !v6))
            continue;
        if (f->ufw && !w->seconds && (iptables || ip6tables))
            door = "ufw";
        if (!strv_has(ret, door))
            strv_add(ret, door);
    }
}

// Everything that is to have it shows that number.
static char *check_script(const char *id, const struct strv *doors)
{
    struct strv backends = STRV_INIT;
    for (size_t i = 0; i < doors->n; i++)
        strv_take(&backends, xstrndup(doors->s[i], strcspn(doors->s[i], " ")));
    strv_sort_unique(&backends);
    _cleanup_free_ char *all = joined(&backends, " ");
    strv_release(&backends);
    const char *const words[] = {id, all};
    _cleanup_free_ char *script = xasprintf("%s%s", firewall_ours, firewall_shown);
    return place_script(script, words, 2);
}

static char *close_script(const char *id)
{
    const char *const words[] = {id};
    _cleanup_free_ char *script = xasprintf("%s%sclose_all \"$1\"", firewall_ours, firewall_close);
    return place_script(script, words, 1);
}

static char *title(const struct firewall_wish *w, const char *id, const char *ports, const char *addresses)
{
    _cleanup_free_ char *end = w->seconds ? xasprintf("for %u s", w->seconds) : xstrdup("until it is closed");
    return xasprintf("ports %s open %s, for %s (migsh %s)", ports, end, addresses, id);
}

int firewall_open_plan(struct plan *p, const struct firewall *f, const struct firewall_wish *w, const char *id,
                       struct err *e)
{
    _cleanup_strv_ struct strv doors = STRV_INIT;
    if (f->refused.n)
        return err_set(e, ERR_UNSUPPORTED, "%s: its chain '%s' drops, and has a name that nft does not take back",
                       w->node->name, f->refused.s[0]);
    choose_doors(f, w, &doors);
    if (!doors.n)
        return 0;
    _cleanup_free_ char *ports = joined(w->ports, " "), *addresses = joined(w->addresses, " "),
                        *where = joined(&doors, "\n"), *seconds = xasprintf("%u", w->seconds),
                        *closing = xasprintf("%s%s", firewall_ours, firewall_close),
                        *what = title(w, id, ports, addresses);
    const char *const words[] = {id, seconds, ports, addresses, where, closing};
    _cleanup_free_ char *run = xasprintf("%s%s", closing, firewall_open);
    struct change *c = plan_add(p, w->node, CHANGE_COMMAND, what);
    c->check = check_script(id, &doors);
    c->seen = true;
    c->run = place_script(run, words, 6);
    c->undo = close_script(id);
    c->undo_always = true;
    return 0;
}

void firewall_close_plan(struct plan *p, struct node *node, const char *id)
{
    const char *const words[] = {id};
    _cleanup_free_ char *what = xasprintf("what is open as migsh %s is closed", id);
    _cleanup_free_ char *check = xasprintf("%s! ours | grep \" $1 \"", firewall_ours);
    struct change *c = plan_add(p, node, CHANGE_COMMAND, what);
    c->check = place_script(check, words, 1);
    c->seen = true;
    c->run = close_script(id);
}

int firewall_off_plan(struct plan *p, struct node *node, const struct firewall *f, struct err *e)
{
    if (!f->ufw && !(f->firewalld && f->systemctl)) {
        err_set(e, ERR_UNSUPPORTED, "%s has no firewalld or ufw that runs and could be switched off", node->name);
        return err_hint(e, "firewall-open %s --for 1h opens what is needed", node->name);
    }
    if (f->ufw) {
        struct change *c =
            plan_add(p, node, CHANGE_COMMAND, "ufw switched off: every port is open to everyone, also after a boot");
        c->check = xstrdup("case $(ufw status) in 'Status: inactive'*) ;; *) exit 1 ;; esac");
        c->run = xstrdup("ufw disable");
        c->undo = xstrdup("ufw --force enable");
    }
    if (f->firewalld && f->systemctl) {
        struct change *c = plan_add(p, node, CHANGE_COMMAND,
                                    "firewalld stopped: every port is open to everyone, and rules that were not made "
                                    "permanent are lost");
        c->check = xstrdup("! systemctl is-active -q firewalld");
        c->run = xstrdup("systemctl stop firewalld");
        c->undo = xstrdup("systemctl start firewalld");
    }
    return 0;
}

int firewall_selinux_plan(struct plan *p, struct node *node, const struct firewall *f, struct err *e)
{
    if (!f->selinux || strcmp(f->selinux, "Enforcing") != 0)
        return err_set(e, ERR_UNSUPPORTED, "%s: there is no SELinux that enforces anything (%s)", node->name,
                       f->selinux ? f->selinux : "it has no getenforce");
    struct change *c = plan_add(p, node, CHANGE_COMMAND,
                                "SELinux permissive until a boot: nothing confines guests and services any more");
    c->check = xstrdup("[ \"$(getenforce)\" != Enforcing ]");
    c->run = xstrdup("setenforce 0");
    c->undo = xstrdup("setenforce 1");
    return 0;
}
