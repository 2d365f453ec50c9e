// SPDX-License-Identifier: GPL-3.0-or-later
// What a copy that was cut off leaves on a node: its part file, and programs that may run for hours if their line went
// dead. Scripts for whoever goes on with it or gives it up. Any thread; pure.
#include <string.h>

#include "core/copy/priv.h"
#include "io/digest.h"

char *copy_token(const struct copy_end *to)
{
    _cleanup_free_ char *target = xasprintf("%s:%s", place_name(to->node), to->path);
    char hex[DIGEST_HEX];
    digest_sha256(target, strlen(target), hex);
    return xasprintf("migsh-copy-%s", hex);
}

char *copy_script(const char *name)
{
    static const struct {
        const char *name, *script;
    } all[] = {{"copy_end", copy_end}, {"copy_forget", copy_forget}, {"copy_parts", copy_parts}};
    for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
        if (strcmp(all[i].name, name) == 0) // copy_path has words of its own
            return xasprintf("set -- '' look \"$@\"\n%sshift 2\n%s", copy_path, all[i].script);
    }
    return NULL;
}
