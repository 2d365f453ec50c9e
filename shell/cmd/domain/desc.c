// SPDX-License-Identifier: GPL-3.0-or-later
// What a domain is called and described as: title, description, name, and elements that other programs keep in its XML.
#include <string.h>

#include "base/buf.h"
#include "base/json.h"
#include "base/mem.h"
#include "cmd/commands.h"
#include "cmd/domain/power.h"
#include "cmd/rows.h"
#include "core/console/editor.h"
#include "io/virt/metadata.h"

enum { DOMAIN, LIVE, CONFIG, CURRENT, EDIT, TITLE, NEW_DESC, URI = TITLE, KEY, SET, REMOVE };
enum { NEW_NAME = 1 };

#define SHARED_ROWS                                                                                                    \
    [DOMAIN] = DOMAIN_ROW, [LIVE] = AFFECT_LIVE_ROW, [CONFIG] = AFFECT_CONFIG_ROW, [CURRENT] = AFFECT_CURRENT_ROW

static const struct opt_def desc_opts[] = {
    SHARED_ROWS,
    [EDIT] = {"edit", OPT_BOOL, 0, "open an editor to modify the description", .excludes = "new-desc"},
    [TITLE] = {"title", OPT_BOOL, 0, "modify/get the title instead of description"},
    [NEW_DESC] = {"new-desc", OPT_STRING, OPTF_POS | OPTF_MULTI, "the new text; words are joined by blanks"},
    {NULL},
};
static const struct opt_def metadata_opts[] = {
    SHARED_ROWS,
    [EDIT] = {"edit", OPT_BOOL, 0, "use an editor to change the metadata", .excludes = "set|remove", .needs = "key"},
    [URI] = {"uri", OPT_STRING, OPTF_POS | OPTF_REQ, "URI of the namespace"},
    [KEY] = {"key", OPT_STRING, OPTF_POS, "key to be used as a namespace identifier"},
    [SET] = {"set", OPT_STRING, OPTF_POS, "new metadata to set", .needs = "key", .excludes = "remove"},
    [REMOVE] = {"remove", OPT_BOOL, 0, "remove the metadata corresponding to an uri"},
    {NULL},
};
static const struct opt_def rename_opts[] = {
    [DOMAIN] = DOMAIN_ROW,
    [NEW_NAME] = {"new-name", OPT_STRING, OPTF_POS | OPTF_REQ, "new domain name"},
    {NULL},
};

// What of a domain is read and written, by both commands.
struct piece {
    struct cmd_call *c;
    enum virt_metadata kind;
    const char *key, *uri; // of an element
};

static struct virt_dom *dom_of(const struct piece *p)
{
    return p->c->vals[DOMAIN].dom;
}

static int read_piece(void *data, char **ret, struct err *e)
{
    const struct piece *p = data;
    if (virt_dom_metadata(dom_of(p), p->kind, p->uri, cmd_bits(p->c), ret, e) == 0)
        return 0;
    if (e->code != ERR_NOT_FOUND || p->kind == VIRT_METADATA_ELEMENT)
        return -1;
    err_release(e); // a domain without a title has an empty one
    *ret = xstrdup("");
    return 0;
}

static int write_piece(void *data, const char *text, struct err *e)
{
    const struct piece *p = data;
    size_t n = strlen(text);
    bool line = p->kind != VIRT_METADATA_ELEMENT && n && text[n - 1] == '\n'; // every editor ends a text by one
    _cleanup_free_ char *whole = xstrndup(text, n - line);
    return virt_dom_set_metadata(dom_of(p), p->kind, *whole ? whole : NULL, p->key, p->uri, cmd_bits(p->c), e);
}

// Lets it be edited; `unchanged` is shown where it is as before.
static int edit_piece(struct piece *p, const char *what, const char *instead, const struct view *unchanged,
                      struct err *e)
{
    struct cmd_call *c = p->c;
    _cleanup_free_ char *about = xasprintf("%s of domain '%s'", what, virt_dom_name(dom_of(p)));
    bool changed;
    if (editor_run(c->job, &(struct editor){about, instead, false, read_piece, write_piece, p}, &changed, e) < 0)
        return -1;
    domain_result(c, dom_of(p));
    json_object_set_new(c->result, "changed", json_boolean(changed));
    if (!changed)
        c->view = unchanged;
    return 0;
}

static void render_desc(const json_t *value, struct buf *out)
{
    const char *what = json_object_get(value, "title") ? "title" : "description";
    if (json_is_string(json_object_get(value, what)))
        buf_addf(out, "%s\n", json_text_at(value, what));
    else
        buf_addf(out, "No %s for domain: %s\n", what, json_text_at(value, "name"));
}

static int run_desc(struct cmd_call *c, struct err *e)
{
    static const struct view desc_set = {VIEW_NONE, .message = "Domain description updated successfully"};
    static const struct view title_set = {VIEW_NONE, .message = "Domain title updated successfully"};
    static const struct view desc_same = {VIEW_NONE, .message = "Domain description not changed"};
    static const struct view title_same = {VIEW_NONE, .message = "Domain title not changed"};
    static const struct view shown = {VIEW_CUSTOM, .render = render_desc};
    bool title = c->vals[TITLE].b;
    struct piece p = {.c = c, .kind = title ? VIRT_METADATA_TITLE : VIRT_METADATA_DESCRIPTION};
    _cleanup_free_ char *now = NULL;
    if (c->vals[EDIT].b || c->vals[NEW_DESC].given) {
        const struct strv *list = &c->vals[NEW_DESC].list;
        _cleanup_buf_ struct buf words = BUF_INIT;
        for (size_t i = 0; i < list->n; i++)
            buf_addf(&words, "%s%s", i ? " " : "", list->s[i]);
        c->view = title ? &title_set : &desc_set;
        if (c->vals[EDIT].b)
            return edit_piece(&p, title ? "the title" : "the description", "desc DOMAIN TEXT",
                              title ? &title_same : &desc_same, e);
        if (write_piece(&p, buf_str(&words), e) < 0)
            return domain_failed(c->vals[DOMAIN].dom, title ? "set the title of" : "set the description of", NULL, e);
        domain_result(c, c->vals[DOMAIN].dom);
        return 0;
    }
    if (read_piece(&p, &now, e) < 0)
        return -1;
    c->result = json_object();
    json_object_set_new(c->result, "name", json_text(virt_dom_name(c->vals[DOMAIN].dom)));
    json_object_set_new(c->result, title ? "title" : "description", *now ? json_text(now) : json_null());
    c->view = &shown;
    return 0;
}

static int run_metadata(struct cmd_call *c, struct err *e)
{
    static const struct view text = {VIEW_TEXT};
    static const struct view same = {VIEW_NONE, .message = "Metadata not changed"};
    static const struct view removed = {VIEW_NONE, .message = "Metadata removed"};
    struct virt_dom *dom = c->vals[DOMAIN].dom;
    struct piece p = {c, VIRT_METADATA_ELEMENT, c->vals[KEY].s, c->vals[URI].s};
    _cleanup_free_ char *now = NULL;
    if (c->vals[EDIT].b)
        return edit_piece(&p, "the metadata", "metadata DOMAIN URI --key KEY --set XML", &same, e);
    if (c->vals[SET].given || c->vals[REMOVE].b) {
        if (virt_dom_set_metadata(dom, p.kind, c->vals[SET].s, p.key, p.uri, cmd_bits(c), e) < 0)
            return domain_failed(dom, "change the metadata of", NULL, e);
        domain_result(c, dom);
        c->view = c->vals[REMOVE].b ? &removed : NULL;
        return 0;
    }
    if (read_piece(&p, &now, e) < 0)
        return -1;
    c->result = json_text(now);
    c->view = &text;
    return 0;
}

static int run_rename(struct cmd_call *c, struct err *e)
{
    struct virt_dom *dom = c->vals[DOMAIN].dom;
    const char *name = c->vals[NEW_NAME].s;
    _cleanup_free_ char *old = xstrdup(virt_dom_name(dom));
    _cleanup_(virt_dom_free_p) struct virt_dom *now = NULL;
    if (virt_dom_rename(dom, name, e) < 0)
        return domain_failed(dom, "rename", "shutdown stops it", e);
    ctx_names_remove(c->ctx, "domain", target_label(&c->where), old);
    if (virt_dom_lookup_uuid(c->conn, virt_dom_uuid(dom), &now, e) < 0)
        return -1;
    domain_result(c, now);
    json_object_set_new(c->result, "old_name", json_text(old));
    return 0;
}

const struct cmd_def cmd_desc = {.name = "desc",
                                 .group = "Domains",
                                 .summary = "show or set domain's description or title",
                                 .help = "An empty text removes it.",
                                 .example = "desc share\ndesc share --title 'web shop' --config\ndesc share --edit",
                                 .opts = desc_opts,
                                 .flags = CMD_CONN | CMD_EXACT,
                                 .view = {VIEW_NONE},
                                 .run = run_desc};

const struct cmd_def cmd_domrename = {.name = "domrename",
                                      .group = "Domains",
                                      .summary = "rename a domain",
                                      .help = "Only while it is off, without snapshots and checkpoints. Its disks keep "
                                              "their names; other nodes' definitions\n"
                                              "of the guest keep the old one.",
                                      .example = "domrename share web",
                                      .opts = rename_opts,
                                      .flags = CMD_CONN | CMD_EXACT,
                                      .view = {VIEW_NONE, .message = "Domain successfully renamed"},
                                      .run = run_rename};

const struct cmd_def cmd_metadata = {
    .name = "metadata",
    .group = "Domains",
    .summary = "show or set domain's custom XML metadata",
    .help = "An element of the name space URI, which a program keeps in the definition.",
    .example = "metadata share http://example.org/billing\n"
               "metadata share http://example.org/billing --key bill --set '<customer>42</customer>' --config",
    .opts = metadata_opts,
    .flags = CMD_CONN | CMD_EXACT,
    .view = {VIEW_NONE, .message = "Metadata modified"},
    .run = run_metadata};
