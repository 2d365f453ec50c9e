// SPDX-License-Identifier: GPL-3.0-or-later
// A key for an account that has none: the command that makes it, and the one that removes it and nothing else. See keys.h.
// No input or output of its own; job threads.
#include <stdio.h>
#include <string.h>

#include "core/console/out.h"
#include "core/keys/priv.h"
#include "io/ssh/remote.h"

// A script that runs as the account, $HOME being its home: as it is for the login's own, else by su as root.
static char *as_account(const struct keys_account *a, const char *script, const char *const *args, size_t n)
{
    struct buf b = BUF_INIT;
    if (a->as_user) {
        buf_adds(&b, "set -- ");
        remote_quote_words(&b, args, n);
        buf_addf(&b, "\n%s", script);
        return buf_steal(&b);
    }
    _cleanup_buf_ struct buf inner = BUF_INIT;
    buf_adds(&inner, "exec sh -c ");
    remote_quote_words(&inner, &script, 1);
    buf_adds(&inner, " migsh ");
    remote_quote_words(&inner, args, n);
    const char *words[] = {"su", "-s", "/bin/sh", "-c", buf_str(&inner), a->user};
    buf_adds(&b, "exec ");
    remote_quote_words(&b, words, ARRAY_SIZE(words));
    return buf_steal(&b);
}

// A key of ours was made without a passphrase; of others ssh-keygen tells.
static const char key_check[] =
    "for k in id_ed25519 id_ecdsa id_rsa; do f=$HOME/.ssh/$k; [ -f \"$f\" ] || continue\n"
    "  if [ -r \"$f.pub\" ] && read -r w <\"$f.pub\"; then case $w in *' migsh-key-'*) exit 0 ;; esac; fi\n"
    "  ssh-keygen -y -P '' -f \"$f\" >/dev/null 2>&1 </dev/null && exit 0\n"
    "done; exit 1";

// $1: the mark of this key, $2: its comment. Made under a name of its own and put in place whole, the private half last
// and never over another (mv -n says nothing then, but leaves its source), so that it can be cut off anywhere and begun
// again.
static const char key_run[] =
    "umask 077; d=$HOME/.ssh f=$HOME/.ssh/id_ed25519 w=$HOME/.ssh/.$1\n"
    "[ ! -e \"$f\" ] || { echo \"$f is there, but cannot be used without a passphrase\" >&2; exit 1; }\n"
    "[ ! -e \"$f.pub\" ] || grep -q ' migsh-key-[0-9a-f]*$' \"$f.pub\" ||\n"
    "  { echo \"$f.pub is there without its other half\" >&2; exit 1; }\n"
    "[ -d \"$d\" ] || mkdir -p \"$d\" || exit 1\n"
    "if [ -e \"$w\" ] || [ -e \"$w.pub\" ]; then rm -f \"$w\" \"$w.pub\"; fi\n"
    "ssh-keygen -q -t ed25519 -N '' -C \"$2 $1\" -f \"$w\" </dev/null &&\n"
    "  { sync \"$w\" \"$w.pub\" || sync; } && mv -f \"$w.pub\" \"$f.pub\" && mv -nT \"$w\" \"$f\" && [ ! -e \"$w\" ]\n"
    "s=$?\n"
    "if [ $s != 0 ]; then rm -f \"$w\" \"$w.pub\"\n"
    "elif command -v restorecon >/dev/null; then restorecon \"$d\" \"$f\" \"$f.pub\"; fi\n"
    "exit $s";

// $1: the mark; $2: "dir" when the directory was not there before. A private half that does not belong to our public one
// is somebody else's. The public one goes last, as it bears the mark.
static const char key_undo[] =
    "d=$HOME/.ssh f=$HOME/.ssh/id_ed25519; rm -f \"$d/.$1\" \"$d/.$1.pub\"\n"
    "if [ -f \"$f.pub\" ] && grep -q \" $1\\$\" \"$f.pub\"; then\n"
    "  if [ -f \"$f\" ]; then\n"
    "    [ \"$(ssh-keygen -y -P '' -f \"$f\" </dev/null | cut -d' ' -f1,2)\" = \"$(cut -d' ' -f1,2 \"$f.pub\")\" ] ||\n"
    "      { echo \"$f is not the key that was made\" >&2; exit 1; }\n"
    "    rm -f \"$f\" || exit 1\n"
    "  fi\n"
    "  rm -f \"$f.pub\" || exit 1\n"
    "fi\n"
    "if [ \"$2\" = dir ]; then rmdir \"$d\" 2>/dev/null; fi\n"
    "exit 0";

static char *make_mark(void)
{
    unsigned char random[8];
    FILE *f = fopen("/dev/urandom", "rbe");
    if (!f || fread(random, 1, sizeof(random), f) != sizeof(random))
        abort();
    fclose(f);
    struct buf b = BUF_INIT;
    buf_adds(&b, "migsh-key-");
    for (size_t i = 0; i < sizeof(random); i++)
        buf_addf(&b, "%02x", random[i]);
    return buf_steal(&b);
}

static void generate(struct keys *k, struct keys_account *a, struct plan *p)
{
    _cleanup_free_ char *mark = make_mark();
    _cleanup_free_ char *comment = xasprintf("%s@%s", a->user, a->node ? a->node->name : "admin");
    struct change *c = plan_add(p, a->node, CHANGE_COMMAND, "an ed25519 key");
    c->as_user = a->as_user;
    c->seen = true;
    c->check = as_account(a, key_check, NULL, 0);
    c->run = as_account(a, key_run, (const char *[]){mark, comment}, 2);
    c->undo = as_account(a, key_undo, (const char *[]){mark, a->has_dir ? "" : "dir"}, 2);
    if (k->dry)
        out_notice(OUT_INFO, "%s has no key yet: what is done with it follows when it has one", keys_account_name(a));
    else if (!a->node)
        out_notice(OUT_INFO, "you have no ssh key: one is made, ~/.ssh/id_ed25519, without a passphrase");
}

void keys_plan_generate(struct keys *k, struct plan *p)
{
    for (size_t i = 0; i < k->n; i++) {
        struct keys_account *a = &k->all[i];
        if (keys_left_out(k, a) || a->usable)
            continue;
        _cleanup_err_ struct err e = ERR_INIT;
        if (a->locked && strcmp(a->locked, "id_ed25519") == 0) {
            err_set(&e, ERR_STATE,
                    "%s: ~/.ssh/id_ed25519 of %s has a passphrase (or cannot be read), so %s cannot use it",
                    keys_account_name(a), a->user, "a machine");
            err_hint(&e,
                     "take the passphrase away there with ssh-keygen -p, or rename the key so that a new one is made");
            keys_refuse(k, a, "an ed25519 key", "conflict", &e);
        } else {
            generate(k, a, p);
        }
    }
}
