// SPDX-License-Identifier: GPL-3.0-or-later
// Start a defined domain, or a transient one from a local file (create).
#include <string.h>

#include "base/json.h"
#include "cmd/commands.h"
#include "cmd/domain/power.h"
#include "cmd/objects.h"
#include "cmd/rows.h"
#include "cmd/save/file.h"
#include "cmd/screen/serial.h"
#include "core/console/out.h"
#include "core/guest/fence.h"
#include "core/guest/files.h"
#include "core/guest/seen.h"
#include "core/guest/serial.h"
#include "io/virt/info.h"
#include "io/virt/lifecycle.h"
#include "io/virt/save.h"
#include "io/virt/xml.h"
#include "io/xml.h"

enum {
    SUBJECT,
    CONSOLE,
    PAUSED,
    AUTODESTROY,
    PASS_FDS,
    RESET_NVRAM,
    FORCE,
    BYPASS_CACHE,
    FORCE_BOOT,
    VALIDATE = BYPASS_CACHE
};

#define COMMON_OPTS                                                                                                    \
    [CONSOLE] = CONSOLE_ROW,                                                                                           \
    [PAUSED] = {"paused", OPT_BOOL, 0, "leave the guest paused after creation", .bits = VIRT_START_PAUSED},            \
    [AUTODESTROY] = {"autodestroy", OPT_BOOL, 0, "automatically destroy the guest when migsh ends",                    \
                     .bits = VIRT_START_AUTODESTROY},                                                                  \
    [PASS_FDS] = {"pass-fds", OPT_STRING, OPTF_POS, "pass file descriptors N,M,... to the guest"},                     \
    [RESET_NVRAM] = {"reset-nvram", OPT_BOOL, 0, "re-initialize NVRAM from its pristine template",                     \
                     .bits = VIRT_START_RESET_NVRAM},                                                                  \
    [FORCE] = FORCE_ROW

static const struct opt_def start_opts[] = {
    [SUBJECT] = {"domain", OPT_DOMAIN, OPTF_POS | OPTF_REQ, "name of the inactive domain"},
    COMMON_OPTS,
    [BYPASS_CACHE] = {"bypass-cache", OPT_BOOL, 0, "avoid file system cache when loading",
                      .bits = VIRT_START_BYPASS_CACHE},
    [FORCE_BOOT] = {"force-boot", OPT_BOOL, 0, "force fresh boot by discarding any managed save",
                    .bits = VIRT_START_FORCE_BOOT},
    {NULL},
};

static const struct opt_def create_opts[] = {
    [SUBJECT] = {"file", OPT_PATH, OPTF_POS | OPTF_REQ, "file containing an XML domain description"},
    COMMON_OPTS,
    [VALIDATE] = VALIDATE_ROW(VIRT_START_VALIDATE),
    {NULL},
};

// What brings the domain up; `xml` only for create.
struct begin {
    struct cmd_call *c;
    const char *xml;
    unsigned flags;
    int *fds;
    size_t n_fds;
    bool failed; // libvirt's doing, not ours
};

static unsigned begin_flags(const struct begin *b, bool paused)
{
    return (b->flags & ~(unsigned)VIRT_START_PAUSED) | (paused ? VIRT_START_PAUSED : 0);
}

static int begin_start(void *data, bool paused, struct virt_dom **ret, struct err *e)
{
    struct begin *b = data;
    struct virt_dom *dom = b->c->vals[SUBJECT].dom;
    b->failed = virt_dom_start(dom, begin_flags(b, paused), b->fds, b->n_fds, e) < 0;
    if (b->failed)
        return domain_failed(dom, "start", "domstate shows what it is doing", e);
    *ret = virt_dom_ref(dom);
    return 0;
}

static int begin_create(void *data, bool paused, struct virt_dom **ret, struct err *e)
{
    struct begin *b = data;
    b->failed = virt_dom_create(b->c->conn, b->xml, begin_flags(b, paused), b->fds, b->n_fds, ret, e) < 0;
    return b->failed ? err_wrap(e, "failed to create domain from %s", b->c->vals[SUBJECT].s) : 0;
}

static int hint_save(struct err *e)
{
    return err_hint(
        e, "--force-boot boots it from its disks and discards the saved state; --force resumes from it anyway");
}

static int refuse_old_save(const struct cmd_call *c, const char *why, struct err *e)
{
    if (c->vals[FORCE].b) {
        out_notice(OUT_WARN, "%s", why);
        return 0;
    }
    save_refuse(why, e);
    return hint_save(e);
}

// What the start would go on from.
static int look_at_save(struct cmd_call *c, struct fence *f, struct err *e)
{
    struct virt_dom *dom = c->vals[SUBJECT].dom;
    _cleanup_saved_ struct saved s = {.was_running = true};
    _cleanup_free_ char *why = NULL;
    int has = c->vals[FORCE_BOOT].b ? 0 : virt_dom_has_managed_save(dom, e);
    if (has < 0 && e->code == ERR_UNSUPPORTED)
        err_release(e);
    else if (has < 0)
        return -1;
    f->saved = has > 0;
    if (!f->saved || !guest_is_system(virt_conn_uri(c->conn)))
        return 0;
    if (c->vals[AUTODESTROY].b) {
        err_set(e, ERR_UNSAFE, "--autodestroy would destroy the saved state of '%s' too", virt_dom_name(dom));
        return err_hint(e, "--force-boot discards it and boots");
    }
    if (save_look(c, &(struct save_of){virt_dom_name(dom), dom, NULL, NULL}, c->vals[FORCE].b, &s, &why, e) < 0)
        return e->code == ERR_CANCELLED ? -1 : hint_save(e);
    if (why && refuse_old_save(c, why, e) < 0)
        return -1;
    f->stay_paused = f->stay_paused || !s.was_running;
    f->save_flags =
        (s.was_running ? VIRT_SAVE_RUNNING : VIRT_SAVE_PAUSED) | (c->vals[BYPASS_CACHE].b ? VIRT_SAVE_BYPASS_CACHE : 0);
    return 0;
}

static int go_on(struct cmd_call *c, struct virt_dom *dom, struct err *e)
{
    if (virt_dom_resume(dom, e) < 0)
        return -1;
    domain_seen(c, dom, "running");
    return 0;
}

// With --console it was brought up paused: it goes on when the console shows all that it prints, or cannot be shown.
static int started(struct cmd_call *c, struct virt_dom *dom, bool stays_paused, struct err *e)
{
    const struct serial_opts o = {.opened = stays_paused ? NULL : go_on};
    domain_result(c, dom);
    domain_seen(c, dom, stays_paused || c->vals[CONSOLE].b ? "paused" : "running");
    if (!c->vals[CONSOLE].b)
        return 0;
    static const struct view told = {VIEW_NONE};
    out_notice(OUT_INFO, "Domain '%s' started", virt_dom_name(dom));
    c->view = &told;
    if (serial_attach(c, dom, &o, e) == 0)
        return 0;
    _cleanup_err_ struct err why = ERR_INIT;
    const char *state = NULL;
    if (stays_paused || virt_dom_state(dom, &state, NULL, &why) < 0 || strcmp(state, "paused") != 0 ||
        go_on(c, dom, &why) == 0)
        return err_wrap(e, "'%s' is started", virt_dom_name(dom));
    err_wrap(e, "'%s' is started, but paused (%s)", virt_dom_name(dom), why.msg);
    return err_hint(e, "resume %s lets it run", virt_dom_name(dom));
}

static int run_start(struct cmd_call *c, struct err *e)
{
    struct virt_dom *dom = c->vals[SUBJECT].dom;
    _cleanup_free_ int *fds = NULL;
    _cleanup_(virt_dom_free_p) struct virt_dom *begun = NULL;
    bool force = c->vals[FORCE].b;
    struct begin b = {.c = c};
    struct fence f = {.q = domain_query(c, virt_dom_name(dom), virt_dom_uuid(dom), force),
                      .begin = begin_start,
                      .data = &b,
                      .stay_paused = c->vals[PAUSED].b};
    if ((c->vals[CONSOLE].b && serial_possible(e) < 0) ||
        (c->vals[PASS_FDS].s && parse_fds(c->vals[PASS_FDS].s, &fds, &b.n_fds, e) < 0))
        return -1;
    // Asked first, as virsh does: drivers word it in different ways.
    if (virt_dom_id(dom) >= 0) {
        err_set(e, ERR_STATE, "domain '%s' is already active", virt_dom_name(dom));
        return err_hint(e, "reboot restarts the guest, resume continues one that is paused");
    }
    b.fds = fds;
    b.flags = cmd_bits(c);
    if (domain_check_moved(c, dom, VIRT_XML_INACTIVE, force, e) < 0 || look_at_save(c, &f, e) < 0)
        return err_wrap(e, "not started");
    bool stays_paused = f.stay_paused;
    f.stay_paused = stays_paused || c->vals[CONSOLE].b;
    if (fence_begin(&f, &begun, e) < 0)
        return b.failed ? -1 : err_wrap(e, "not started");
    return started(c, begun, stays_paused, e);
}

// The guest that the file describes was not moved away from here, neither by the file nor by the definition that is
// here.
static int check_created(struct cmd_call *c, const char *xml, const char *name, const char *uuid, struct err *e)
{
    bool force = c->vals[FORCE].b;
    _cleanup_(virt_dom_free_p) struct virt_dom *there = NULL;
    if (domain_check_mark(c, name, uuid, xml, force, e) < 0)
        return -1;
    if (virt_dom_lookup_uuid(c->conn, uuid, &there, e) == 0)
        return domain_check_moved(c, there, VIRT_XML_INACTIVE, force, e);
    if (e->code != ERR_NOT_FOUND)
        return -1;
    err_release(e);
    return 0;
}

// A description without a UUID is of a new guest: nobody can have it. One that cannot be read is libvirt's to refuse.
static int create(struct begin *b, struct virt_dom **ret, struct err *e)
{
    struct cmd_call *c = b->c;
    _cleanup_err_ struct err ignored = ERR_INIT;
    _cleanup_(xml_free_p) struct xml_doc *doc = NULL;
    bool paused = c->vals[PAUSED].b || c->vals[CONSOLE].b;
    if (xml_parse(b->xml, &doc, &ignored) < 0)
        return begin_create(b, paused, ret, e);
    _cleanup_free_ char *uuid = xml_string(doc, NULL, "normalize-space(/domain/uuid)");
    _cleanup_free_ char *name = xml_string(doc, NULL, "string(/domain/name)");
    if (!uuid)
        return begin_create(b, paused, ret, e);
    struct fence f = {.q = domain_query(c, name ? name : uuid, uuid, c->vals[FORCE].b),
                      .begin = begin_create,
                      .data = b,
                      .stay_paused = paused};
    return check_created(c, b->xml, f.q.name, uuid, e) < 0 ? -1 : fence_begin(&f, ret, e);
}

static int run_create(struct cmd_call *c, struct err *e)
{
    const char *path = c->vals[SUBJECT].s;
    _cleanup_free_ char *xml = NULL;
    _cleanup_free_ int *fds = NULL;
    _cleanup_(virt_dom_free_p) struct virt_dom *dom = NULL;
    struct begin b = {.c = c, .flags = cmd_bits(c)};
    if ((c->vals[CONSOLE].b && serial_possible(e) < 0) ||
        (c->vals[PASS_FDS].s && parse_fds(c->vals[PASS_FDS].s, &fds, &b.n_fds, e) < 0))
        return -1;
    if (object_read_file(path, &xml, e) < 0)
        return -1;
    b.fds = fds;
    b.xml = xml;
    if (create(&b, &dom, e) < 0)
        return b.failed ? -1 : err_wrap(e, "not created from %s", path);
    int r = started(c, dom, c->vals[PAUSED].b, e);
    json_object_set_new(c->result, "file", json_text(path));
    return r;
}

// Not cmd_start: that is the function of the dispatcher.
const struct cmd_def cmd_start_domain = {
    .name = "start",
    .group = "Domains",
    .summary = "start a (previously defined) inactive domain",
    .help =
        "From its managed save where there is one, else by a fresh boot. A guest never runs twice: refused while "
        "another\n"
        "hypervisor of the inventory has it (by its UUID) active, or does not answer within 5 s; where it was last "
        "seen\n"
        "is told. Refused, too, where a migration has left the definition behind (cleanup NAME tells where the guest "
        "is),\n"
        "and where a disk was written to after the managed save, or nobody can tell. --force insists, but never "
        "beside\n"
        "an active copy.\n"
        "\n"
        "Where there are other hypervisors it is brought up paused, they are asked again, and only then it runs: of\n"
        "consoles that start it on several hosts at the same moment one succeeds, and the others take theirs back (to "
        "a\n"
        "managed save, where they had gone on from one). A console that is killed in between leaves the guest paused:\n"
        "list shows it so, resume lets it run.\n"
        "\n"
        "--console shows the guest's console from its first line on, until Ctrl-] (help console).",
    .example = "start share\nstart share --console\nstart share --paused\nstart share@source --force",
    .opts = start_opts,
    .flags = CMD_CONN,
    .view = {VIEW_NONE, .message = "Domain '{name}' started"},
    .run = run_start};

const struct cmd_def cmd_create = {
    .name = "create",
    .group = "Domains",
    .summary = "create a domain from an XML file",
    .help =
        "A transient domain: it is gone when it stops. The file is read here, on the admin's machine. Where it\n"
        "has a UUID it is refused as start is, and brought up in the same way: help start. --console is start's, too.",
    .example = "create share.xml --paused\ncreate share.xml --console",
    .opts = create_opts,
    .flags = CMD_CONN,
    .view = {VIEW_NONE, .message = "Domain '{name}' created from {file}"},
    .run = run_create};
