// SPDX-License-Identifier: GPL-3.0-or-later
// The operator's editor. Job threads. See editor.h.
#include "core/console/editor.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "core/console/out.h"
#include "io/file.h"
#include "io/job.h"
#include "io/local.h"

enum { TEXT_MAX = 16 << 20 };

// A directory of its own, as editors leave copies beside the file that they edit.
struct place {
    char *dir, *file;
};

static int place_make(struct place *p, struct err *e)
{
    const char *tmp = getenv("TMPDIR");
    p->dir = xasprintf("%s/migsh-edit.XXXXXX", tmp && *tmp ? tmp : "/tmp");
    if (!mkdtemp(p->dir)) {
        err_errno(e, errno, "cannot make a directory for the text: %s", p->dir);
        free(steal(&p->dir));
        return -1;
    }
    p->file = xasprintf("%s/definition.xml", p->dir);
    return 0;
}

static void place_release(struct place *p)
{
    DIR *d = p->dir ? opendir(p->dir) : NULL;
    const struct dirent *entry;
    while (d && (entry = readdir(d)))
        (void)unlinkat(dirfd(d), entry->d_name, 0); // fails for "." and ".."
    if (d)
        closedir(d);
    if (p->dir && rmdir(p->dir) < 0)
        out_notice(OUT_WARN, "%s could not be removed, and has the text: %s", p->dir, strerror(errno));
    free(p->dir);
    free(p->file);
}

static int write_text(const struct place *p, const char *text, struct err *e)
{
    int fd = open(p->file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    size_t n = strlen(text), done = 0;
    while (fd >= 0 && done < n) {
        ssize_t w = write(fd, text + done, n - done);
        if (w < 0 && errno != EINTR)
            break;
        done += w > 0 ? (size_t)w : 0;
    }
    int r = fd < 0 || done < n ? err_errno(e, errno, "%s", p->file) : 0;
    if (fd >= 0)
        close(fd);
    return r;
}

static int run_editor(struct job *job, const struct place *p, struct err *e)
{
    const char *editor = getenv("VISUAL");
    editor = editor && *editor ? editor : getenv("EDITOR");
    editor = editor && *editor ? editor : "vi";
    _cleanup_free_ char *script = xasprintf("%s \"$1\"", editor); // it may be a program and its options
    int status = 0;
    if (out_lend(false, e) < 0)
        return err_wrap(e, "cannot run an editor (%s)", editor);
    int r = local_on_terminal(job, script, (const char *const[]){p->file, NULL}, -1, &status, e);
    out_take_back();
    if (r == 0 && status)
        return err_set(e, ERR_FAILED, "the editor (%s) ended with status %d: nothing was changed", editor, status);
    return r;
}

static int edit_once(struct job *job, const char *text, char **ret, struct err *e)
{
    _cleanup_(place_release) struct place p = {NULL, NULL};
    if (place_make(&p, e) < 0 || write_text(&p, text, e) < 0 || run_editor(job, &p, e) < 0)
        return -1;
    return file_read_text(p.file, TEXT_MAX, ret, e) < 0 ? err_wrap(e, "nothing was changed") : 0;
}

// 1: the operator wants to go on; 0: not.
static int ask_again(struct job *job, const char *question, struct err *e)
{
    _cleanup_free_ char *answer = NULL;
    if (out_ask(job, OUT_ASK_YESNO, question, &answer, e) < 0)
        return -1;
    return strcmp(answer, "yes") == 0;
}

// 1: edit on.
static int changed_meanwhile(struct job *job, const struct editor *ed, struct err *e)
{
    _cleanup_free_ char *question =
        xasprintf("%s was changed by somebody else meanwhile. Edit on, and replace that?", ed->what);
    int again = ask_again(job, question, e);
    return again ? again : err_set(e, ERR_STATE, "%s was changed by somebody else meanwhile: that stays", ed->what);
}

// 1: edit on.
static int write_back(struct job *job, const struct editor *ed, const char *text, struct err *e)
{
    if (ed->write(ed->data, text, e) == 0)
        return 0;
    _cleanup_free_ char *question = xasprintf("%s\nEdit again?", e->msg);
    _cleanup_err_ struct err why = ERR_INIT;
    int again = ask_again(job, question, &why);
    if (again > 0)
        err_release(e);
    return again > 0 ? 1 : -1;
}

int editor_run(struct job *job, const struct editor *ed, bool *ret_changed, struct err *e)
{
    _cleanup_free_ char *before = NULL, *text = NULL;
    if (ed->read(ed->data, &before, e) < 0)
        return -1;
    text = xstrdup(before);
    for (int again = 1; again;) {
        _cleanup_free_ char *edited = NULL, *now = NULL;
        if (edit_once(job, text, &edited, e) < 0)
            return e->code == ERR_UNSUPPORTED ? err_hint(e, "%s do the same without one", ed->instead) : -1;
        *ret_changed = ed->always || strcmp(edited, before) != 0;
        if (!*ret_changed)
            return 0;
        if (ed->read(ed->data, &now, e) < 0)
            return -1;
        again = strcmp(now, before) != 0 ? changed_meanwhile(job, ed, e) : write_back(job, ed, edited, e);
        if (again < 0)
            return -1;
        free(before);
        before = steal(&now);
        free(text);
        text = steal(&edited);
    }
    return 0;
}
