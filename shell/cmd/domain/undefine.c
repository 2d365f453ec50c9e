// SPDX-License-Identifier: GPL-3.0-or-later
// Remove a domain's definition, and what belongs to it where that is asked for. Every volume to be removed is found
// before the definition goes: a wrong name leaves everything as it was.
#include <string.h>

#include "base/buf.h"
#include "base/json.h"
#include "cmd/commands.h"
#include "cmd/domain/power.h"
#include "cmd/pool/storage.h"
#include "cmd/rows.h"
#include "core/console/out.h"
#include "core/guest/domxml.h"
#include "core/guest/files.h"
#include "core/guest/users.h"
#include "io/virt/conn.h"
#include "io/virt/info.h"
#include "io/virt/lifecycle.h"
#include "io/virt/vol.h"
#include "io/virt/xml.h"
#include "io/xml.h"

enum {
    DOMAIN,
    MANAGED_SAVE,
    STORAGE,
    REMOVE_ALL_STORAGE,
    DELETE_SNAPSHOTS,
    WIPE_STORAGE,
    SNAPSHOTS_METADATA,
    CHECKPOINTS_METADATA,
    NVRAM,
    KEEP_NVRAM,
    TPM,
    KEEP_TPM,
    FORCE
};

static const struct opt_def opts[] = {
    [DOMAIN] = DOMAIN_ROW,
    [MANAGED_SAVE] = {"managed-save", OPT_BOOL, 0, "remove domain managed state file",
                      .bits = VIRT_UNDEFINE_MANAGED_SAVE},
    [STORAGE] = {"storage", OPT_STRING, OPTF_POS | OPTF_LIST,
                 "remove associated storage volumes (comma separated list of targets or source paths; see domblklist)",
                 .excludes = "remove-all-storage", .of_domain = "disk"},
    [REMOVE_ALL_STORAGE] = {"remove-all-storage", OPT_BOOL, 0,
                            "remove all associated storage volumes (use with caution)"},
    [DELETE_SNAPSHOTS] = {"delete-storage-volume-snapshots", OPT_BOOL, 0, "delete snapshots associated with volumes",
                          .needs = "remove-all-storage"},
    [WIPE_STORAGE] = {"wipe-storage", OPT_BOOL, 0, "wipe data on the removed volumes",
                      .needs = "storage|remove-all-storage"},
    [SNAPSHOTS_METADATA] = {"snapshots-metadata", OPT_BOOL, 0, "remove all domain snapshot metadata",
                            .bits = VIRT_UNDEFINE_SNAPSHOTS_METADATA},
    [CHECKPOINTS_METADATA] = {"checkpoints-metadata", OPT_BOOL, 0, "remove all domain checkpoint metadata",
                              .bits = VIRT_UNDEFINE_CHECKPOINTS_METADATA},
    [NVRAM] = {"nvram", OPT_BOOL, 0, "remove nvram file", .bits = VIRT_UNDEFINE_NVRAM, .excludes = "keep-nvram"},
    [KEEP_NVRAM] = {"keep-nvram", OPT_BOOL, 0, "keep nvram file", .bits = VIRT_UNDEFINE_KEEP_NVRAM},
    [TPM] = {"tpm", OPT_BOOL, 0, "remove TPM state", .bits = VIRT_UNDEFINE_TPM, .excludes = "keep-tpm"},
    [KEEP_TPM] = {"keep-tpm", OPT_BOOL, 0, "keep TPM state", .bits = VIRT_UNDEFINE_KEEP_TPM},
    [FORCE] = FORCE_USED_ROW,
    {NULL},
};

struct doomed {
    struct virt_vol *vol;
    char *label; // "vda (/path)"
};

struct doomed_list {
    struct doomed *d;
    size_t n;
};

static void doomed_release(struct doomed_list *list)
{
    for (size_t i = 0; i < list->n; i++) {
        virt_vol_free(list->d[i].vol);
        free(list->d[i].label);
    }
    free(list->d);
}

static const char *text_of(const json_t *disk, const char *key)
{
    const char *s = json_text_at(disk, key);
    return s ? s : "";
}

// A medium that other guests may be reading is not this domain's own.
static bool is_shared_medium(const json_t *disk)
{
    return strcmp(text_of(disk, "device"), "disk") != 0 || json_is_true(json_object_get(disk, "readonly")) ||
           json_is_true(json_object_get(disk, "shareable"));
}

// It is nobody's but this definition's: the guest itself may run elsewhere by now, with the same disk.
static int refuse_used(struct cmd_call *c, const char *what, const char *path, struct err *e)
{
    const struct users_query q = {.path = path, .but = virt_dom_uuid(c->vals[DOMAIN].dom)};
    if (storage_refuse_used(c, what, &q, c->vals[FORCE].b, e) == 0)
        return 0;
    return err_wrap(e, "nothing was changed");
}

static int doom(struct cmd_call *c, const json_t *disk, struct doomed_list *ret, struct err *e)
{
    const char *source = text_of(disk, "source"), *pool = text_of(disk, "pool");
    struct virt_vol *vol;
    if (virt_vol_lookup(c->conn, *pool ? pool : NULL, source, &vol, e) < 0) {
        err_wrap(e, "nothing was changed: disk %s (%s) is not managed by a storage pool", text_of(disk, "target"),
                 source);
        return err_hint(e, "--storage TARGET,… removes only the disks it names; remove this one by hand");
    }
    _cleanup_free_ char *path = NULL, *what = xasprintf("disk %s (%s)", text_of(disk, "target"), source);
    if (virt_vol_path(vol, &path, e) < 0 || refuse_used(c, what, path, e) < 0) {
        virt_vol_free(vol);
        return -1;
    }
    ret->d = xrealloc(ret->d, ret->n + 1, sizeof(*ret->d));
    ret->d[ret->n++] = (struct doomed){vol, xasprintf("%s (%s)", text_of(disk, "target"), source)};
    return 0;
}

static int doom_named(struct cmd_call *c, const json_t *disks, struct doomed_list *ret, struct err *e)
{
    const struct strv *names = &c->vals[STORAGE].list;
    for (size_t i = 0; i < names->n; i++) {
        size_t k;
        json_t *disk, *hit = NULL;
        json_array_foreach(disks, k, disk)
        {
            if (strcmp(text_of(disk, "target"), names->s[i]) == 0 || strcmp(text_of(disk, "source"), names->s[i]) == 0)
                hit = disk;
        }
        if (!hit) {
            err_set(e, ERR_NOT_FOUND, "nothing was changed: domain '%s' has no disk '%s'",
                    virt_dom_name(c->vals[DOMAIN].dom), names->s[i]);
            return err_hint(e, "domblklist shows its disks");
        }
        if (doom(c, hit, ret, e) < 0)
            return -1;
    }
    return 0;
}

static int doom_all(struct cmd_call *c, const json_t *disks, struct doomed_list *ret, struct err *e)
{
    size_t i;
    json_t *disk;
    json_array_foreach(disks, i, disk)
    {
        if (!*text_of(disk, "source"))
            continue;
        if (is_shared_medium(disk)) {
            out_notice(OUT_WARN, "%s (%s) is read-only or shared and is left alone", text_of(disk, "target"),
                       text_of(disk, "source"));
            continue;
        }
        if (doom(c, disk, ret, e) < 0)
            return -1;
    }
    return 0;
}

static int find_storage(struct cmd_call *c, struct doomed_list *ret, struct err *e)
{
    struct virt_dom *dom = c->vals[DOMAIN].dom;
    int active = virt_dom_is_active(dom, e);
    if (active < 0)
        return -1;
    if (active) {
        err_set(e, ERR_STATE, "storage volumes are removed only with a stopped domain; '%s' is running",
                virt_dom_name(dom));
        return err_hint(e, "shutdown or destroy it first");
    }
    _cleanup_free_ char *xml = NULL;
    _cleanup_(xml_free_p) struct xml_doc *doc = NULL;
    if (virt_dom_xml(dom, VIRT_XML_INACTIVE, &xml, e) < 0 || xml_parse(xml, &doc, e) < 0)
        return -1;
    json_t *disks = domxml_disks(doc);
    int r = c->vals[STORAGE].s ? doom_named(c, disks, ret, e) : doom_all(c, disks, ret, e);
    json_decref(disks);
    return r;
}

// Goes on after a failure: what is left over is named in the error.
static int remove_volumes(struct cmd_call *c, struct doomed_list *list, struct err *e)
{
    json_t *removed = json_array();
    _cleanup_buf_ struct buf failed = BUF_INIT;
    enum err_code code = ERR_NONE;
    for (size_t i = 0; i < list->n; i++) {
        struct doomed *d = &list->d[i];
        _cleanup_err_ struct err one = ERR_INIT;
        if ((c->vals[WIPE_STORAGE].b && virt_vol_wipe(d->vol, 0, &one) < 0) ||
            virt_vol_delete(d->vol, c->vals[DELETE_SNAPSHOTS].b, &one) < 0) {
            buf_addf(&failed, "%s%s: %s", failed.len ? "; " : "", d->label, one.msg);
            code = one.code;
        } else {
            json_array_append_new(removed, json_text(d->label));
        }
    }
    json_object_set_new(c->result, "removed_storage", removed);
    if (!code)
        return 0;
    err_set(e, code, "the domain is undefined, but storage is left: %s", buf_str(&failed));
    return err_hint(e, "vol-delete removes it");
}

static void hint_option(struct err *e)
{
    static const struct {
        const char *text, *hint;
    } known[] = {
        {"nvram", "--nvram removes the nvram file too, --keep-nvram leaves it"},
        {"managed save", "--managed-save removes the saved state too; start would continue from it"},
        {"snapshots", "--snapshots-metadata forgets the snapshots too"},
        {"checkpoints", "--checkpoints-metadata forgets the checkpoints too"},
        {"TPM", "--tpm removes the TPM's state too, --keep-tpm leaves it"},
        {"transient", "a transient domain has no definition: destroy stops it and it is gone"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(known); i++) {
        if (!e->hint && strstr(e->msg, known[i].text))
            err_hint(e, "%s", known[i].hint);
    }
}

// Its variables may lie on storage that others see.
static int refuse_nvram(struct cmd_call *c, struct err *e)
{
    _cleanup_free_ char *xml = NULL;
    _cleanup_(xml_free_p) struct xml_doc *doc = NULL;
    if (virt_dom_xml(c->vals[DOMAIN].dom, VIRT_XML_INACTIVE, &xml, e) < 0 || xml_parse(xml, &doc, e) < 0)
        return -1;
    _cleanup_free_ char *path = guest_nvram(doc, guest_is_system(virt_conn_uri(c->conn)));
    return path && *path == '/' ? refuse_used(c, "its nvram file", path, e) : 0;
}

static int run(struct cmd_call *c, struct err *e)
{
    struct virt_dom *dom = c->vals[DOMAIN].dom;
    _cleanup_(doomed_release) struct doomed_list doomed = {NULL, 0};
    bool storage = c->vals[STORAGE].s || c->vals[REMOVE_ALL_STORAGE].b;
    if ((storage && find_storage(c, &doomed, e) < 0) || (c->vals[NVRAM].b && refuse_nvram(c, e) < 0))
        return -1;
    if (virt_dom_undefine(dom, cmd_bits(c), e) < 0) {
        hint_option(e);
        return domain_failed(dom, "undefine", NULL, e);
    }
    domain_result(c, dom);
    return storage ? remove_volumes(c, &doomed, e) : 0;
}

const struct cmd_def cmd_undefine = {
    .name = "undefine",
    .group = "Domains",
    .summary = "undefine a domain",
    .help = "Undefines an inactive domain, or makes a running one transient. Storage is removed only by --storage or\n"
            "--remove-all-storage, and only if every volume was found first; the latter leaves CD-ROMs, floppies and\n"
            "read-only or shareable disks alone. Refused, as --nvram is, where another guest uses it, or this one on\n"
            "another host (a migration leaves its definition behind), and where that is not known; --force insists.",
    .example = "undefine share\nundefine share --managed-save --nvram",
    .opts = opts,
    .flags = CMD_CONN | CMD_DESTROYS | CMD_EXACT,
    .view = {VIEW_NONE, .message = "Domain '{name}' has been undefined"},
    .run = run};
