// SPDX-License-Identifier: GPL-3.0-or-later
// The command line as mount(8) and libvirt give it. Runs on the main thread before anything else; it must not touch the
// network or the mount point.
#include "mountnfs_priv.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// True if the name is one of the words of the list, which begins and ends with a space.
static bool listed(const char *name, const char *list)
{
    size_t length = strlen(name);
    for (const char *at = list; length > 0 && (at = strstr(at, name)); at++) {
        if (at[-1] == ' ' && at[length] == ' ' && !strchr(name, ' ')) {
            return true;
        }
    }
    return false;
}

static int option_number(const char *name, const char *value, long min, long max, int *ret_number)
{
    char *end = NULL;
    errno = 0;
    long number = value ? strtol(value, &end, 10) : 0;
    if (!value || *value == '\0' || *end != '\0' || errno || number < min || number > max) {
        fprintf(stderr, "mount.nfs: option %s: a number from %ld to %ld is wanted, not '%s'\n", name, min, max,
                value ? value : "");
        return -1;
    }
    *ret_number = (int)number;
    return 0;
}

// A mount that asks for version 4 is served with version 3, and told so. libnfs 4.0's NFSv4 is not fit for disk images:
// it creates everything with mode 0600, and cannot write more than 4 KiB at once. And once a file is opened a second
// time, as QEMU does, its first opening fails with ERANGE on ftruncate, read and write (seen against ganesha). The
// suspicion, not proven, is that libnfs's one open-owner is why: the second OPEN changes the state that both share.
static int option_version(const char *value)
{
    if (value && value[0] == '4' &&
        (value[1] == '\0' || (value[1] == '.' && strchr("012", value[2]) && value[2] && !value[3]))) {
        fprintf(stderr, "mount.nfs: NFS version %s was asked for; version 3 is used\n", value);
        return 0;
    }
    if (value && strcmp(value, "3") == 0) {
        return 0;
    }
    fprintf(stderr, "mount.nfs: NFS version '%s' is not supported: 3, 4, 4.0, 4.1 or 4.2\n", value ? value : "");
    return -1;
}

static void add_fuse_option(struct options *options, const char *option)
{
    if (fuse_opt_add_opt_escaped(&options->fuse_opts, option) != 0) {
        abort(); // out of memory
    }
}

static const char passed_to_fuse[] = " ro rw nosuid nodev noexec suid dev exec sync dirsync noatime nodiratime ";

// What has no meaning here: nothing is cached, locks are local, transfers are as large as the server takes.
static const char ignored[] =
    " defaults _netdev nofail auto noauto user nouser users owner group async atime diratime relatime norelatime"
    " strictatime lazytime nolazytime silent comment rsize wsize retry acregmin acregmax acdirmin acdirmax actimeo ac"
    " noac cto nocto lock nolock local_lock intr nointr bg fg tcp namlen mountvers nconnect rdirplus nordirplus"
    " resvport noresvport sharecache nosharecache acl noacl lookupcache fsc nofsc addr clientaddr mountaddr posix"
    " minorversion ";

// One option of -o. Returns 0, or -1 with the reason on stderr.
static int option_take(const char *name, const char *value, struct options *options)
{
    if (listed(name, " vers nfsvers ")) {
        return option_version(value);
    }
    if (name[0] == 'v' && (name[1] == '3' || name[1] == '4') && !value) {
        return option_version(name + 1);
    }
    if (listed(name, " port mountport ")) {
        return option_number(name, value, 0, 65535, name[0] == 'p' ? &options->port : &options->mount_port);
    }
    if (strcmp(name, "timeo") == 0) {
        return option_number(name, value, 1, 36000, &options->timeo);
    }
    if (strcmp(name, "retrans") == 0) {
        return option_number(name, value, 0, 100, &options->retrans);
    }
    if (listed(name, " soft softerr hard ")) {
        options->soft = name[0] == 's';
        return 0;
    }
    if (listed(name, passed_to_fuse)) {
        add_fuse_option(options, name);
        return 0;
    }
    bool known = listed(name, ignored) || strncmp(name, "x-", 2) == 0 ||
                 (listed(name, " proto mountproto ") && value && listed(value, " tcp tcp6 ")) ||
                 (strcmp(name, "sec") == 0 && value && strcmp(value, "sys") == 0);
    if (!known && !options->sloppy) {
        fprintf(stderr, "mount.nfs: option %s%s%s is not supported\n", name, value ? "=" : "", value ? value : "");
        return -1;
    }
    return 0;
}

static int options_take(char *list, struct options *options)
{
    for (char *save = NULL, *item = strtok_r(list, ",", &save); item; item = strtok_r(NULL, ",", &save)) {
        char *value = strchr(item, '=');
        if (value) {
            *value++ = '\0';
        }
        if (option_take(item, value, options) != 0) {
            return -1;
        }
    }
    return 0;
}

// Splits HOST:PATH or [IPV6]:PATH.
static int source_split(struct options *options)
{
    char *source = options->split = strdup(options->source);
    if (!source) {
        abort(); // out of memory
    }
    char *colon = source[0] == '[' ? strstr(source, "]:/") : strstr(source, ":/");
    if (!colon || colon == source) {
        fprintf(stderr, "mount.nfs: '%s' is not of the form HOST:/PATH\n", source);
        return -1;
    }
    bool bracket = *colon == ']';
    options->host = source + bracket;
    options->path = colon + bracket + 1;
    *colon = '\0';
    return 0;
}

static int usage(void)
{
    fprintf(stderr, "usage: mount.nfs HOST:/PATH DIR [-rwvnsf] [-o OPTIONS]\n");
    return EXIT_USAGE;
}

// Reads the switches; all -o are joined in `ret_list`, to be taken last, so that -s counts wherever it stands. Returns
// 0 or an exit status; the caller frees the list in either case.
static int switches_take(int argc, char **argv, struct options *options, char **ret_list)
{
    for (int c; (c = getopt(argc, argv, "o:rwvnsfN:t:")) != -1;) {
        switch (c) {
        case 'o':
            if (fuse_opt_add_opt(ret_list, optarg) != 0) {
                abort(); // out of memory
            }
            break;
        case 'r':
            add_fuse_option(options, "ro");
            break;
        case 's':
            options->sloppy = true;
            break;
        case 'f':
            options->fake = true;
            break;
        case 'v':
            options->verbose = true;
            break;
        case 'w':
        case 'n':
        case 't':
            break;
        default:
            return usage();
        }
    }
    return argc - optind == 2 ? 0 : usage();
}

int options_read(int argc, char **argv, struct options *ret_options)
{
    *ret_options = (struct options){.timeo = 600, .retrans = 2};
    char *list = NULL;
    int status = switches_take(argc, argv, ret_options, &list);
    if (status == 0 && list && options_take(list, ret_options) != 0) {
        status = EXIT_USAGE;
    }
    free(list);
    if (status != 0) {
        return status;
    }
    ret_options->source = argv[optind];
    ret_options->dir = argv[optind + 1];
    return source_split(ret_options) == 0 ? 0 : EXIT_USAGE;
}

void options_release(struct options *options)
{
    free(options->split);
    free(options->fuse_opts);
}
