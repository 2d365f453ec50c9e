// SPDX-License-Identifier: GPL-3.0-or-later
// What the two ends of a copy are, whether they may be copied, and the steps on the destination that move no data. Job
// threads. All by scripts, the paths as their arguments.
#include <stdio.h>
#include <string.h>

#include "base/token.h"
#include "core/copy/priv.h"
#include "io/job.h"

// The scripts. They share their variables: $r is the file, resolved; $k its kind.
static const char common[] =
    "kind() { k=; if [ -f \"$1\" ]; then k=file; elif [ -b \"$1\" ]; then k=block; elif [ -d \"$1\" ]; then k=dir; "
    "elif [ -e \"$1\" ]; then k=other; fi; }\n"
    "# Sets $length $identity $inode $device $ids $mode $owner\n"
    "facts() {\n"
    "  set -- \"$1\" $(stat -L -c '%s %.9Y %.9Z %i %d %t:%T %u:%g %a %U:%G' -- \"$1\" 2>/dev/null)\n"
    "  length=$2 identity=\"$2 $3 $4 $5 $6 $7\" inode=$5 device=$6 ids=$8 mode=${9-}\n"
    "  shift; owner=${9-}\n"
    "  [ ! -b \"$r\" ] || length=$(blockdev --getsize64 \"$r\")\n"
    "}\n"
    "# $1 whose facts are known; $2 \"readers\": who only reads it does not count. A device may be open by any name:\n"
    "# libvirt gives QEMU device nodes of its own. A process that is gone when its name is asked for uses nothing, "
    "and\n"
    "# udev looks for a moment at whatever was written. At last the kernel is asked, which tells of swap and of\n"
    "# partitions that are mounted, too.\n"
    "looks() { set -- $(stat -c %u \"/proc/$1\" 2>/dev/null) \"$(readlink \"/proc/$1/exe\" 2>/dev/null)\"\n"
    "  [ \"$1\" = 0 ] && case $2 in /*bin/udevadm | /*bin/udevd | /lib/*/systemd-udevd | /usr/lib/*/systemd-udevd | "
    "/*bin/blkid) ;; *) false ;; esac\n"
    "}\n"
    "used() {\n"
    "  if [ -b \"$1\" ]; then\n"
    "    p=$(find /proc/[0-9]*/fd -maxdepth 1 -type l -print0 2>/dev/null | xargs -0r stat -L -c '%F %t:%T %n' "
    "2>/dev/null | sed -n \"s,^block special file $(stat -L -c %t:%T -- \"$1\") /proc/,/proc/,p\")\n"
    "  else\n"
    "    p=$(find -L /proc/[0-9]*/fd -maxdepth 1 -inum \"$inode\" -printf '%D %p\\n' 2>/dev/null | sed -n "
    "\"s,^$device /proc/,/proc/,p\")\n"
    "  fi\n"
    "  for l in $p; do\n"
    "    p=${l#/proc/} p=${p%%/*}\n"
    "    if [ \"$2\" = readers ] && { { read -r l; read -r l; } <\"/proc/$p/fdinfo/${l##*/}\"; } 2>/dev/null; then\n"
    "      case $l in *0) continue ;; esac\n"
    "    fi\n"
    "    [ \"$p\" != \"${self-}\" ] && { read -r l <\"/proc/$p/comm\"; } 2>/dev/null || continue\n"
    "    ! looks \"$p\" || continue\n"
    "    say used \"$l (process $p)\"; break\n"
    "  done\n"
    "  for l in /sys/block/loop*/loop/backing_file; do\n"
    "    [ -e \"$l\" ] && l=$(losetup -n -O NAME -j \"$1\" 2>/dev/null) && [ -n \"$l\" ] && say used \"loop device "
    "${l%% *}\" && break\n"
    "  done\n"
    "  [ -b \"$1\" ] || return 0\n"
    "  l=$(findmnt -n -o TARGET -S \"$1\" 2>/dev/null) && [ -n \"$l\" ] && say used \"mount at ${l%% *}\" && return\n"
    "  for l in /sys/dev/block/\"$(printf '%d:%d' $(stat -L -c '0x%t 0x%T' -- \"$1\"))\"/holders/*; do\n"
    "    [ ! -e \"$l\" ] || { say used \"device ${l##*/}\"; return; }\n"
    "  done\n"
    "  perl -MFcntl -e 'exit(!sysopen(F, $ARGV[0], O_RDONLY | O_EXCL) && $! == 16 ? 3 : 0)' \"$1\" 2>/dev/null\n"
    "  [ $? != 3 ] || say used 'the kernel: a part of it is mounted, or it is swap'\n"
    "}\n";

// What is on a device $1 of $2 bytes: what blkid knows, an image, or anything at its begin and its end.
static const char with_holds[] =
    "holds() {\n"
    "  h=$(blkid -p -o export -- \"$1\" 2>/dev/null | sed -n 's/^\\(PTTYPE\\|TYPE\\|LABEL\\)=//p' | tr '\\n' ' ')\n"
    "  [ -n \"$h\" ] || [ \"$(head -c 4 -- \"$1\" | od -An -tx1)\" != ' 51 46 49 fb' ] || h='qcow2 '\n"
    "  [ -n \"$h\" ] || [ \"$({ head -c 1048576 -- \"$1\"; dd if=\"$1\" bs=64K iflag=skip_bytes "
    "skip=\"$(($2 > 1048576 ? $2 - 1048576 : 0))\" status=none; } | tr -d '\\0' | head -c 1 | wc -c)\" = 0 ] || "
    "h='data '\n"
    "  [ -z \"$h\" ] || say holds \"${h% }\"\n"
    "}\n";

static const char with_tools[] = "tools() {\n"
                                 "  t=; ! command -v xxhsum >/dev/null || t=\"$t xxh128\"\n"
                                 "  ! command -v b3sum >/dev/null || t=\"$t b3\"\n"
                                 "  ! command -v openssl >/dev/null || t=\"$t openssl\"\n"
                                 "  say digests \"$t sha256 \"\n"
                                 "  ! command -v zstd >/dev/null || say zstd yes\n"
                                 "}\n"
                                 "show_map() { if command -v qemu-img >/dev/null; then echo @text; qemu-img map "
                                 "--output=json -f raw -- \"$1\" 2>&1; fi; }\n";

static const char look_source[] = "r=$(realpath -e -- \"$1\" 2>/dev/null; echo x); r=${r%?x}; kind \"$r\"\n"
                                  "say kind \"$k\"\n"
                                  "facts \"$r\"\n"
                                  "say inode \"$inode\"\n"
                                  "case $k in file | block) ;; *) exit 0 ;; esac\n"
                                  "say size \"$length\"\n"
                                  "say identity \"$identity\"\n"
                                  "say owner \"$owner\"\n"
                                  "say ids \"$ids\"\n"
                                  "say mode \"$mode\"\n"
                                  "[ \"$k\" = block ] || say fstype \"$(stat -f -c %T -- \"$r\")\"\n"
                                  "used \"$r\" \"$3\"\n"
                                  "tools\n"
                                  "show_map \"$r\"\n"
                                  ":\n";

// Is the part file, open as 9, one that nobody else can have made? Otherwise says why not. On a file system of another
// machine, root's files may belong to somebody else.
static const char with_ours[] =
    "ours() {\n"
    "  set -- $(stat -L -c '%u %h %U' /proc/self/fd/9)\n"
    "  [ \"$2\" -le 1 ] || { say foreign \"it is a hard link\"; return 1; }\n"
    "  [ \"$1\" != \"$(id -u)\" ] || return 0\n"
    "  case $(stat -f -c %T .) in nfs* | fuse* | cifs | smb* | v9fs | ceph | lustre | afs | gpfs | prl_fs | vboxsf)\n"
    "    l=$(mktemp -p . .migsh-mark-XXXXXXXX) && n=$(stat -c %u -- \"$l\"); rm -f -- \"$l\"\n"
    "    [ \"$n\" != \"$1\" ] || return 0 ;;\n"
    "  esac\n"
    "  say foreign \"it belongs to ${3-somebody else}\"; return 1\n"
    "}\n";

static const char look_dest[] =
    "reach \"$1\" || { if [ -n \"$why\" ]; then say unsafe \"$why\"; else say nodir yes; fi; "
    "exit 0; }\n"
    "ls -f >/dev/null 2>&1\n"
    "kind \"$r\"; say kind \"$k\"\n"
    "tools\n"
    "say room \"$(stat -f -c '%a %S' .)\"\n"
    "if [ -n \"$k\" ]; then\n"
    "  facts \"$r\"; say inode \"$inode\"\n"
    "  case $k in file | block) [ \"$3\" = update ] || exit 0 ;; *) exit 0 ;; esac\n"
    "  t=$r\n"
    "else\n"
    "  t=$part; if [ -L \"$t\" ]; then k=link; else kind \"$t\"; fi; say part \"$k\"\n"
    "fi\n"
    "case $k in file | block) ;; *) exit 0 ;; esac\n"
    "i=$(identity \"$t\"); pin \"$t\" \"$i\"; say identity \"$i\"\n"
    "[ \"$t\" != \"$part\" ] || ours || exit 0\n"
    "facts \"$r\"\n"
    "say size \"$length\"\n"
    "u=$(exec 9<&-; used \"$t\"); [ -z \"$u\" ] || printf '%s\\n' \"$u\"\n"
    "[ \"$k\" != block ] || holds \"$r\" \"$length\"\n"
    "show_map \"$r\"\n"
    ":\n";

static const char again[] = "r=$(realpath -e -- \"$1\" 2>/dev/null; echo x); r=${r%?x}\n"
                            "facts \"$r\"\n"
                            "say identity \"$identity\"\n"
                            "used \"$r\" \"$2\"\n"
                            ":\n";

static const char mark[] = "r=$(realpath -e -- \"$1\"; echo x); r=${r%?x}\n"
                           "(set -C; : >\"${r%/*}/.migsh-mark-$2\") 2>/dev/null && say marked yes; :\n";

static const char unmark[] = "r=$(realpath -e -- \"$1\"; echo x); r=${r%?x}\n"
                             "rm -f -- \"${r%/*}/.migsh-mark-$2\"\n";

static const char seen_script[] = "real \"$1\"; n=0\n"
                                  "while [ ! -e \"${r%/*}/.migsh-mark-$2\" ]; do\n"
                                  "  n=$((n + 1)); [ $n -lt 15 ] || exit 0\n"
                                  "  sleep 0.1; ls -f -- \"${r%/*}/\" >/dev/null 2>&1\n"
                                  "done\n"
                                  "say seen yes\n";

static const char real[] = "real() { r=$(realpath -m -- \"$1\"; echo x); r=${r%?x}; }\n";

static const char prepare[] =
    "case $2 in *:*) ;; *)\n"
    "  umask 077; dd if=/dev/null of=\"$part\" conv=excl status=none || exit 1\n"
    "  i=$(identity \"$part\"); pin \"$part\" \"$i\"; ours || exit 0; say identity \"$i\" ;;\n"
    "esac\n"
    "truncate -s \"$3\" -- \"$r\"\n";

static const char map_target[] = "facts \"$r\"\n"
                                 "say size \"$length\"\n"
                                 "show_map \"$r\"\n"
                                 ":\n";

// Owner and mode are given to the opened file; if that file cannot have the name, it gets back what it had. "made" is said
// of the name: who reads it there sees the same.
static const char commit[] =
    "made() { case $2 in *:b*) ;; *) say made \"$(stat -c '%i %.9Z %.9W' -- \"$name\")\" ;; esac; }\n"
    "sync -- \"$r\" || exit 1\n"
    "case $2 in place*) made \"$@\"; exit ;; esac\n"
    "facts \"$r\"; u=$(exec 9<&-; used \"$part\"); [ -z \"$u\" ] || { printf '%s\\n' \"$u\"; exit 0; }\n"
    "back=$ids m=$mode\n"
    "chown -- \"$3\" \"$r\" 2>/dev/null || chown -- \"$4\" \"$r\" || exit 1\n"
    "chmod -- \"$5\" \"$r\" && mv -nT -- \"$part\" \"$name\"; s=$?\n"
    "if [ -e \"$part\" ] || [ -L \"$part\" ]; then\n"
    "  chown -- \"$back\" \"$r\" && chmod -- \"$m\" \"$r\"\n"
    "  [ ! -e \"$name\" ] || say there yes\n"
    "  [ -e \"$name\" ]; exit\n"
    "fi\n"
    "[ $s = 0 ] && [ ! -L \"$name\" ] && [ \"$(identity \"$name\")\" = \"${2#*:}\" ] || replaced\n"
    "if selinuxenabled 2>/dev/null; then restorecon -F -- \"$d/${name#./}\" 2>/dev/null; fi\n"
    "sync -- .\n"
    "made \"$@\"\n"
    "say done yes\n";

static int look(struct copy *c, const struct copy_side *s, struct job *job, const char *const *parts, size_t n_parts,
                const char *const *args, size_t n_args, struct facts *ret, struct err *e)
{
    _cleanup_buf_ struct buf script = BUF_INIT;
    for (size_t i = 0; i < n_parts; i++)
        buf_adds(&script, parts[i]);
    // No limit: to sync a large file, or to map one, may take long. A dead peer is noticed anyway.
    int r = s->end->node ? facts_look_within(c->ctx, job, s->end->node, 0, buf_str(&script), args, n_args, ret, e)
                         : facts_look_here(c->ctx, job, buf_str(&script), args, n_args, ret, e);
    const char *words = r < 0 && e->code == ERR_FAILED ? strstr(e->msg, "migsh: ") : NULL;
    if (words) {
        _cleanup_free_ char *own = xstrdup(words + strlen("migsh: "));
        err_release(e);
        copy_failed(s, own, e);
    }
    return r;
}
#define LOOK(c, s, job, parts, args, ret, e) look(c, s, job, parts, ARRAY_SIZE(parts), args, ARRAY_SIZE(args), ret, e)

static uint64_t number(const struct facts *f, const char *key)
{
    const char *s = facts_get(f, key);
    return s ? strtoull(s, NULL, 10) : 0;
}

static const char *readers(const struct copy *c)
{
    return c->o->readers ? "readers" : "";
}

static void look_end(struct job *job, size_t i, void *arg)
{
    struct copy *c = arg;
    struct copy_side *s = i ? &c->to : &c->from;
    const char *const source[] = {common, with_tools, look_source};
    const char *const dest[] = {copy_path, common, with_tools, with_holds, with_ours, look_dest};
    const char *const source_args[] = {s->end->path, "", readers(c)};
    const char *const dest_args[] = {s->end->path, "look", c->o->update ? "update" : ""};
    if (i)
        LOOK(c, s, job, dest, dest_args, &s->facts, &s->err);
    else
        LOOK(c, s, job, source, source_args, &s->facts, &s->err);
}

char *copy_target(const struct copy_side *s)
{
    return s->identity ? xasprintf("%s:%s", s->target, s->identity) : xstrdup(s->target);
}

// The part file must be one that only we can have made.
static int check_foreign(const struct copy_side *s, const struct facts *f, struct err *e)
{
    const char *why = facts_get(f, "foreign"), *part = facts_get(f, "part");
    bool link = part && strcmp(part, "link") == 0;
    if (!why && !link)
        return 0;
    _cleanup_free_ char *what = xasprintf("its part file is not migsh's: %s", link ? "it is a link" : why);
    copy_at(s, e, ERR_UNSAFE, what);
    return err_hint(e, "find out who puts it there, and remove .NAME.migsh-part; nothing was written to it");
}

static int check_unused(const struct copy_side *s, const struct facts *f, struct err *e)
{
    const char *user = facts_get(f, "used");
    if (!user)
        return 0;
    _cleanup_free_ char *what = xasprintf("in use by %s", user);
    copy_at(s, e, ERR_STATE, what);
    if (s->target && strcmp(s->target, "part") == 0)
        return err_hint(e, "another copy writes it; if its console is gone or its line was cut, it ends once the node "
                           "has noticed that, or end it there");
    return err_hint(e, "a copy is only taken of what nobody has open: shut the guest down first");
}

// qemu-img takes QEMU's locks, so it also tells of users on other machines.
static int take_map(struct copy_side *s, const struct facts *f, struct err *e)
{
    copy_map_release(&s->map);
    if (!f->text) { // no qemu-img here: all of it may be data
        copy_map_add(&s->map, 0, s->size, false);
        return 0;
    }
    if (s->size == 0 || copy_map_parse(f->text, f->text_len, s->size, &s->map, e) == 0)
        return 0;
    if (strstr(f->text, "lock")) {
        copy_at(s, e, ERR_STATE, "in use: QEMU holds its lock");
        return err_hint(e, "a copy is only taken of what nobody has open: shut the guest down first");
    }
    _cleanup_free_ char *what = xasprintf("qemu-img map: %.*s", (int)(f->text_len < 300 ? f->text_len : 300), f->text);
    return copy_at(s, e, ERR_FAILED, what);
}

// File systems that tell their holes.
static bool tells_holes(const struct copy_side *s)
{
    static const char known[] = " ext2/ext3 xfs btrfs tmpfs zfs overlayfs f2fs gfs/gfs2 ocfs2 ";
    const char *type = facts_get(&s->facts, "fstype");
    _cleanup_free_ char *word = xasprintf(" %s ", type ? type : "?");
    return s->facts.text && strstr(known, word);
}

static int judge_kind(struct copy *c, struct err *e)
{
    struct copy_side *s = &c->from;
    const char *kind = facts_get(&s->facts, "kind");
    if (!kind || !*kind)
        return copy_at(s, e, ERR_NOT_FOUND, "no such file");
    s->block = strcmp(kind, "block") == 0;
    if (!s->block && strcmp(kind, "file") != 0 && !(c->o->plan && strcmp(kind, "dir") == 0))
        return copy_at(s, e, ERR_USAGE, "neither a file nor a block device");
    s->exists = true;
    s->size = number(&s->facts, "size");
    if (s->block && s->size == 0) // or blockdev did not tell
        return copy_at(s, e, ERR_IO, "the device has no size: nothing is behind it");
    return 0;
}

static int judge_source(struct copy *c, struct err *e)
{
    struct copy_side *s = &c->from;
    c->scan = !tells_holes(s);
    if (c->o->plan)
        return 0;
    return check_unused(s, &s->facts, e) < 0 ? -1 : take_map(s, &s->facts, e);
}

static int judge_dest(struct copy *c, struct err *e)
{
    struct copy_side *s = &c->to;
    const char *kind = facts_get(&s->facts, "kind"), *part = facts_get(&s->facts, "part");
    const char *unsafe = facts_get(&s->facts, "unsafe"), *identity = facts_get(&s->facts, "identity");
    if (facts_get(&s->facts, "nodir"))
        return copy_at(s, e, ERR_NOT_FOUND, "there is no such directory");
    if (unsafe) {
        copy_at(s, e, ERR_UNSAFE, unsafe);
        return err_hint(e, "name the place itself instead of the link");
    }
    s->target = kind && *kind ? "place" : "part";
    if (kind && *kind && strcmp(kind, "file") != 0 && strcmp(kind, "block") != 0)
        return copy_at(s, e, ERR_EXISTS, "it is there already, and is no file");
    if (kind && *kind && !c->o->update) {
        copy_at(s, e, ERR_EXISTS, "it is there already");
        return err_hint(e, "--update makes it equal to the source, sending only what differs");
    }
    s->block = kind && strcmp(kind, "block") == 0;
    s->exists = (kind && *kind) || (part && *part);
    if (check_foreign(s, &s->facts, e) < 0)
        return -1;
    if (part && *part && strcmp(part, "file") != 0)
        return copy_at(s, e, ERR_EXISTS, "its part file is no file");
    if (!s->exists)
        return 0;
    if (!identity)
        return facts_unexpected(s->end->node, &s->facts, e);
    s->identity = xstrdup(identity);
    s->size = number(&s->facts, "size");
    if (check_unused(s, &s->facts, e) < 0)
        return -1;
    if (s->block && s->size < c->from.size) {
        _cleanup_free_ char *what = xasprintf("the device has %llu bytes, and %llu are to be copied",
                                              (unsigned long long)s->size, (unsigned long long)c->from.size);
        copy_at(s, e, ERR_IO, what);
        return err_hint(e, "a larger device, or a file");
    }
    return c->o->plan ? 0 : take_map(s, &s->facts, e);
}

// Writes a file beside the source's and looks for it beside the destination's.
static int beside(struct copy *c, bool *ret_marked, bool *ret_seen, struct err *e)
{
    _cleanup_free_ char *token = token_hex(16);
    _cleanup_facts_ struct facts marked = {0}, seen = {0}, gone = {0};
    const char *const p1[] = {mark}, *const p2[] = {real, seen_script}, *const p3[] = {unmark};
    const char *const a1[] = {c->from.end->path, token}, *const a2[] = {c->to.end->path, token};
    int r = LOOK(c, &c->from, c->job, p1, a1, &marked, e);
    if (r == 0 && facts_yes(&marked, "marked"))
        r = LOOK(c, &c->to, c->job, p2, a2, &seen, e);
    _cleanup_err_ struct err ignored = ERR_INIT;
    LOOK(c, &c->from, NULL, p3, a1, &gone, &ignored); // also when cancelled
    *ret_marked = facts_yes(&marked, "marked");
    *ret_seen = facts_yes(&seen, "seen");
    return r;
}

// A file that both nodes see: its inode has one number, and what is written beside it on one is there on the other.
static int is_same(struct copy *c, bool *ret, struct err *e)
{
    const char *mine = facts_get(&c->from.facts, "inode"), *theirs = facts_get(&c->to.facts, "inode");
    const char *kind = facts_get(&c->to.facts, "kind");
    *ret = false;
    // Each node has a /dev of its own: there nothing is the same by its name, and nothing beside it tells.
    if (kind && strcmp(kind, "block") == 0 && c->from.end->node != c->to.end->node)
        return 0;
    if (!mine || !theirs || strcmp(mine, theirs) != 0)
        return 0;
    bool marked = false;
    return beside(c, &marked, ret, e);
}

int copy_look(struct copy *c, bool *ret_same, struct err *e)
{
    copy_phase(c, "looking", 0);
    job_parallel(c->job, 2, 2, look_end, c);
    for (int i = 0; i < 2; i++) {
        struct err *problem = i ? &c->to.err : &c->from.err;
        if (err_is_set(problem)) {
            err_move(e, problem);
            return -1;
        }
    }
    if (job_check(c->job, e) < 0 || judge_kind(c, e) < 0 || is_same(c, ret_same, e) < 0)
        return -1;
    if (*ret_same || strcmp(facts_get(&c->from.facts, "kind"), "dir") == 0) // of directories only that is to be known
        return 0;
    return judge_source(c, e) < 0 || judge_dest(c, e) < 0 ? -1 : 0;
}

int copy_look_again(struct copy *c, struct err *e)
{
    const char *const parts[] = {common, again}, *const args[] = {c->from.end->path, readers(c)};
    _cleanup_facts_ struct facts f = {0};
    if (LOOK(c, &c->from, c->job, parts, args, &f, e) < 0)
        return -1;
    const char *before = facts_get(&c->from.facts, "identity"), *now = facts_get(&f, "identity");
    if (!before || !now || strcmp(before, now) != 0)
        return copy_at(&c->from, e, ERR_STATE, "it was changed while it was being copied");
    return check_unused(&c->from, &f, e);
}

int copy_room(struct copy *c, uint64_t need, struct err *e)
{
    const char *room = facts_get(&c->to.facts, "room");
    unsigned long long blocks = 0, size = 0;
    if (c->to.block || !room || sscanf(room, "%llu %llu", &blocks, &size) != 2 || need <= blocks * size)
        return 0;
    _cleanup_free_ char *what =
        xasprintf("%llu bytes are needed, and %llu are free", (unsigned long long)need, blocks * size);
    return copy_at(&c->to, e, ERR_IO, what);
}

int copy_prepare(struct copy *c, struct err *e)
{
    if (c->to.block)
        return 0;
    struct copy_side *s = &c->to;
    _cleanup_free_ char *size = xasprintf("%llu", (unsigned long long)c->from.size), *target = copy_target(s);
    const char *const parts[] = {copy_path, with_ours, prepare}, *const args[] = {s->end->path, target, size};
    _cleanup_facts_ struct facts f = {0};
    if (LOOK(c, s, c->job, parts, args, &f, e) < 0)
        return err_wrap(e, "cannot make the part file");
    if (check_foreign(s, &f, e) < 0)
        return -1;
    const char *identity = facts_get(&f, "identity");
    if (!s->identity && !identity)
        return facts_unexpected(s->end->node, &f, e);
    s->identity = s->identity ? s->identity : xstrdup(identity);
    return 0;
}

int copy_map_target(struct copy *c, struct err *e)
{
    const char *const parts[] = {copy_path, common, with_tools, map_target};
    _cleanup_free_ char *target = copy_target(&c->to);
    const char *const args[] = {c->to.end->path, target};
    _cleanup_facts_ struct facts f = {0};
    if (LOOK(c, &c->to, c->job, parts, args, &f, e) < 0)
        return -1;
    c->to.size = number(&f, "size");
    if (!c->to.block && c->to.size != c->from.size)
        return copy_at(&c->to, e, ERR_VERDICT, "its size differs from the source's");
    return take_map(&c->to, &f, e);
}

int copy_commit(struct copy *c, struct err *e)
{
    const struct facts *from = &c->from.facts;
    const char *owner = c->o->owner ? c->o->owner : facts_get(from, "owner");
    const char *ids = c->o->owner ? c->o->owner : facts_get(from, "ids");
    const char *mode = c->o->mode ? c->o->mode : c->from.block ? "600" : facts_get(from, "mode");
    const char *const parts[] = {copy_path, common, commit};
    _cleanup_free_ char *target = copy_target(&c->to);
    const char *const args[] = {c->to.end->path, target, owner, ids, mode};
    _cleanup_facts_ struct facts f = {0};
    if (LOOK(c, &c->to, c->job, parts, args, &f, e) < 0 || check_unused(&c->to, &f, e) < 0)
        return -1;
    if (facts_get(&f, "there"))
        return copy_at(&c->to, e, ERR_EXISTS, "it has been created in the meantime");
    const char *made = facts_get(&f, "made");
    c->made = made ? xstrdup(made) : NULL;
    return 0;
}

// --- Only whether both ends are one

enum { SAMPLES = 24, SAMPLE = 64 << 10 };

static void peek_end(struct job *job, size_t i, void *arg)
{
    struct copy *c = arg;
    struct copy_side *s = i ? &c->to : &c->from;
    const char *const parts[] = {common, real, copy_peek}, *const args[] = {s->end->path};
    LOOK(c, s, job, parts, args, &s->facts, &s->err);
}

// Bytes that are the same before and after, and others on the other end in between, are not one medium's.
static int differ(struct copy *c, bool *ret, struct err *e)
{
    uint64_t units = number(&c->from.facts, "size") / SAMPLE;
    _cleanup_strv_ struct strv at = STRV_INIT;
    for (size_t i = 0; i < SAMPLES && i < units; i++)
        strv_take(&at, xasprintf("%llu", (unsigned long long)(units <= SAMPLES ? i : i * (units - 1) / (SAMPLES - 1))));
    const char *args[2][SAMPLES + 1] = {{c->from.end->path}, {c->to.end->path}};
    for (size_t i = 0; i < at.n; i++)
        args[0][i + 1] = args[1][i + 1] = at.s[i];
    const char *const parts[] = {real, copy_sample};
    _cleanup_facts_ struct facts before = {0}, there = {0}, after = {0};
    *ret = false;
    if (look(c, &c->from, c->job, parts, 2, args[0], at.n + 1, &before, e) < 0 ||
        look(c, &c->to, c->job, parts, 2, args[1], at.n + 1, &there, e) < 0 ||
        look(c, &c->from, c->job, parts, 2, args[0], at.n + 1, &after, e) < 0)
        return -1;
    for (size_t i = 0; i < at.n && !*ret; i++) {
        _cleanup_free_ char *key = xasprintf("at-%s", at.s[i]);
        const char *x = facts_get(&before, key), *y = facts_get(&there, key), *z = facts_get(&after, key);
        *ret = x && y && z && strcmp(x, z) == 0 && strcmp(x, y) != 0;
    }
    return 0;
}

static int tell_shared(struct copy *c, enum copy_shared *ret, char **ret_why, struct err *e)
{
    const struct facts *from = &c->from.facts, *to = &c->to.facts;
    const char *kind = facts_get(from, "kind"), *kind_there = facts_get(to, "kind");
    const char *inode = facts_get(from, "inode"), *inode_there = facts_get(to, "inode");
    const char *name = facts_get(from, "name"), *name_there = facts_get(to, "name");
    if (!kind || !inode || !name)
        return err_set(e, ERR_FAILED, "%s: %s: %s", place_name(c->from.end->node), c->from.end->path,
                       facts_get(from, "problem") ? facts_get(from, "problem") : "no answer");
    if (facts_yes(to, "absent")) {
        *ret = COPY_APART;
        return 0;
    }
    if (!kind_there || !inode_there || !name_there)
        return err_set(e, ERR_FAILED, "%s: %s: %s", place_name(c->to.end->node), c->to.end->path,
                       facts_get(to, "problem") ? facts_get(to, "problem") : "no answer");
    bool marked = false, seen = false, apart = false;
    if (strcmp(kind, "file") == 0 && strcmp(kind_there, "file") == 0) {
        bool same_inode = strcmp(inode, inode_there) == 0;
        if (beside(c, &marked, &seen, e) < 0)
            return -1;
        // Some file systems make up their inodes' numbers on each node; one name in one directory is one file.
        if (seen && (same_inode || strcmp(name, name_there) == 0))
            *ret = COPY_SHARED;
        else if (marked && !same_inode)
            *ret = COPY_APART;
        if (*ret != COPY_UNTOLD)
            return 0;
    }
    if (differ(c, &apart, e) < 0)
        return -1;
    if (apart)
        *ret = COPY_APART;
    else
        *ret_why = xasprintf("what could be compared of %s:%s and %s:%s is equal", place_name(c->from.end->node),
                             c->from.end->path, place_name(c->to.end->node), c->to.end->path);
    return 0;
}

int copy_is_shared(struct ctx *ctx, struct job *job, const struct copy_end *from, const struct copy_end *to,
                   enum copy_shared *ret, char **ret_why, struct err *e)
{
    static const struct copy_options none;
    struct copy c = {.ctx = ctx, .job = job, .o = &none, .from = {.end = from}, .to = {.end = to}};
    struct copy_side *sides[] = {&c.from, &c.to};
    _cleanup_err_ struct err problem = ERR_INIT;
    enum copy_shared told = COPY_UNTOLD;
    char *why = NULL;
    job_parallel(job, 2, 2, peek_end, &c);
    for (int i = 0; i < 2 && !err_is_set(&problem); i++)
        err_move(&problem, &sides[i]->err);
    if (!err_is_set(&problem))
        tell_shared(&c, &told, &why, &problem);
    for (int i = 0; i < 2; i++) {
        facts_release(&sides[i]->facts);
        err_release(&sides[i]->err);
    }
    if (job_check(job, e) < 0) {
        free(why);
        return -1;
    }
    *ret = told;
    *ret_why = why ? why : xstrdup(problem.msg);
    return 0;
}
