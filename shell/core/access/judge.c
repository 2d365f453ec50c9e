// SPDX-License-Identifier: GPL-3.0-or-later
// Which gate lets a user in or refuses, of what a node has told. Pure. See access.h. What came of trying to connect has
// the last word: where libvirt let the user in, no gate that looks shut is a failure.
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "base/strv.h"
#include "core/access/access.h"
#include "core/access/rules.h"
#include "core/explain/explain.h"
#include "core/node/ask.h"
#include "io/ssh/remote.h"

struct judge {
    const char *node, *user;
    const struct facts *f;
    json_t *out;
    struct strv groups;
    bool root, modular, activated; // activated: systemd has made the socket
    const char *daemon;            // "libvirtd" or "virtqemud"; NULL: there is none
    char *auth;                    // auth_unix_rw
    // Of the socket.
    char mode[16], owner[64], group[64];
    bool there;
    json_t *shut; // the first gate that refuses, lent
};

// Of a finding: the words are copied, NULL is left out.
struct says {
    const char *seen, *wanted, *why, *remedy;
};

static json_t *tell(struct judge *j, const char *gate, const char *level, struct says s)
{
    json_t *row =
        json_pack("{s:o, s:o, s:o}", "node", json_text(j->node), "gate", json_text(gate), "level", json_text(level));
    const struct {
        const char *key, *text;
    } parts[] = {{"seen", s.seen}, {"wanted", s.wanted}, {"why", s.why}, {"remedy", s.remedy}};
    for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
        if (parts[i].text)
            json_object_set_new(row, parts[i].key, json_text(parts[i].text));
    }
    json_array_append_new(j->out, row);
    if (strcmp(level, "fail") == 0 && !j->shut)
        j->shut = row;
    return row;
}

// A word of a line of migsh.
static void add_word(struct buf *b, const char *word)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._@%+-";
    if (*word && strspn(word, plain) == strlen(word))
        buf_adds(b, word);
    else
        remote_quote_words(b, &word, 1);
}

static char *line(const char *command, const char *node, const char *rest)
{
    struct buf b = BUF_INIT;
    buf_addf(&b, "%s ", command);
    add_word(&b, node);
    buf_addf(&b, " %s", rest);
    return buf_steal(&b);
}

static char *grant_line(const struct judge *j, const char *option)
{
    _cleanup_buf_ struct buf rest = BUF_INIT;
    add_word(&rest, j->user);
    buf_addf(&rest, "%s --apply", option);
    return line("access-grant", j->node, buf_str(&rest));
}

// The unit's state, "LOADED ACTIVE …"; NULL: not told.
static const char *unit(const struct judge *j, const char *name)
{
    const char *v;
    size_t at = 0, n = strlen(name);
    while ((v = facts_next(j->f, "unit", &at))) {
        if (strncmp(v, name, n) == 0 && v[n] == ' ')
            return v + n + 1;
    }
    return NULL;
}

static bool unit_active(const struct judge *j, const char *name)
{
    const char *s = unit(j, name);
    return s && strstr(s, " active ");
}

static const char *pid_of(const struct judge *j, const char *name)
{
    const char *v;
    size_t at = 0, n = strlen(name);
    while ((v = facts_next(j->f, "process", &at))) {
        if (strncmp(v, name, n) == 0 && v[n] == ' ')
            return v + n + 1;
    }
    return NULL;
}

static bool has(const struct judge *j, const char *key, const char *value)
{
    const char *v;
    size_t at = 0;
    while ((v = facts_next(j->f, key, &at))) {
        if (strcmp(v, value) == 0)
            return true;
    }
    return false;
}

// Which of them answers: the one that runs, or whose socket waits; else the one that is installed.
static void find_daemon(struct judge *j)
{
    static const char *const names[] = {"libvirtd", "virtqemud"};
    for (size_t i = 0; i < ARRAY_SIZE(names) && !j->daemon; i++) {
        _cleanup_free_ char *socket = xasprintf("%s.socket", names[i]);
        bool waits = unit_active(j, socket);
        if (!waits && !pid_of(j, names[i]))
            continue;
        j->daemon = names[i];
        j->activated = waits;
    }
    for (size_t i = 0; i < ARRAY_SIZE(names) && !j->daemon; i++) {
        if (has(j, "binary", names[i]))
            j->daemon = names[i];
    }
    j->modular = j->daemon && strcmp(j->daemon, "virtqemud") == 0;
}

// A setting of the daemon's file; the caller frees.
static char *setting(const struct judge *j, const char *key)
{
    _cleanup_free_ char *file = xasprintf("%s.conf ", j->daemon ? j->daemon : "libvirtd");
    const char *v;
    size_t at = 0;
    while ((v = facts_next(j->f, "setting", &at))) {
        _cleanup_conf_ struct conf c = {NULL, 0};
        _cleanup_err_ struct err e = ERR_INIT;
        if (!str_starts(v, file) || conf_parse(v + strlen(file), strlen(v) - strlen(file), &c, &e) < 0 || !c.n)
            continue;
        const char *s = json_string_value(c.all[0].value);
        if (s && strcmp(c.all[0].key, key) == 0)
            return xstrdup(s);
    }
    return NULL;
}

static void judge_daemon(struct judge *j)
{
    if (!j->daemon) {
        tell(j, "daemon", "fail",
             (struct says){
                 "neither libvirtd nor virtqemud", "libvirt's daemon", "libvirt is not installed",
                 "install it there: libvirt-daemon-system (Debian, Ubuntu), libvirt-daemon-kvm (RHEL, Fedora)"});
        return;
    }
    const char *pid = pid_of(j, j->daemon);
    _cleanup_free_ char *seen =
        xasprintf("%s (%s), %s%s%s", j->daemon, j->modular ? "modular" : "monolithic",
                  j->activated ? "its socket by systemd, " : "", pid ? "pid " : "not running", pid ? pid : "");
    if (pid || j->activated) {
        tell(j, "daemon", "pass", (struct says){.seen = seen});
        return;
    }
    _cleanup_free_ char *socket = xasprintf("%s.socket", j->daemon);
    const char *s = unit(j, socket);
    _cleanup_free_ char *start = xasprintf("-- systemctl start %s", s && str_starts(s, "loaded ") ? socket : j->daemon);
    _cleanup_free_ char *remedy = line("exec", j->node, start);
    tell(j, "daemon", "fail",
         (struct says){seen, "it runs, or its socket waits for it", "libvirt's daemon does not run", remedy});
}

static bool in_group(const struct judge *j, const char *group)
{
    return strv_has(&j->groups, group);
}

static unsigned mode_bits(const struct judge *j)
{
    unsigned mode = 0;
    for (const char *s = j->mode; *s; s++)
        mode = mode * 8 + (unsigned)(*s - '0');
    return mode;
}

static void judge_socket(struct judge *j)
{
    const char *name = j->modular ? "virtqemud-sock" : "libvirt-sock";
    const char *v;
    char file[32];
    size_t at = 0;
    while ((v = facts_next(j->f, "socket", &at)) && !j->there)
        j->there =
            sscanf(v, "%31s %15[0-7] %63s %63s", file, j->mode, j->owner, j->group) == 4 && strcmp(file, name) == 0;
    _cleanup_free_ char *path = xasprintf("/run/libvirt/%s", name);
    _cleanup_free_ char *seen =
        j->there ? xasprintf("%s, %s %s:%s", path, j->mode, j->owner, j->group) : xasprintf("no %s", path);
    unsigned mode = j->there ? mode_bits(j) : 0;
    if (!j->there) {
        _cleanup_free_ char *restart = xasprintf("-- systemctl restart %s", j->daemon ? j->daemon : "libvirtd");
        _cleanup_free_ char *remedy = line("exec", j->node, restart);
        tell(j, "socket", "fail", (struct says){seen, "the daemon's socket", "nobody can reach the daemon", remedy});
    } else if (j->root || mode & 2 || (mode & 020 && strcmp(j->group, "root") != 0) || strcmp(j->owner, j->user) == 0) {
        tell(j, "socket", "pass", (struct says){.seen = seen});
    } else if (j->activated) {
        _cleanup_free_ char *remedy =
            xasprintf("set SocketMode=0666 in %s.socket there: systemctl edit %s.socket, systemctl daemon-reload, "
                      "systemctl restart %s.socket",
                      j->daemon, j->daemon, j->daemon);
        tell(j, "socket", "fail",
             (struct says){seen, "writable by others, as polkit decides then, or by a group", "it is root's alone",
                           remedy});
    } else {
        _cleanup_free_ char *remedy =
            line("libvirtd-config", j->node, "unix_sock_group=libvirt unix_sock_rw_perms=0770 --restart --apply");
        tell(j, "socket", "fail",
             (struct says){seen, "writable by a group: 0770, group libvirt", "it is root's alone", remedy});
    }
}

static void judge_group(struct judge *j)
{
    _cleanup_buf_ struct buf seen = BUF_INIT;
    for (size_t i = 0; i < j->groups.n; i++)
        buf_addf(&seen, "%s%s", i ? ", " : "", j->groups.s[i]);
    unsigned mode = j->there ? mode_bits(j) : 0;
    bool needed = !j->root && j->there && !(mode & 2) && mode & 020 && strcmp(j->group, "root") != 0;
    _cleanup_free_ char *group = needed ? xstrdup(j->group) : access_group(j->f);
    if (j->root) {
        tell(j, "group", "skip", (struct says){.why = "root needs none"});
    } else if (group && in_group(j, group)) {
        tell(j, "group", "pass", (struct says){.seen = buf_str(&seen), .wanted = group});
    } else if (needed) {
        _cleanup_free_ char *remedy = grant_line(j, "");
        _cleanup_free_ char *why = xasprintf("only the group '%s' may write to the socket", group);
        tell(j, "group", "fail", (struct says){buf_str(&seen), group, why, remedy});
    } else {
        tell(j, "group", "skip", (struct says){.seen = seen.s, .why = "the socket does not ask for one"});
    }
}

// What systemd made, the daemon does not change.
static void judge_ignored(struct judge *j)
{
    static const char *const keys[] = {"unix_sock_group", "unix_sock_rw_perms", "unix_sock_ro_perms"};
    for (size_t i = 0; i < ARRAY_SIZE(keys) && j->activated; i++) {
        _cleanup_free_ char *value = setting(j, keys[i]);
        if (!value)
            continue;
        _cleanup_free_ char *seen = xasprintf("%s = \"%s\" in %s.conf", keys[i], value, j->daemon);
        _cleanup_free_ char *remedy = xasprintf("--unset %s --apply", keys[i]);
        _cleanup_free_ char *whole = line("libvirtd-config", j->node, remedy);
        tell(j, "auth", "warn",
             (struct says){seen, NULL,
                           "systemd makes the socket, so this is not obeyed: SocketMode and SocketGroup of "
                           "the unit are",
                           whole});
    }
}

static void judge_auth(struct judge *j)
{
    j->auth = setting(j, "auth_unix_rw");
    _cleanup_free_ char *seen =
        j->auth ? xasprintf("auth_unix_rw = \"%s\"", j->auth) : xstrdup("auth_unix_rw is not set");
    if (!j->auth)
        j->auth = xstrdup(facts_get(j->f, "polkit") ? "polkit" : "none");
    if (strcmp(j->auth, "none") == 0 && j->there && mode_bits(j) & 2) {
        _cleanup_free_ char *remedy =
            j->activated
                ? line("libvirtd-config", j->node, "auth_unix_rw=polkit --restart --apply")
                : line("libvirtd-config", j->node, "unix_sock_group=libvirt unix_sock_rw_perms=0770 --restart --apply");
        tell(j, "auth", "warn",
             (struct says){seen, "polkit, or a socket that is not everybody's",
                           "whoever may log in there may do with all guests as root could", remedy});
    } else if (strcmp(j->auth, "none") == 0 || strcmp(j->auth, "polkit") == 0) {
        tell(j, "auth", "pass",
             (struct says){.seen = seen,
                           .why = *j->auth == 'n' ? "whoever reaches the socket is let in" : "polkit is asked"});
    } else if (strcmp(j->auth, "sasl") == 0) {
        tell(j, "auth", "warn",
             (struct says){seen, NULL, "libvirt wants a password of its own (SASL), which migsh has not", NULL});
    } else {
        _cleanup_free_ char *remedy = line("libvirtd-config", j->node, "auth_unix_rw=polkit --restart --apply");
        tell(j, "auth", "fail",
             (struct says){seen, "polkit, none or sasl", "libvirt does not start with that", remedy});
    }
    judge_ignored(j);
}

// .pkla files are read by polkit before 0.106, and later by whoever has the package polkitd-pkla.
static bool reads_pkla(const struct judge *j)
{
    return polkit_is_old(facts_get(j->f, "polkit")) || facts_yes(j->f, "pkla_reader");
}

static void judge_pkla(struct judge *j)
{
    const char *path;
    size_t at = 0, n;
    while (!reads_pkla(j) && (path = facts_next(j->f, "pkla", &at))) {
        const char *name = fact_row(path, SIZE_MAX, &n);
        _cleanup_free_ char *why = xasprintf("polkit %s does not read .pkla files: this one lets nobody in",
                                             facts_get(j->f, "polkit") ? facts_get(j->f, "polkit") : "0.106 and later");
        tell(j, "polkit", "warn", (struct says){name ? name : path, "a rules.d file, or the group libvirt", why, NULL});
    }
}

static void judge_polkit(struct judge *j)
{
    const char *version = facts_get(j->f, "polkit");
    _cleanup_free_ char *by = NULL, *group = NULL;
    if (strcmp(j->auth, "polkit") != 0) {
        tell(j, "polkit", "skip", (struct says){.why = "libvirt does not ask it"});
        return;
    }
    bool granted = rules_grant(j->f, j->user, &j->groups, reads_pkla(j), &by, &group);
    if (j->root) {
        tell(j, "polkit", "pass", (struct says){.why = "libvirt does not ask it about root"});
    } else if (!version) {
        tell(j, "polkit", "fail",
             (struct says){"polkit is not installed", "it is, as libvirt asks it",
                           "libvirt cannot ask whether to let in", "install polkitd there (polkit in RHEL)"});
    } else if (granted) {
        tell(j, "polkit", "pass", (struct says){.seen = by});
    } else {
        _cleanup_free_ char *remedy = grant_line(j, group ? "" : " --polkit");
        _cleanup_free_ char *seen =
            group ? xasprintf("%s lets in the group '%s'", by, group) : xstrdup("no rule of libvirt's");
        tell(j, "polkit", "fail",
             (struct says){seen, "a rule that lets this user in",
                           "polkit would ask for a password, and nobody can answer", remedy});
    }
    judge_pkla(j);
}

static void judge_selinux(struct judge *j)
{
    const char *mode = facts_get(j->f, "selinux"), *nfs = facts_get(j->f, "virt_use_nfs");
    _cleanup_free_ char *seen = nfs ? xasprintf("%s, virt_use_nfs %s", mode, nfs) : xstrdup(mode);
    if (!mode || strcmp(mode, "disabled") == 0) {
        tell(j, "selinux", "skip", (struct says){.seen = seen});
    } else if (strcmp(mode, "enforcing") == 0 && nfs && strcmp(nfs, "off") == 0) {
        _cleanup_free_ char *remedy = line("exec", j->node, "-- setsebool -P virt_use_nfs on");
        tell(j, "selinux", "warn",
             (struct says){seen, "on, where images are on NFS", "QEMU may not open images on NFS", remedy});
    } else {
        tell(j, "selinux", "pass", (struct says){.seen = seen});
    }
}

static void judge_kvm(struct judge *j)
{
    const char *kvm = facts_get(j->f, "kvm"), *opens = facts_get(j->f, "kvm_opens"),
               *qemu = facts_get(j->f, "qemu_user");
    if (!kvm) {
        tell(j, "kvm", "skip", (struct says){.why = "not told"});
    } else if (strcmp(kvm, "none") == 0) {
        _cleanup_free_ char *remedy = line("host-validate", j->node, "qemu");
        tell(j, "kvm", "warn", (struct says){"no /dev/kvm", NULL, "guests of type kvm cannot start there", remedy});
    } else if (opens && strcmp(opens, "no") == 0) {
        _cleanup_free_ char *why = xasprintf("QEMU's user '%s' may not open it", qemu ? qemu : "");
        _cleanup_buf_ struct buf mend = BUF_INIT;
        buf_adds(&mend, "-- usermod -aG kvm ");
        add_word(&mend, qemu ? qemu : "USER");
        _cleanup_free_ char *remedy = line("exec", j->node, buf_str(&mend));
        tell(j, "kvm", "warn", (struct says){kvm, "0660 root kvm, and QEMU's user in kvm", why, remedy});
    } else {
        tell(j, "kvm", "pass", (struct says){.seen = kvm});
    }
}

// Where the connection opened, what looked shut is not.
static void soften(struct judge *j)
{
    size_t i;
    json_t *row;
    json_array_foreach(j->out, i, row)
    {
        const char *why = json_text_at(row, "why");
        if (strcmp(json_text_at(row, "level"), "fail") != 0 || strcmp(json_text_at(row, "node"), j->node) != 0)
            continue;
        _cleanup_free_ char *text =
            xasprintf("%s%sbut libvirt lets the user in all the same", why ? why : "", why ? "; " : "");
        json_object_set_new(row, "level", json_text("warn"));
        json_object_set_new(row, "why", json_text(text));
    }
    j->shut = NULL;
}

static void judge_open(struct judge *j)
{
    const char *refused = facts_get(j->f, "refused"), *untried = facts_get(j->f, "untried");
    if (facts_yes(j->f, "opened")) {
        soften(j);
        tell(j, "open", "pass", (struct says){.seen = "qemu:///system opens"});
    } else if (refused) {
        const struct explain_row *row = explain_find(refused);
        const struct explain_names names = {.node = j->node};
        _cleanup_free_ char *told = row ? explain_remedy(row, &names) : NULL;
        const char *gate = j->shut ? json_text_at(j->shut, "gate") : NULL;
        const char *mend = j->shut ? json_text_at(j->shut, "remedy") : told;
        _cleanup_free_ char *why =
            gate ? xasprintf("refused at: %s", gate) : xstrdup(row ? row->cause : "no gate above tells why");
        tell(j, "open", "fail", (struct says){refused, "qemu:///system opens", why, mend});
    } else {
        tell(j, "open", "skip", (struct says){.why = untried ? untried : "not tried"});
    }
}

void access_judge(const char *node, const struct facts *f, json_t *findings)
{
    struct judge j = {.node = node, .user = facts_get(f, "user"), .f = f, .out = findings};
    const char *groups = facts_get(f, "groups"), *uid = facts_get(f, "uid");
    if (!j.user)
        j.user = "";
    if (groups)
        strv_split(&j.groups, groups, ' ');
    j.root = uid && strcmp(uid, "0") == 0;
    _cleanup_free_ char *who = xasprintf("%s, uid %s", j.user, uid ? uid : "none");
    if (uid)
        tell(&j, "user", "pass", (struct says){.seen = who});
    else
        tell(&j, "user", "fail", (struct says){j.user, "a user of the node", "there is no such user", NULL});
    find_daemon(&j);
    judge_daemon(&j);
    judge_socket(&j);
    judge_group(&j);
    judge_auth(&j);
    judge_polkit(&j);
    judge_selinux(&j);
    judge_kvm(&j);
    judge_open(&j);
    strv_release(&j.groups);
    free(j.auth);
}
