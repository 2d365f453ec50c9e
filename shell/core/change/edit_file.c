// SPDX-License-Identifier: GPL-3.0-or-later
// One file on a node: seen in one round trip, written in another. Job threads. See edit_priv.h.
//
// The lock is flock(2) on a file in a directory of root's own (tools/lock_place.sh), one for all edits of a node: a lock on
// anything that others can open, such as /etc, could be held by any of them. An edit takes milliseconds.
#include <string.h>
#include <time.h>

#include "base/token.h"
#include "core/change/edit_priv.h"
#include "core/node/lock_place.h"
#include "io/job.h"

enum { MAX_FILE = 8 << 20, TIMEOUT_MS = 120000 };
enum { EXIT_NOT_A_FILE = 20, EXIT_CHANGED = 21, EXIT_FOREIGN = 27 };

// $1 path, $2 most bytes. The content follows the line that begins with MIGSH-FILE, one byte too much where there are more.
// A process takes longer than all the rest, so there is one: readlink is left to paths that do go through a link.
static const char gather_script[] =
    "LC_ALL=C; export LC_ALL; set -f; p=$1 n= l=\n"
    "die() { c=$1; shift; echo \"$*\" >&2; exit \"$c\"; }\n"
    "home() { h=$(getent passwd \"$1\" | cut -d: -f6); [ -n \"$h\" ] || die 22 \"no user $1\"; }\n"
    "case $p in\n"
    "'~/'*) if [ -n \"${SUDO_USER:-}\" ]; then home \"$SUDO_USER\"; else h=$HOME; fi; p=$h/${p#'~/'} ;;\n"
    "'~'*) u=${p#'~'}; home \"${u%%/*}\"; p=$h/${u#*/} ;;\n"
    "esac\n"
    "r= IFS=/\n"
    "for c in ${p#/}; do\n"
    "    r=$r/$c; case $c in ''|.|..) l=1 ;; *) [ ! -L \"$r\" ] || l=1 ;; esac\n"
    "done\n"
    "unset IFS\n"
    "[ -z \"$l\" ] || r=$(readlink -m -- \"$p\") || exit 22\n"
    "[ ! -L \"$r\" ] || die 20 \"$p: its links lead in a circle\"\n"
    "read -r n </proc/sys/kernel/hostname || n=$(uname -n)\n"
    "printf 'MIGSH-HOST %s\\n' \"$n\"\n"
    "if [ ! -e \"$r\" ]; then\n"
    "    d=0; [ ! -d \"${r%/*}/\" ] || d=1\n"
    "    printf 'MIGSH-FILE absent %s %s\\n' \"$d\" \"$r\"; exit 0\n"
    "fi\n"
    "[ -f \"$r\" ] || die 20 \"$r is not a regular file\"\n"
    "printf 'MIGSH-FILE file 1 %s\\n' \"$r\"; exec head -c \"$2\" <\"$r\"";

// $1 real path, $2 sha256 seen or "absent", $3 bytes to come or "absent", $4 their sha256, $5 mode, $6 owner or "",
// $7 mode of a directory to make or "0" or "drop", $8 backup's name or "" for none, $9 the temporary file's name. Here,
// too, processes are what costs: both sums by one, and owners are only looked at where they are not one's own.
static const char write_script[] =
    "LC_ALL=C; export LC_ALL; PATH=$PATH:/usr/sbin:/sbin; umask 077\n"
    "r=$1 old=$2 n=$3 new=$4 mode=$5 owner=$6 dirmode=$7 b=$8 w=$9 t= nb= md= stay= d=${1%/*}; d=${d:-/}\n"
    "die() { c=$1; shift; [ -z \"$*\" ] || echo \"$*\" >&2; exit \"$c\"; }\n"
    "trap '[ -z \"$t\" ] || rm -f -- \"$t\"; [ -z \"$nb\" ] || rm -f -- \"$nb\"; [ -z \"$md\" ] || rmdir -- \"$md\"' "
    "EXIT\n"
    "trap 'exit 24' HUP INT TERM PIPE\n"
    "own() { [ -O \"$1\" ] && [ -G \"$1\" ]; }\n"
    "label() { stat -c %C -- \"$1\" 2>/dev/null; }\n"
    "if [ ! -d \"$d\" ]; then\n"
    "    case $dirmode in 0|drop) die 22 \"the directory $d is not there\" ;; esac\n"
    "    mkdir -m \"$dirmode\" -- \"$d\" || exit 22; md=$d\n"
    "    [ -z \"$owner\" ] || chown -- \"$owner:\" \"$d\" || exit 22\n"
    "    ! command -v restorecon >/dev/null || restorecon -- \"$d\" || :\n"
    "fi\n"
    "if [ \"$n\" != absent ]; then\n"
    "    set -C; command printf '' >\"$w\" || exit 22; set +C; t=$w\n"
    // A shell does not say why it cannot write; a program does.
    "    input >\"$t\" 2>/dev/null || {\n"
    "        m=$(head -c \"$n\" /dev/zero 2>&1 >\"$t\")\n"
    "        die 22 \"cannot write beside $r (${m##*: }): it is left as it was\"\n"
    "    }\n"
    "fi\n"
    "lock_place && exec 9>>\"$locks/edit\" || exit 25\n"
    "flock -w 60 9 || die 25 \"someone has held the lock on edits ($locks/edit) for 60 s\"\n"
    "have=absent got=$new; [ ! -e \"$r\" ] || have=\n"
    "if [ -n \"$t\" ] && [ -z \"$have\" ]; then\n"
    "    set -- $(sha256sum /dev/fd/3 /dev/fd/4 3<\"$t\" 4<\"$r\"); got=${1:-} have=${3:-}\n"
    "elif [ -n \"$t\" ]; then set -- $(sha256sum <\"$t\"); got=${1:-}\n"
    "elif [ -z \"$have\" ]; then set -- $(sha256sum <\"$r\"); have=${1:-}\n"
    "fi\n"
    "[ \"$got\" = \"$new\" ] || die 23 \"the new content of $r did not arrive whole: it is left as it was\"\n"
    "[ \"$have\" = \"$old\" ] || die 21 \"$r has changed meanwhile\"\n"
    "if [ -n \"$t\" ]; then\n"
    "    if [ \"$have\" != absent ]; then\n"
    "        cp --attributes-only --preserve=all --no-preserve=timestamps -- \"$r\" \"$t\" || exit 22\n"
    "        ! selinuxenabled 2>/dev/null || [ \"$(label \"$r\")\" = \"$(label \"$t\")\" ] ||\n"
    "            chcon --reference=\"$r\" -- \"$t\" || stay=foreign\n"
    "        if ! own \"$r\" || ! own \"$t\"; then\n"
    "            set -- $(stat -c %u:%g:%a -- \"$r\" \"$t\")\n"
    "            [ $# = 2 ] && [ \"$1\" = \"$2\" ] || stay=foreign\n"
    "        fi\n"
    "        if [ -n \"$stay\" ] && [ ! -w \"$r\" ]; then\n"
    "            a=$(stat -c %U:%G -- \"$r\")\n"
    "            die 27 \"$r belongs to $a, which a new file could not: it is left as it was\"\n"
    "        fi\n"
    "    else\n"
    "        [ \"$mode\" = 0600 ] || chmod \"$mode\" \"$t\" || exit 22\n"
    "        [ -z \"$owner\" ] || chown -- \"$owner:\" \"$t\" || exit 22\n"
    "    fi\n"
    "    sync -- \"$t\" || exit 22\n"
    "fi\n"
    "if [ \"$have\" != absent ] && [ -n \"$b\" ]; then\n"
    "    nb=$b; ln -f -- \"$r\" \"$b\" 2>/dev/null || cp --preserve=all -- \"$r\" \"$b\" || die 22 \"cannot keep a "
    "backup of $r\"\n"
    "fi\n"
    "how=renamed\n"
    "if [ -z \"$t\" ]; then rm -f -- \"$r\" || exit 22; how=removed\n"
    "elif [ -z \"$stay\" ] && m=$(mv -fT -- \"$t\" \"$r\" 2>&1); then t=\n"
    "else\n"
    "    case $stay$m in foreign) ;; *busy*) stay=busy ;; *) die 22 \"$m\" ;; esac\n"
    "    how=$stay s=$b; [ -n \"$s\" ] || { s=$d/.migsh.$$; nb=$s; }\n"
    "    rm -f -- \"$s\"; cp --preserve=all -- \"$r\" \"$s\" && sync -- \"$s\" || die 22 \"cannot keep a backup of "
    "$r\"\n"
    "    if dd if=\"$t\" of=\"$r\" bs=16M conv=notrunc,fsync 2>/dev/null && truncate -s \"$n\" -- \"$r\" && sync -- "
    "\"$r\" &&\n"
    "        s2=$(sha256sum <\"$r\") && [ \"${s2%% *}\" = \"$new\" ]; then :\n"
    "    else\n"
    "        dd if=\"$s\" of=\"$r\" bs=16M conv=notrunc,fsync 2>/dev/null && truncate -r \"$s\" -- \"$r\" ||\n"
    "            { nb=; die 22 \"cannot write into $r: its old content is in $s\"; }\n"
    "        die 22 \"cannot write into $r: its old content was put back\"\n"
    "    fi\n"
    "fi\n"
    "[ \"$have\" != absent ] || ! command -v restorecon >/dev/null || restorecon -- \"$r\" || :\n"
    "[ -z \"$b\" ] || nb=\n"
    "md=; sync -- \"$d\"\n"
    "for o in \"$r\".migsh-*~; do [ \"$o\" = \"$b\" ] || [ ! -e \"$o\" ] || rm -f -- \"$o\"; done\n"
    "[ \"$dirmode\" != drop ] || rmdir -- \"$d\" 2>/dev/null || :\n"
    "echo \"MIGSH-DONE $how\"";

void edit_file_release(struct edit_file *f)
{
    change_file_release(&f->now);
    free(f->real);
    free(f->host);
}

// Where the line that begins with `mark` stands; a login shell may have printed before it.
static const char *find_line(const struct buf *out, const char *mark)
{
    const char *s = buf_str(out), *end = s + out->len;
    while (s < end) {
        const char *newline = memchr(s, '\n', (size_t)(end - s));
        if (!newline)
            return NULL;
        if (str_starts(s, mark))
            return s;
        s = newline + 1;
    }
    return NULL;
}

// "MIGSH-HOST NAME\nMIGSH-FILE file|absent HAS-DIR PATH\n" and the bytes.
static int read_gathered(const struct buf *out, struct edit_file *f)
{
    const char *host = find_line(out, "MIGSH-HOST "), *s = find_line(out, "MIGSH-FILE ");
    const char *newline = s ? strchr(s, '\n') : NULL;
    if (!newline || !host)
        return -1;
    _cleanup_free_ char *line = xstrndup(s, (size_t)(newline - s));
    char *rest = line, *part[3];
    for (size_t i = 0; i < ARRAY_SIZE(part); i++) {
        part[i] = strsep(&rest, " ");
        if (!part[i] || !rest)
            return -1;
    }
    host += strlen("MIGSH-HOST ");
    size_t left = (size_t)(buf_str(out) + out->len - (newline + 1));
    f->host = xstrndup(host, strcspn(host, "\n"));
    f->now.exists = strcmp(part[1], "file") == 0;
    f->has_dir = strcmp(part[2], "1") == 0;
    f->real = xstrdup(rest);
    buf_add(&f->now.text, newline + 1, left);
    if (f->now.exists)
        digest_sha256(newline + 1, left, f->sha);
    else
        strcpy(f->sha, "absent");
    return 0;
}

static int gather_failed(const struct node *node, struct remote_result *result, struct err *e)
{
    int status = result->status;
    if (status == 0)
        return place_unexpected(node, buf_str(&result->out), e);
    remote_result_output(place_name(node), result, NULL, e);
    if (status == EXIT_NOT_A_FILE)
        e->code = ERR_STATE;
    return -1;
}

int edit_file_gather(struct ctx *ctx, struct job *job, struct node *node, const char *path, bool as_user,
                     struct edit_file *ret, struct err *e)
{
    if ((path[0] != '/' && path[0] != '~') || strpbrk(path, "\r\n") || str_ends(path, "/"))
        return err_set(e, ERR_USAGE, "'%s' is not the path of a file", path);
    _cleanup_free_ char *max = xasprintf("%d", MAX_FILE + 1);
    const char *const args[] = {path, max};
    struct place_exec spec = {.script = gather_script,
                              .args = args,
                              .n_args = ARRAY_SIZE(args),
                              .root = !as_user,
                              .max_output = (size_t)MAX_FILE + 65536,
                              .timeout_ms = TIMEOUT_MS};
    _cleanup_(remote_result_release) struct remote_result result = REMOTE_RESULT_INIT;
    if (place_exec(ctx, job, node, &spec, &result, e) < 0)
        return -1;
    struct edit_file f = {.real = NULL};
    if (result.status != 0 || read_gathered(&result.out, &f) < 0) {
        edit_file_release(&f);
        return gather_failed(node, &result, e);
    }
    if (f.now.text.len > MAX_FILE) {
        err_set(e, ERR_UNSAFE, "%s: %s has more than %d bytes", place_name(node), f.real, MAX_FILE);
        edit_file_release(&f);
        return -1;
    }
    *ret = f;
    return 0;
}

struct write_args {
    char *script, *n, *mode, *dir, *backup, *temp;
    char sha[DIGEST_HEX];
    const char *list[9];
};

static void write_args_release(struct write_args *a)
{
    free(a->script);
    free(a->n);
    free(a->mode);
    free(a->dir);
    free(a->backup);
    free(a->temp);
}

static char *backup_name(const char *real)
{
    char stamp[32];
    struct tm tm;
    gmtime_r(&(time_t){time(NULL)}, &tm);
    strftime(stamp, sizeof(stamp), "%Y%m%dT%H%M%SZ", &tm);
    return xasprintf("%s.migsh-%s~", real, stamp);
}

// A new name each time, in the same directory; the script makes the file only if there is none of that name.
static char *temp_name(const char *real)
{
    _cleanup_free_ char *token = token_hex(8);
    return xasprintf("%.*s/.migsh.%s", (int)(strrchr(real, '/') - real), real, token);
}

static struct place_exec make_write(const struct edit_write *w, struct write_args *a)
{
    const struct buf *text = &w->new_file->text;
    bool there = w->new_file->exists;
    digest_sha256(text->s, text->len, a->sha);
    a->script = xasprintf("%s%s", lock_place, write_script);
    a->n = there ? xasprintf("%zu", text->len) : xstrdup("absent");
    a->mode = xasprintf("%04o", w->mode ? w->mode : 0644);
    a->dir = w->drop_dir ? xstrdup("drop") : w->dir_mode ? xasprintf("%04o", w->dir_mode) : xstrdup("0");
    a->backup = w->no_backup ? xstrdup("") : backup_name(w->old->real);
    a->temp = temp_name(w->old->real);
    const char *const list[] = {w->old->real, w->old->sha, a->n,   a->sha, a->mode, w->owner ? w->owner : "",
                                a->dir,       a->backup,   a->temp};
    memcpy(a->list, list, sizeof(list));
    return (struct place_exec){.script = a->script,
                               .args = a->list,
                               .n_args = ARRAY_SIZE(list),
                               .root = !w->as_user,
                               .input = there ? buf_str(text) : NULL,
                               .input_len = there ? text->len : 0,
                               .timeout_ms = TIMEOUT_MS};
}

char *edit_file_words(const struct edit_write *w)
{
    _cleanup_(write_args_release) struct write_args a;
    struct place_exec spec = make_write(w, &a);
    return place_words(&spec);
}

// Why a file was written in place, by what the script says behind MIGSH-DONE.
static const struct {
    const char *how, *note;
} in_place[] = {
    {"MIGSH-DONE busy",
     "the file is a mount point: written in place, after a backup; a reader could have seen it half-written"},
    {"MIGSH-DONE foreign",
     "the file has an owner, group or label that a new one could not have: written in place, after a backup; a reader "
     "could have seen it half-written"},
};

int edit_file_write(struct ctx *ctx, struct job *job, struct node *node, const struct edit_write *w,
                    const char **ret_note, struct err *e)
{
    _cleanup_(write_args_release) struct write_args a;
    struct place_exec spec = make_write(w, &a);
    _cleanup_(remote_result_release) struct remote_result result = REMOTE_RESULT_INIT;
    if (place_exec(ctx, job, node, &spec, &result, e) < 0)
        return -1;
    if (result.status == EXIT_CHANGED)
        return 1;
    if (remote_result_output(place_name(node), &result, NULL, e) < 0)
        return result.status == EXIT_FOREIGN
                   ? err_hint(e, "log in as its owner or as root, or give it to who logs in (chown)")
                   : -1;
    const char *done = find_line(&result.out, "MIGSH-DONE ");
    if (!done)
        return place_unexpected(node, buf_str(&result.out), e);
    for (size_t i = 0; i < ARRAY_SIZE(in_place); i++) {
        if (str_starts(done, in_place[i].how))
            *ret_note = in_place[i].note;
    }
    return 0;
}
