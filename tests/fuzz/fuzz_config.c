// SPDX-License-Identifier: GPL-3.0-or-later
// ssh_config and "user@host:port". What is typed wins over what a file says, and nothing runs (a Match exec).
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fuzz.h"
#include "io/ssh/config.h"

static void target(const char *s)
{
    _cleanup_free_ char *user = NULL, *host = NULL;
    _cleanup_err_ struct err e = ERR_INIT;
    int port = -1;
    if (remote_config_parse_target(s, &user, &host, &port, &e) < 0)
        must(e.code == ERR_USAGE && !user && !host);
    else
        must(host && *host && port >= 0 && port <= 65535 && (!user || *user) && *host != '-');
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct in in = {data, size};
    _cleanup_free_ char *name = in_line(&in), *path = NULL;
    target(name);
    int fd = memfd_create("config", MFD_CLOEXEC);
    if (fd < 0 || fchmod(fd, 0600) < 0 || write(fd, in.p, in.n) != (ssize_t)in.n)
        abort();
    path = xasprintf("/proc/self/fd/%d", fd);
    _cleanup_err_ struct err e = ERR_INIT;
    struct remote_config c;
    if (remote_config_load(*name ? name : "h", "typed", 1022, path, &c, &e) == 0) {
        must(strcmp(c.user, "typed") == 0 && c.port == 1022 && c.host);
        must(c.pubkey >= 0 && c.pubkey <= 1 && c.password >= 0 && c.password <= 1 && c.connect_timeout >= 0);
        remote_config_release(&c);
    } else {
        must(e.msg && e.code != ERR_NONE);
    }
    close(fd);
    return 0;
}
