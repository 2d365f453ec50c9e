// SPDX-License-Identifier: GPL-3.0-or-later
// Shared by the commands that start, stop and change a domain. Job threads. See power.h.
#include "cmd/domain/power.h"

#include <string.h>

#include "base/buf.h"
#include "base/json.h"
#include "core/console/out.h"
#include "core/guest/mark.h"
#include "core/guest/seen.h"
#include "io/virt/dom.h"
#include "io/virt/lifecycle.h"
#include "io/virt/xml.h"

void domain_result(struct cmd_call *c, const struct virt_dom *dom)
{
    c->result = json_object();
    json_object_set_new(c->result, "name", json_text(virt_dom_name(dom)));
    json_object_set_new(c->result, "uuid", json_text(virt_dom_uuid(dom)));
    if (c->where.node)
        json_object_set_new(c->result, "node", json_text(c->where.node->name));
}

int domain_failed(const struct virt_dom *dom, const char *verb, const char *state_hint, struct err *e)
{
    if (e->code == ERR_STATE && !e->hint && state_hint)
        err_hint(e, "%s", state_hint);
    return err_wrap(e, "failed to %s domain '%s'", verb, virt_dom_name(dom));
}

int domain_failed_off(const struct virt_dom *dom, const char *verb, const char *off_hint, struct err *e)
{
    return domain_failed(dom, verb, virt_dom_id(dom) < 0 ? off_hint : NULL, e);
}

struct copies_query domain_query(struct cmd_call *c, const char *name, const char *uuid, bool force)
{
    return (struct copies_query){.ctx = c->ctx,
                                 .job = c->job,
                                 .name = name,
                                 .uuid = uuid,
                                 .here = &c->where,
                                 .conn = c->conn,
                                 .id = -1,
                                 .force = force};
}

int domain_check_mark(struct cmd_call *c, const char *name, const char *uuid, const char *xml, bool force,
                      struct err *e)
{
    _cleanup_mark_ struct mark m = {NULL, NULL, NULL};
    const char *here = target_label(&c->where);
    int r = mark_read(xml, &m, e);
    if (r <= 0 || !m.role || strcmp(m.role, "moved") != 0)
        return r < 0 ? -1 : 0;
    const char *node = m.node ? m.node : "another host";
    if (force) {
        out_notice(OUT_WARN, "'%s' was moved to %s, and is left behind on %s", name, node, here);
        return 0;
    }
    _cleanup_buf_ struct buf seen = BUF_INIT;
    bool known = seen_tell(uuid, &seen);
    err_set(e, ERR_STATE, "domain '%s' was moved to %s, and is left behind on %s%s%s", name, node, here,
            known ? "; " : "", buf_str(&seen));
    return err_hint(e,
                    "the guest is there: %s@%s; cleanup %s tells where it really is, and makes this one the guest "
                    "again if there is no other; --force insists",
                    name, node, name);
}

int domain_check_moved(struct cmd_call *c, struct virt_dom *dom, unsigned xml_flags, bool force, struct err *e)
{
    _cleanup_free_ char *xml = NULL;
    if (virt_dom_xml(dom, xml_flags, &xml, e) < 0)
        return -1;
    return domain_check_mark(c, virt_dom_name(dom), virt_dom_uuid(dom), xml, force, e);
}

int domain_refuse_elsewhere(struct cmd_call *c, struct virt_dom *dom, bool force, struct err *e)
{
    struct copies_query q = domain_query(c, virt_dom_name(dom), virt_dom_uuid(dom), force);
    if (virt_dom_id(dom) >= 0)
        return 0;
    return domain_check_moved(c, dom, VIRT_XML_INACTIVE, force, e) < 0 || copies_refuse(&q, e) < 0 ? -1 : 0;
}

int domain_resume(struct cmd_call *c, struct virt_dom *dom, bool force, struct err *e)
{
    struct copies_query q = domain_query(c, virt_dom_name(dom), virt_dom_uuid(dom), force);
    q.id = virt_dom_id(dom);
    q.resume = true;
    if (domain_check_moved(c, dom, 0, force, e) < 0 || copies_refuse(&q, e) < 0)
        return err_wrap(e, "not resumed");
    if (virt_dom_resume(dom, e) < 0)
        return domain_failed(dom, "resume", "start boots a domain that is shut off", e);
    domain_seen(c, dom, "running");
    return 0;
}

int domain_begun(struct cmd_call *c, const char *name, const char *uuid, bool paused, struct virt_dom **ret,
                 struct err *e)
{
    if (virt_dom_lookup_uuid(c->conn, uuid, ret, e) == 0)
        return 0;
    if (e->code == ERR_UNSUPPORTED)
        e->code = ERR_FAILED;
    err_wrap(e, "'%s' was brought up on %s%s, and could not be looked up then", name, target_label(&c->where),
             paused ? ", paused" : "");
    return paused ? err_hint(e, "domstate %s shows whether it is there; resume %s lets it run", name, name)
                  : err_hint(e, "domstate %s shows what it does", name);
}

void domain_seen(const struct cmd_call *c, const struct virt_dom *dom, const char *state)
{
    if (c->where.node)
        seen_note(virt_dom_uuid(dom), c->where.node->name, state);
}

int parse_fds(const char *text, int **ret, size_t *ret_n, struct err *e)
{
    _cleanup_strv_ struct strv parts = STRV_INIT;
    strv_split(&parts, text, ',');
    int *fds = xcalloc(parts.n, sizeof(*fds));
    for (size_t i = 0; i < parts.n; i++) {
        long long fd;
        if (str_to_int(parts.s[i], 0, 1 << 20, &fd) < 0) {
            free(fds);
            return err_set(e, ERR_USAGE, "--pass-fds: '%s' is not a file descriptor", parts.s[i]);
        }
        fds[i] = (int)fd;
    }
    *ret = fds;
    *ret_n = parts.n;
    return 0;
}
