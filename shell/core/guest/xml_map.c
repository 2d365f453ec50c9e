// SPDX-License-Identifier: GPL-3.0-or-later
// Names and paths in descriptions, replaced by a map. Pure. See xml_map.h.
#include "core/guest/xml_map.h"

#include <string.h>

#include "base/buf.h"
#include "base/diff.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/printable.h"
#include "base/strv.h"
#include "io/xml.h"

// Elements of foreign name spaces (metadata, qemu:commandline) match none of these.
static const struct {
    const char *kind, *xpath;
} places[] = {
    {"pool", "//source/@pool"},
    {"bridge", "//interface/source/@bridge"},
    {"network", "//interface/source/@network"},
    {"path", "//source/@file|//source/@dev|//source/@dir|//source/@path|//nvram/@template|//memory/@file|//log/@file|"
             "//nvram[not(*)]/text()|//loader/text()|//kernel/text()|//initrd/text()|//dtb/text()|"
             "//varstore/@path|//varstore/@template"},
    {"machine", "//os/type/@machine"},
    {"emulator", "//devices/emulator/text()"},
};

static const char types_kind[] = "disk";

struct work {
    struct xml_doc *doc;
    json_t *used; // {KIND: {FROM: true}}
    size_t changes;
};

void xml_mapped_release(struct xml_mapped *m)
{
    free(m->xml);
    free(m->diff);
    json_decref(m->unused);
    *m = (struct xml_mapped){NULL, NULL, 0, NULL};
}

// Without the slashes at its end; "/" becomes "", which is a prefix of every absolute path.
static size_t trimmed(const char *s)
{
    size_t n = strlen(s);
    while (n && s[n - 1] == '/')
        n--;
    return n;
}

// The longest FROM that is `path` or a directory above it.
static const char *find_prefix(const json_t *paths, const char *path)
{
    const char *from, *best = NULL;
    json_t *to;
    json_object_foreach((json_t *)paths, from, to)
    {
        size_t n = trimmed(from);
        if (json_is_string(to) && strncmp(path, from, n) == 0 && (!path[n] || path[n] == '/') &&
            (!best || n > trimmed(best)))
            best = from;
    }
    return best;
}

static char *replace_prefix(const json_t *paths, const char *from, const char *path)
{
    const char *to = json_text_at(paths, from), *rest = path + trimmed(from);
    size_t n = trimmed(to);
    return n || *rest ? xasprintf("%.*s%s", (int)n, to, rest) : xstrdup("/");
}

char *xml_map_path(const json_t *map, const char *path)
{
    const json_t *paths = json_object_get(map, "path");
    const char *from = *path == '/' && paths ? find_prefix(paths, path) : NULL;
    return from ? replace_prefix(paths, from, path) : NULL;
}

static void replace(struct work *w, struct xml_node *node, const char *kind, const json_t *entries)
{
    _cleanup_free_ char *old = xml_node_text(node);
    if (!old)
        return;
    bool paths = strcmp(kind, "path") == 0;
    const char *from = !paths ? old : *old == '/' ? find_prefix(entries, old) : NULL;
    const json_t *to = from ? json_object_get(entries, from) : NULL;
    if (!to)
        return;
    json_object_set_new(json_object_get(w->used, kind), from, json_true());
    _cleanup_free_ char *text = paths ? replace_prefix(entries, from, old) : xstrdup(json_string_value(to));
    if (strcmp(text, old) == 0)
        return;
    xml_node_set(node, text);
    w->changes++;
}

static void map_kind(struct work *w, const char *kind, const char *xpath, const json_t *entries)
{
    size_t n;
    _cleanup_free_ struct xml_node **nodes = xml_nodes(w->doc, NULL, xpath, &n);
    for (size_t i = 0; i < n; i++)
        replace(w, nodes[i], kind, entries);
}

// <disk type='file'><source file='…'/> and <disk type='block'><source dev='…'/> tell the same thing of two kinds of
// place.
static void set_types(struct work *w, const json_t *types)
{
    size_t n, n_type, n_source;
    _cleanup_free_ struct xml_node **nodes = xml_nodes(
        w->doc, NULL, "//*[self::disk or self::backingStore or self::mirror][@type = 'file' or @type = 'block']", &n);
    for (size_t i = 0; i < n; i++) {
        _cleanup_free_ struct xml_node **type = xml_nodes(w->doc, nodes[i], "./@type", &n_type);
        _cleanup_free_ struct xml_node **source =
            xml_nodes(w->doc, nodes[i], "./source/@file|./source/@dev", &n_source);
        _cleanup_free_ char *old = xml_node_text(type[0]), *path = n_source ? xml_node_text(source[0]) : NULL;
        const char *to = path ? json_text_at(types, path) : NULL;
        if (!to || strcmp(old, to) == 0)
            continue;
        xml_node_set(type[0], to);
        xml_node_rename(source[0], strcmp(to, "block") == 0 ? "dev" : "file");
        w->changes++;
    }
}

static const char *known_kind(const char *kind)
{
    if (strcmp(kind, types_kind) == 0)
        return kind;
    for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
        if (strcmp(places[i].kind, kind) == 0)
            return places[i].xpath;
    }
    return NULL;
}

static int bad_kind(const char *kind, struct err *e)
{
    return err_set(e, ERR_USAGE, "'%s' cannot be mapped: pool, bridge, network, path, machine or emulator", kind);
}

// UTF-8 that XML can carry, without control characters but those of `also`.
static bool is_text(const char *s, const char *also)
{
    for (size_t i = 0, len, n = strlen(s); i < n; i += len) {
        const unsigned char *u = (const unsigned char *)s + i;
        len = utf8_sequence(s + i, n - i);
        bool c1 = u[0] == 0xc2 && u[1] < 0xa0;
        bool no_character = u[0] == 0xef && u[1] == 0xbf && u[2] >= 0xbe;
        if (!len || ((*u < ' ' || *u == 127) && !strchr(also, *u)) || c1 || no_character)
            return false;
    }
    return true;
}

static int bad_text(const char *kind, struct err *e)
{
    return err_set(e, ERR_USAGE, "the map of a %s has a name with control characters, or that is no UTF-8", kind);
}

static int check_entry(const char *kind, const char *from, const json_t *to, struct err *e)
{
    const char *text = json_string_value(to);
    if (!known_kind(kind))
        return bad_kind(kind, e);
    if (!*from || !text || !*text)
        return err_set(e, ERR_USAGE, "the map of a %s has an empty name", kind);
    if (!is_text(from, "\t\r\n") || !is_text(text, "\t\r\n"))
        return bad_text(kind, e);
    if (strcmp(kind, types_kind) == 0 && strcmp(text, "file") != 0 && strcmp(text, "block") != 0)
        return err_set(e, ERR_USAGE, "a disk is of type file or block, not '%s'", text);
    if ((strcmp(kind, "path") == 0 || strcmp(kind, "emulator") == 0) && (*from != '/' || *text != '/'))
        return err_set(e, ERR_USAGE, "'%s' to '%s': paths are mapped as absolute ones", from, text);
    return 0;
}

int xml_map_check(const json_t *map, struct err *e)
{
    const char *kind, *from;
    json_t *entries, *to;
    json_object_foreach((json_t *)map, kind, entries)
    {
        if (!json_is_object(entries) && !(json_is_array(entries) && !json_array_size(entries)))
            return err_set(e, ERR_USAGE, "the map of '%s' has to be a table of names", kind);
        if (!known_kind(kind))
            return check_entry(kind, "", NULL, e);
        json_object_foreach(entries, from, to)
        {
            if (check_entry(kind, from, to, e) < 0)
                return -1;
        }
    }
    return 0;
}

static json_t *unused_entries(const json_t *map, const json_t *used)
{
    json_t *list = json_array();
    for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
        const json_t *entries = json_object_get(map, places[i].kind);
        const char *from;
        json_t *to;
        _cleanup_strv_ struct strv names = STRV_INIT;
        json_object_foreach((json_t *)entries, from, to)
        {
            if (!json_object_get(json_object_get(used, places[i].kind), from))
                strv_add(&names, from);
        }
        strv_sort_unique(&names);
        for (size_t k = 0; k < names.n; k++)
            json_array_append_new(
                list, json_pack("{s:o, s:o}", "kind", json_text(places[i].kind), "from", json_text(names.s[k])));
    }
    return list;
}

int xml_map(const char *xml, const json_t *map, struct xml_mapped *ret, struct err *e)
{
    _cleanup_(xml_free_p) struct xml_doc *doc = NULL;
    if (xml_map_check(map, e) < 0 || xml_parse(xml, &doc, e) < 0)
        return -1;
    struct work w = {doc, json_object(), 0};
    _cleanup_free_ char *before = xml_text(doc), *after = NULL;
    for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
        const json_t *entries = json_object_get(map, places[i].kind);
        json_object_set_new(w.used, places[i].kind, json_object());
        if (entries)
            map_kind(&w, places[i].kind, places[i].xpath, entries);
    }
    if (json_object_get(map, types_kind))
        set_types(&w, json_object_get(map, types_kind));
    struct buf diff = BUF_INIT;
    after = w.changes ? xml_text(doc) : NULL;
    if (after)
        diff_unified("XML", before, strlen(before), after, strlen(after), &diff);
    *ret = (struct xml_mapped){after ? steal(&after) : xstrdup(xml), buf_steal(&diff), w.changes,
                               unused_entries(map, w.used)};
    json_decref(w.used);
    return 0;
}

// Up to an unescaped one of `stops`, which *s then is at.
static char *read_word(const char **s, const char *stops)
{
    struct buf b = BUF_INIT;
    for (; **s && !strchr(stops, **s); (*s)++) {
        if (**s == '\\' && (*s)[1])
            (*s)++;
        buf_addc(&b, **s);
    }
    return buf_steal(&b);
}

static int add_entry(json_t *map, const char *kind, const char *from, const char *to, struct err *e)
{
    if (strcmp(kind, types_kind) == 0)
        return bad_kind(kind, e);
    if (!is_text(from, "") || !is_text(to, ""))
        return bad_text(kind, e);
    _cleanup_(json_decrefp) json_t *text = json_text(to);
    if (check_entry(kind, from, text, e) < 0)
        return -1;
    json_t *entries = json_object_get(map, kind);
    if (!entries)
        json_object_set_new(map, kind, entries = json_object());
    const json_t *there = json_object_get(entries, from);
    if (there && !json_equal(there, text))
        return err_set(e, ERR_USAGE, "the %s '%s' is mapped twice", kind, from);
    json_object_set(entries, from, text);
    return 0;
}

int xml_map_add(json_t *map, const char *text, struct err *e)
{
    const char *s = text;
    do {
        _cleanup_free_ char *kind = read_word(&s, "=,"), *from = NULL, *to = NULL;
        if (*s == '=') {
            s++;
            from = read_word(&s, ":,");
        }
        if (from && *s == ':') {
            s++;
            to = read_word(&s, ",");
        }
        if (!to) {
            err_set(e, ERR_USAGE, "'%s' is not a map such as pool=A:B,path=/old:/new", text);
            return err_hint(e, "kinds are pool, bridge, network, path, machine and emulator");
        }
        if (add_entry(map, kind, from, to, e) < 0)
            return -1;
    } while (*s++ == ',');
    return 0;
}
