// SPDX-License-Identifier: GPL-3.0-or-later
// The prompt's history and its file. Main thread. See history.h. Each console appends as it goes, so two of them do not
// overwrite each other's lines.
#include "ui/history.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <readline/history.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/json.h"
#include "base/mem.h"
#include "cmd/engine/secret.h"
#include "core/console/out.h"
#include "core/console/typed.h"
#include "io/file_trusted.h"

enum { LIMIT = 2000, TEXT_MAX = 16 << 20 };

static char *file;

static void encode(const char *entry, struct buf *out)
{
    for (; *entry; entry++) {
        if (*entry == '\n')
            buf_adds(out, "\\n");
        else if (*entry == '\\')
            buf_adds(out, "\\\\");
        else
            buf_addc(out, *entry);
    }
    buf_addc(out, '\n');
}

static char *decode(const char *line, size_t n)
{
    _cleanup_buf_ struct buf b = BUF_INIT;
    for (size_t i = 0; i < n; i++) {
        bool pair = line[i] == '\\' && i + 1 < n;
        if (pair)
            i++;
        buf_addc(&b, pair && line[i] == 'n' ? '\n' : line[i]);
    }
    return buf_steal(&b);
}

static void free_entry(HIST_ENTRY *h)
{
    if (h)
        free_history_entry(h);
}

// Adds an entry and drops the older one that is the same. False: it was there.
static bool add_unique(const char *entry)
{
    bool fresh = true;
    HIST_ENTRY **list = history_list();
    for (int i = history_length - 1; list && i >= 0; i--) {
        if (strcmp(list[i]->line, entry) == 0) {
            free_entry(remove_history(i));
            fresh = false;
            break;
        }
    }
    add_history(entry);
    return fresh;
}

// A history that cannot be kept is told of once; the session goes on from memory.
static void give_up(struct err *e)
{
    out_notice(OUT_WARN, "history: %s", e->msg);
    err_release(e);
    free(steal(&file));
}

static void rewrite(void)
{
    _cleanup_buf_ struct buf b = BUF_INIT;
    HIST_ENTRY **list = history_list();
    for (int i = 0; list && list[i]; i++)
        encode(list[i]->line, &b);
    _cleanup_err_ struct err e = ERR_INIT;
    int dir = -1, r = file_state_dir(NULL, true, &dir, &e);
    if (r == 0)
        r = file_replace(file, buf_str(&b), b.len, 0600, &e);
    if (dir >= 0)
        close(dir);
    if (r < 0)
        give_up(&e);
}

static json_t *last_lines(size_t n)
{
    HIST_ENTRY **list = history_list();
    json_t *all = json_array();
    size_t count = (size_t)history_length;
    for (size_t i = count > n ? count - n : 0; list && i < count; i++)
        json_array_append_new(all,
                              json_pack("{s:I, s:o}", "number", (json_int_t)i + 1, "line", json_text(list[i]->line)));
    return all;
}

void history_open(const char *path)
{
    using_history();
    stifle_history(LIMIT);
    typed_set(last_lines);
    file = xstrdup(path);
    if (!file)
        return;
    _cleanup_free_ char *text = NULL;
    _cleanup_err_ struct err e = ERR_INIT;
    if (file_trusted_read(file, TEXT_MAX, &text, NULL, &e) < 0) {
        if (e.code == ERR_NOT_FOUND)
            rewrite(); // an empty file, private from the start
        else
            give_up(&e);
        return;
    }
    int read = 0;
    for (const char *at = text; *at;) {
        const char *nl = strchrnul(at, '\n');
        _cleanup_free_ char *entry = decode(at, (size_t)(nl - at));
        if (*entry) {
            add_unique(entry);
            read++;
        }
        at = *nl ? nl + 1 : nl;
    }
    if (read > history_length)
        rewrite();
}

static void append(const char *entry)
{
    _cleanup_buf_ struct buf b = BUF_INIT;
    _cleanup_err_ struct err e = ERR_INIT;
    encode(entry, &b);
    int dir = -1, fd = -1, r = file_state_dir(NULL, true, &dir, &e);
    if (r == 0)
        r = file_trusted_openat(dir, strrchr(file, '/') + 1, O_WRONLY | O_APPEND, file, &fd, &e);
    if (r == 0 && write(fd, buf_str(&b), b.len) != (ssize_t)b.len)
        r = err_errno(&e, errno, "cannot write %s", file);
    if (fd >= 0)
        close(fd);
    if (dir >= 0)
        close(dir);
    if (r < 0 && e.code == ERR_NOT_FOUND)
        rewrite(); // somebody has removed it
    else if (r < 0)
        give_up(&e);
}

void history_keep(const char *entry)
{
    if (!*entry || *entry == ' ' || *entry == '\t' || secret_in_line(entry))
        return;
    HIST_ENTRY **list = history_list();
    if (list && history_length > 0 && strcmp(list[history_length - 1]->line, entry) == 0)
        return;
    add_unique(entry);
    if (file)
        append(entry);
}

void history_close(void)
{
    typed_set(NULL);
    clear_history();
    free(steal(&file));
}
