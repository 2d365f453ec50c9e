// SPDX-License-Identifier: GPL-3.0-or-later
// known_hosts and authorized_keys: lines of others, of which only keys come out.
#include "core/keys/line.h"
#include "fuzz.h"
#include "io/ssh/known.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct in in = {data, size};
    _cleanup_free_ char *name = in_line(&in), *line = in_line(&in);
    size_t n, len = strlen(line);
    _cleanup_free_ char *text = in_rest(&in, &n);
    struct remote_known_result r = {0};
    _cleanup_free_ char *known = remote_known_name(name, 22), *off = remote_known_name(name, 2222);
    remote_known_look_text(text, n, "file", known, NULL, NULL, &r);
    remote_known_look_text(text, n, "file", known, "ssh-ed25519", "AAAA", &r);
    must(r.verdict != KNOWN_OK || memmem(text, n, "AAAA", 4));
    must(r.verdict == KNOWN_NOTHING || r.verdict == KNOWN_OK || (r.file && r.line));
    remote_known_release(&r);
    remote_known_match(line, known);
    _cleanup_free_ char *key = keys_public(line, len), *auth = keys_authorized_key(line, len);
    _cleanup_free_ char *kept = keys_known_line(line, len), *host = keys_known_key(line, len);
    if (key) { // nothing but a key: one type, one base64
        char *blank = strchr(key, ' ');
        must(blank && !strchr(blank + 1, ' ') && !strpbrk(key, "\n\r\t\"',"));
        _cleanup_free_ char *again = keys_public(key, strlen(key));
        must(again && strcmp(again, key) == 0);
        *blank = '\0';
        must(remote_known_key_valid(key, blank + 1));
    }
    if (kept) {
        _cleanup_free_ char *again = keys_known_line(kept, strlen(kept));
        must(again && strcmp(again, kept) == 0);
    }
    must(!host || !strpbrk(host, " \n"));
    must(!auth || !strchr(auth, '\n'));
    if (keys_known_names(line, len, off))
        must(kept);
    keys_has_options(line, len);
    return 0;
}
