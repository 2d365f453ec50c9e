// SPDX-License-Identifier: GPL-3.0-or-later
// Build tool: writes files as C data to standard output. embed HEADER FILE...
//   x.lua  a row of embedded_libs
//   x.sh   `const char x[]`, a program for a node, without its comment lines. A line "@x.pl@" is that file's place.
//   x.pl   (without its comment lines too) stands in a .sh between single quotes, so it may hold none
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static char **files;
static size_t column;

static const char *name_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

static bool is(const char *path, const char *suffix)
{
    size_t n = strlen(path), m = strlen(suffix);
    return n > m && strcmp(path + n - m, suffix) == 0;
}

static void put(const char *text)
{
    for (; *text; text++)
        printf("%s%d,", column++ % 24 ? "" : "\n", (signed char)*text);
}

static int put_lines(const char *path);

// `line` is "@x.pl@\n": that file, which must be among ours.
static int put_file(const char *in, const char *line)
{
    size_t n = strlen(line) - strlen("@@\n");
    for (char **f = files; *f; f++) {
        if (strlen(name_of(*f)) == n && strncmp(name_of(*f), line + 1, n) == 0)
            return put_lines(*f);
    }
    fprintf(stderr, "%s: %.*s is not among the files to embed\n", in, (int)n, line + 1);
    return -1;
}

static int put_line(const char *path, const char *line)
{
    bool lua = is(path, ".lua");
    if (!lua && line[strspn(line, " \t")] == '#')
        return 0;
    if (is(path, ".pl") && strchr(line, '\'')) {
        fprintf(stderr, "%s: a single quote, which would end the program in its .sh: %s", path, line);
        return -1;
    }
    if (!lua && line[0] == '@' && is(line, ".pl@\n"))
        return put_file(path, line);
    put(line);
    return 0;
}

static int put_lines(const char *path)
{
    FILE *f = fopen(path, "rb");
    if (!f) {
        perror(path);
        return -1;
    }
    char line[4096];
    int r = 0;
    while (r == 0 && fgets(line, sizeof(line), f)) {
        if (!strchr(line, '\n')) {
            fprintf(stderr, "%s: a line that is too long or has no end\n", path);
            r = -1;
        } else
            r = put_line(path, line);
    }
    if (ferror(f))
        r = -1;
    fclose(f);
    return r;
}

int main(int argc, char **argv)
{
    if (argc < 2)
        return 1;
    printf("#include \"%s\"\n", argv[1]);
    files = argv + 2;
    bool rows = false;
    for (int i = 2; i < argc; i++) {
        const char *path = argv[i];
        column = 0;
        if (is(path, ".lua"))
            printf("static const char lib%d[] = {", i);
        else if (is(path, ".sh"))
            printf("const char %.*s[] = {", (int)(strlen(name_of(path)) - strlen(".sh")), name_of(path));
        else
            continue;
        if (put_lines(path) < 0)
            return 1;
        printf("0};\n");
        rows = rows || is(path, ".lua");
    }
    if (rows)
        printf("const struct embedded_lib embedded_libs[] = {\n");
    for (int i = 2; rows && i < argc; i++)
        printf("    {\"%.*s\", lib%d, sizeof(lib%d) - 1},\n", (int)(strlen(name_of(argv[i])) - strlen(".lua")),
               name_of(argv[i]), i, i);
    if (rows)
        printf("    {NULL, NULL, 0},\n};\n");
    return 0;
}
