// SPDX-License-Identifier: GPL-3.0-or-later
// A guest's users: their passwords and the ssh keys that may log in as them.
#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "cmd/commands.h"
#include "cmd/domain/power.h"
#include "cmd/rows.h"
#include "core/console/out.h"
#include "io/file.h"
#include "io/virt/agent.h"

enum { DOMAIN, USER };

enum { PASSWORD = USER + 1, FILE_OPT, ENCRYPTED };
static const struct opt_def password_opts[] = {
    [DOMAIN] = DOMAIN_ROW,
    [USER] = {"user", OPT_STRING, OPTF_POS | OPTF_REQ, "the username"},
    [PASSWORD] = {"password", OPT_STRING, OPTF_POS | OPTF_SECRET | OPTF_HIDDEN, "the new password"},
    [FILE_OPT] = {"file", OPT_PATH, 0, "read the new password from a file; its first line"},
    [ENCRYPTED] = {"encrypted", OPT_BOOL, 0, "the password is already encrypted"},
    {NULL},
};

enum { TEXT_MAX = 1 << 20 };

static int read_password(struct cmd_call *c, char **ret, struct err *e)
{
    if (c->vals[PASSWORD].s) {
        err_set(e, ERR_USAGE,
                "a password on the command line could be seen by everybody on this machine; it was not set");
        return err_hint(e, "without it you are asked; --file FILE reads it");
    }
    if (!c->vals[FILE_OPT].s) {
        _cleanup_free_ char *question =
            xasprintf("New password of %s in %s: ", c->vals[USER].s, virt_dom_name(c->vals[DOMAIN].dom));
        return out_ask(c->job, OUT_ASK_SECRET, question, ret, e) < 0 ? err_hint(e, "--file FILE reads it") : 0;
    }
    if (file_read_text(c->vals[FILE_OPT].s, TEXT_MAX, ret, e) < 0)
        return -1;
    (*ret)[strcspn(*ret, "\n")] = '\0';
    return 0;
}

static int run_password(struct cmd_call *c, struct err *e)
{
    struct virt_dom *dom = c->vals[DOMAIN].dom;
    _cleanup_(mem_wipe_text_p) char *password = NULL;
    if (read_password(c, &password, e) < 0)
        return -1;
    if (virt_guest_set_password(dom, c->vals[USER].s, password, c->vals[ENCRYPTED].b, e) < 0)
        return domain_failed(dom, "set a password in", NULL, e);
    domain_result(c, dom);
    json_object_set_new(c->result, "user", json_text(c->vals[USER].s));
    return 0;
}

static const struct opt_def get_opts[] = {
    [DOMAIN] = DOMAIN_ROW,
    [USER] = {"user", OPT_STRING, OPTF_POS | OPTF_REQ, "user to list authorized keys for"},
    {NULL},
};

static int run_get(struct cmd_call *c, struct err *e)
{
    _cleanup_strv_ struct strv keys = STRV_INIT;
    if (virt_guest_ssh_keys(c->vals[DOMAIN].dom, c->vals[USER].s, &keys, e) < 0)
        return domain_failed(c->vals[DOMAIN].dom, "get the ssh keys of a user in", NULL, e);
    c->result = json_array();
    for (size_t i = 0; i < keys.n; i++)
        json_array_append_new(c->result, json_pack("{s:o}", "key", json_text(keys.s[i])));
    return 0;
}

enum { KEYS = USER + 1, RESET, REMOVE };
static const struct opt_def set_opts[] = {
    [DOMAIN] = DOMAIN_ROW,
    [USER] = {"user", OPT_STRING, OPTF_POS | OPTF_REQ, "user to set authorized keys for"},
    [KEYS] = {"file", OPT_PATH, OPTF_POS, "optional file to read keys from"},
    [RESET] = {"reset", OPT_BOOL, 0, "clear out authorized keys file before adding new keys", .excludes = "remove"},
    [REMOVE] = {"remove", OPT_BOOL, 0, "remove keys from the authorized keys file"},
    {NULL},
};

static int run_set(struct cmd_call *c, struct err *e)
{
    struct virt_dom *dom = c->vals[DOMAIN].dom;
    _cleanup_free_ char *text = NULL;
    _cleanup_strv_ struct strv keys = STRV_INIT;
    const char *path = c->vals[KEYS].s;
    enum virt_ssh_keys how = c->vals[REMOVE].b  ? VIRT_SSH_KEYS_REMOVE
                             : c->vals[RESET].b ? VIRT_SSH_KEYS_REPLACE
                                                : VIRT_SSH_KEYS_APPEND;
    if (path && file_read_text(path, TEXT_MAX, &text, e) < 0)
        return -1;
    if (text)
        strv_split(&keys, text, '\n');
    if (!keys.n && (path || how != VIRT_SSH_KEYS_REPLACE))
        return path ? err_set(e, ERR_USAGE, "File %s contains no keys", path)
                    : err_set(e, ERR_USAGE, "which keys? --file FILE; or --reset, to have none");
    if (virt_guest_set_ssh_keys(dom, c->vals[USER].s, &keys, how, e) < 0)
        return domain_failed(dom, "set the ssh keys of a user in", NULL, e);
    domain_result(c, dom);
    json_object_set_new(c->result, "keys", json_integer((json_int_t)keys.n));
    return 0;
}

static const struct view_col key_cols[] = {{"key"}, {NULL}};

const struct cmd_def cmd_set_user_password = {
    .name = "set-user-password",
    .group = "Domains",
    .summary = "set the user password inside the domain",
    .help =
        "By the agent inside the guest. You are asked for the password, or it is read from a file here. One on the\n"
        "command line, as virsh takes it, is refused: lists of processes and histories would have it.",
    .example = "set-user-password share root\nset-user-password share root --file password",
    .opts = password_opts,
    .flags = CMD_CONN,
    .view = {VIEW_NONE, .message = "Password set successfully for {user} in {name}"},
    .run = run_password};

const struct cmd_def cmd_get_user_sshkeys = {.name = "get-user-sshkeys",
                                             .group = "Domains",
                                             .summary = "list authorized SSH keys for given user (via agent)",
                                             .example = "get-user-sshkeys share root",
                                             .opts = get_opts,
                                             .flags = CMD_CONN | CMD_READS,
                                             .view = {VIEW_LINES, key_cols},
                                             .run = run_get};

const struct cmd_def cmd_set_user_sshkeys = {
    .name = "set-user-sshkeys",
    .group = "Domains",
    .summary = "manipulate authorized SSH keys file for given user (via agent)",
    .help =
        "Adds the keys of the file, which is read here, a key a line; --remove takes them away, and --reset leaves\n"
        "no others.",
    .example = "set-user-sshkeys share root --file ~/.ssh/id_ed25519.pub\nset-user-sshkeys share root --reset",
    .opts = set_opts,
    .flags = CMD_CONN,
    .view = {VIEW_NONE},
    .run = run_set};
