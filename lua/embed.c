// SPDX-License-Identifier: GPL-3.0-or-later
// Build tool: writes lib/*.lua as C data to standard output. embed FILE...
#include <stdio.h>
#include <string.h>

static int embed_one(const char *path, size_t i)
{
    FILE *f = fopen(path, "rb");
    if (!f) {
        perror(path);
        return -1;
    }
    printf("static const char lib%zu[] = {", i);
    size_t n = 0;
    int c;
    while ((c = fgetc(f)) != EOF)
        printf("%s%d,", n++ % 24 ? "" : "\n", c > 127 ? c - 256 : c);
    printf("0};\n");
    int failed = ferror(f);
    fclose(f);
    return failed ? -1 : 0;
}

// "…/lib/sched.lua" is "sched".
static void print_row(const char *path, size_t i)
{
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
    printf("    {\"%.*s\", lib%zu, sizeof(lib%zu) - 1},\n", (int)(strlen(name) - strlen(".lua")), name, i, i);
}

int main(int argc, char **argv)
{
    printf("#include \"lua/impl.h\"\n");
    for (int i = 1; i < argc; i++) {
        if (embed_one(argv[i], (size_t)i) < 0)
            return 1;
    }
    printf("const struct embedded_lib embedded_libs[] = {\n");
    for (int i = 1; i < argc; i++)
        print_row(argv[i], (size_t)i);
    printf("    {NULL, NULL, 0},\n};\n");
    return 0;
}
