// SPDX-License-Identifier: GPL-3.0-or-later
// Build tool: writes files as C data to standard output. embed HEADER FILE...
//   x.lua  a row of embedded_libs
//   x.txt  a row of explain_topic_texts
//   x.sh   `const char x[]`, a program for a node, without its comment lines but for a first one, "# x", which is what
//          the log calls it. A line "@x.pl@" is that file's place.
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
    bool whole = is(path, ".lua") || is(path, ".txt");
    if (!whole && line[strspn(line, " \t")] == '#')
        return 0;
    if (is(path, ".pl") && strchr(line, '\'')) {
        fprintf(stderr, "%s: a single quote, which would end the program in its .sh: %s", path, line);
        return -1;
    }
    if (!whole && line[0] == '@' && is(line, ".pl@\n"))
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

// A table of the files of one kind, whose texts put_data() wrote.
static void put_rows(const char *suffix, const char *table)
{
    bool any = false;
    for (char **f = files; *f; f++) {
        if (!is(*f, suffix))
            continue;
        if (!any)
            printf("const struct %s[] = {\n", table);
        any = true;
        printf("    {\"%.*s\", text%d", (int)(strlen(name_of(*f)) - strlen(suffix)), name_of(*f), (int)(f - files));
        if (strcmp(suffix, ".lua") == 0)
            printf(", sizeof(text%d) - 1", (int)(f - files));
        printf("},\n");
    }
    if (any)
        printf("    {NULL},\n};\n");
}

static int put_data(char **f)
{
    column = 0;
    if (is(*f, ".lua") || is(*f, ".txt"))
        printf("static const char text%d[] = {", (int)(f - files));
    else if (is(*f, ".sh"))
        printf("const char %.*s[] = {", (int)(strlen(name_of(*f)) - strlen(".sh")), name_of(*f));
    else
        return 0;
    if (is(*f, ".sh")) {
        printf("'#', ' ',");
        for (const char *c = name_of(*f); *c != '.'; c++)
            printf("'%c',", *c);
        printf("'\\n',");
    }
    if (put_lines(*f) < 0)
        return -1;
    printf("0};\n");
    return 0;
}

int main(int argc, char **argv)
{
    if (argc < 2)
        return 1;
    printf("#include \"%s\"\n", argv[1]);
    files = argv + 2;
    for (char **f = files; *f; f++) {
        if (put_data(f) < 0)
            return 1;
    }
    put_rows(".lua", "embedded_lib embedded_libs");
    put_rows(".txt", "explain_topic_text explain_topic_texts");
    return 0;
}
