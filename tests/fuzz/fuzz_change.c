// SPDX-License-Identifier: GPL-3.0-or-later
// Changes of files: judged and undone gives the old bytes; what is done already is not done again, nor undone twice.
#include "core/change/change.h"
#include "fuzz.h"

static char *key_of(const char *line, size_t len)
{
    const char *blank = memchr(line, ' ', len);
    return len && *line != '#' ? xstrndup(line, blank ? (size_t)(blank - line) : len) : NULL;
}

// To remove a line and to add it is no change that anybody asks for.
static bool contradict(const char *one, const char *two, bool by_key)
{
    _cleanup_free_ char *a = by_key ? key_of(one, strlen(one)) : NULL, *b = by_key ? key_of(two, strlen(two)) : NULL;
    return strcmp(one, two) == 0 || (a && b && strcmp(a, b) == 0);
}

static void fill(struct change *c, struct in *in)
{
    unsigned how = in_byte(in);
    static const enum change_kind kinds[] = {CHANGE_BLOCK, CHANGE_LINES, CHANGE_FILE};
    c->kind = kinds[how % 3];
    c->path = xstrdup("/etc/x");
    _cleanup_free_ char *one = in_line(in), *two = in_line(in);
    if (c->kind == CHANGE_LINES) {
        strv_add(how & 4 ? &c->remove : &c->add, one);
        if (how & 8 && !(how & 4 && contradict(one, two, how & 16)))
            strv_add(&c->add, two);
        c->key = how & 16 ? key_of : NULL;
    } else if (how & 4) {
        _cleanup_free_ char *text = xasprintf("%s\n%s%s", one, two, how & 8 ? "\n" : "");
        change_set_text(c, text, strlen(text));
    }
    if (c->kind == CHANGE_BLOCK)
        c->tag = xstrdup("tag");
}

static void undo_twice(const json_t *undo, const struct change_file *now, const struct change_file *old)
{
    struct change_file before = {0}, again = {0};
    _cleanup_err_ struct err e = ERR_INIT;
    must(change_undo(undo, now, &before, &e) == 0);
    must(before.exists == old->exists &&
         same(buf_str(&before.text), before.text.len, buf_str(&old->text), old->text.len));
    must(change_undo(undo, &before, &again, &e) == 0);
    must(again.exists == before.exists &&
         same(buf_str(&again.text), again.text.len, buf_str(&before.text), before.text.len));
    change_file_release(&before);
    change_file_release(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct in in = {data, size};
    struct plan *p = plan_new("fuzz");
    struct change *c = plan_add(p, NULL, CHANGE_FILE, "it");
    fill(c, &in);
    struct change_file old = {.exists = in.n > 0}, now = {0}, second = {0};
    buf_add(&old.text, in.p, in.n);
    json_t *undo = NULL, *nothing = NULL;
    _cleanup_err_ struct err e = ERR_INIT;
    if (change_judge(c, &old, &now, &undo, &e) == 0) {
        must(undo);
        if (json_is_null(undo))
            must(same(buf_str(&now.text), now.text.len, buf_str(&old.text), old.text.len));
        undo_twice(undo, &now, &old);
        must(change_judge(c, &now, &second, &nothing, &e) == 0);
        must(json_is_null(nothing) && same(buf_str(&now.text), now.text.len, buf_str(&second.text), second.text.len));
    } else {
        must(e.msg && !undo);
    }
    json_decref(undo);
    json_decref(nothing);
    change_file_release(&old);
    change_file_release(&now);
    change_file_release(&second);
    plan_free(p);
    return 0;
}
