// SPDX-License-Identifier: GPL-3.0-or-later
// Completion for bash, zsh and fish. Main thread. See complete_args.h.
#include "cmd/engine/complete_args.h"

#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/printable.h"
#include "base/strv.h"
#include "cmd/engine/complete.h"
#include "cmd/engine/recipe.h"
#include "core/console/ctx.h"

// The program's option that `word` is, or NULL; "--name=value" too.
static const struct option *find_option(const struct option *options, const char *word)
{
    const char *eq = strchrnul(word, '=');
    size_t len = (size_t)(eq - word);
    for (const struct option *o = options; o->name; o++) {
        if (len > 2 && strncmp(word + 2, o->name, len - 2) == 0 && !o->name[len - 2] && word[1] == '-')
            return o;
        if (len == 2 && word[1] == o->val)
            return o;
    }
    return NULL;
}

// Where the command begins among the words: behind the program's own options. *ret_pending: the option whose value the
// word there is.
static int command_at(const struct option *options, int n, char **words, const struct option **ret_pending,
                      const char **inventory)
{
    int i = 0;
    *ret_pending = NULL;
    while (i < n - 1 && words[i][0] == '-') {
        const struct option *o = find_option(options, words[i++]);
        const char *eq = o ? strchr(words[i - 1], '=') : NULL;
        if (!o || !o->has_arg)
            continue;
        if (!eq && i == n - 1) {
            *ret_pending = o;
            return i;
        }
        if (o->val == 'i')
            *inventory = eq ? eq + 1 : words[i];
        i += eq ? 0 : 1;
    }
    return i;
}

static void add_all(const struct completion *c, struct buf *out)
{
    for (size_t i = 0; i < c->n; i++) {
        const struct candidate *k = &c->list[i];
        buf_adds(out, k->word);
        if (k->help) {
            buf_addc(out, '\t');
            buf_add_line(out, k->help);
        }
        buf_addc(out, '\n');
    }
}

static void complete_option(const struct option *options, const char *prefix, struct buf *out)
{
    for (const struct option *o = options; o->name; o++) {
        _cleanup_free_ char *name = xasprintf("--%s", o->name);
        if (str_starts(name, prefix))
            buf_addf(out, "%s\n", name);
    }
}

void complete_args(const struct option *options, const char *inventory, void (*prepare)(struct ctx *ctx), int n,
                   char **words, struct buf *out)
{
    const struct option *pending;
    if (n == 0)
        return;
    int at = command_at(options, n, words, &pending, &inventory);
    if (!pending && at == n - 1 && words[at][0] == '-') {
        complete_option(options, words[at], out);
        return;
    }
    if (pending && pending->val != 'C')
        return;
    struct ctx *ctx = ctx_new(inventory);
    prepare(ctx);
    struct completion c;
    _cleanup_strv_ struct strv command = STRV_INIT;
    if (pending) // --connect takes what the command connect takes
        strv_add(&command, "connect");
    for (int i = at; i < n; i++)
        strv_add(&command, words[i]);
    complete_words(ctx, &command, &c);
    add_all(&c, out);
    completion_release(&c);
    recipe_forget();
    ctx_free(ctx);
}
