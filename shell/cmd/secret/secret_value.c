// SPDX-License-Identifier: GPL-3.0-or-later
// The value of a secret: set from a file or from what is typed, and shown.
#include <string.h>

#include "base/base64.h"
#include "base/buf.h"
#include "base/json.h"
#include "base/mem.h"
#include "cmd/commands.h"
#include "cmd/rows.h"
#include "cmd/secret/secret.h"
#include "core/console/out.h"
#include "io/file.h"
#include "io/virt/secret.h"

enum { SECRET, PLAIN_GET, FILE_OPT = PLAIN_GET, PLAIN, INTERACTIVE, BASE64 };
enum { VALUE_MAX = 65536 }; // libvirt's own limit

static const struct opt_def set_opts[] = {
    [SECRET] = SECRET_ROW,
    [FILE_OPT] = {"file", OPT_PATH, 0, "read secret from file", .excludes = "interactive"},
    [PLAIN] = {"plain", OPT_BOOL, 0, "read the secret from file without converting from base64", .needs = "file"},
    [INTERACTIVE] = {"interactive", OPT_BOOL, 0, "read the secret from the terminal"},
    [BASE64] = {"base64", OPT_STRING, OPTF_POS | OPTF_SECRET | OPTF_HIDDEN, "refused: others could see it"},
    {NULL},
};
static const struct opt_def get_opts[] = {
    [SECRET] = SECRET_ROW,
    [PLAIN_GET] = {"plain", OPT_BOOL, 0, "get value without converting to base64"},
    {NULL},
};

static int from_file(const struct cmd_call *c, struct secret_value *ret, struct err *e)
{
    _cleanup_(secret_value_release) struct secret_value text = {NULL, 0};
    const char *path = c->vals[FILE_OPT].s;
    char *s = NULL;
    if (file_read(path, 2UL * VALUE_MAX, &s, &text.n, e) < 0)
        return -1;
    text.s = (unsigned char *)s;
    if (c->vals[PLAIN].b) {
        *ret = text;
        text.s = NULL;
        return 0;
    }
    ret->s = strlen(s) == text.n ? base64_decode(s, &ret->n) : NULL;
    if (ret->s)
        return 0;
    err_set(e, ERR_USAGE, "%s does not hold base64", path);
    return err_hint(e, "--plain takes the file as it is, with a newline at its end");
}

static int from_operator(const struct cmd_call *c, struct secret_value *ret, struct err *e)
{
    char *typed = NULL;
    if (out_ask(c->job, OUT_ASK_SECRET, "Enter new value for secret", &typed, e) < 0)
        return -1;
    *ret = (struct secret_value){(unsigned char *)typed, strlen(typed)};
    return 0;
}

static int run_set(struct cmd_call *c, struct err *e)
{
    _cleanup_(virt_secret_free_p) struct virt_secret *secret = NULL;
    _cleanup_(secret_value_release) struct secret_value v = {NULL, 0};
    if (c->vals[BASE64].s) {
        err_set(e, ERR_USAGE, "a value on the command line could be seen by everybody on this machine; it was not set");
        return err_hint(e, "--interactive asks for it, --file FILE reads it");
    }
    if (!c->vals[FILE_OPT].s && !c->vals[INTERACTIVE].b)
        return err_set(e, ERR_USAGE, "where is the value from? --interactive asks for it, --file FILE reads it");
    if (secret_find(c, SECRET, &secret, e) < 0 ||
        (c->vals[INTERACTIVE].b ? from_operator(c, &v, e) : from_file(c, &v, e)) < 0)
        return -1;
    if (virt_secret_set_value(secret, v.s, v.n, e) < 0)
        return err_wrap(e, "failed to set the value of secret %s", virt_secret_uuid(secret));
    secret_result(c, secret);
    return 0;
}

// To the byte: a newline more would be another secret.
static void render(const json_t *value, struct buf *out)
{
    buf_add(out, json_string_value(value), json_string_length(value));
}
static const struct view plain_view = {VIEW_CUSTOM, .render = render};

static int run_get(struct cmd_call *c, struct err *e)
{
    _cleanup_(virt_secret_free_p) struct virt_secret *secret = NULL;
    _cleanup_(secret_value_release) struct secret_value v = {NULL, 0};
    if (secret_find(c, SECRET, &secret, e) < 0)
        return -1;
    if (virt_secret_value(secret, &v.s, &v.n, e) < 0)
        return e->code == ERR_NOT_FOUND ? err_hint(e, "secret-set-value gives it one") : -1;
    if (c->vals[PLAIN_GET].b) {
        c->view = &plain_view;
        c->result = json_textn((const char *)v.s, v.n);
        if (json_string_length(c->result) == v.n && memcmp(json_string_value(c->result), v.s, v.n) == 0)
            return 0;
        json_decref(steal(&c->result));
        err_set(e, ERR_UNSUPPORTED, "the value of secret %s is no text", virt_secret_uuid(secret));
        return err_hint(e, "without --plain it is shown in base64");
    }
    char *text = base64_encode(v.s, v.n);
    c->result = json_text(text);
    mem_wipe_text(text);
    return 0;
}

const struct cmd_def cmd_secret_get_value = {
    .name = "secret-get-value",
    .group = "Secrets",
    .summary = "output a secret value",
    .help =
        "In base64, or with --plain as it is, without a newline behind it. libvirt does not give away the value of a\n"
        "private secret.",
    .example = "secret-get-value 55806c7d-8e93-456f-829b-607d8c198367\n"
               "secret-get-value 55806c7d-8e93-456f-829b-607d8c198367 --plain",
    .opts = get_opts,
    .flags = CMD_CONN,
    .view = {VIEW_TEXT},
    .run = run_get};

const struct cmd_def cmd_secret_set_value = {
    .name = "secret-set-value",
    .group = "Secrets",
    .summary = "set a secret value",
    .help =
        "The file is read here, on the admin's machine. A value on the command line, as virsh takes it, is refused:\n"
        "lists of processes and histories would have it.",
    .example = "secret-set-value 55806c7d-8e93-456f-829b-607d8c198367 --interactive\n"
               "secret-set-value 55806c7d-8e93-456f-829b-607d8c198367 --file key --plain",
    .opts = set_opts,
    .flags = CMD_CONN,
    .view = {VIEW_NONE, .message = "Secret value set"},
    .run = run_set};
