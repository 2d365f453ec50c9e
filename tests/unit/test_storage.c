// SPDX-License-Identifier: GPL-3.0-or-later
// core/storage_xml and io/file_new: what is written is read back as it was, what is compared is what counts, and a file
// has its name only when it is complete.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"
#include "core/storage/storage_xml.h"
#include "io/file.h"
#include "io/file_new.h"
#include "io/file_trusted.h"
#include "io/xml.h"

static const char hostile[] = " a 'b' \"c\" <d/> &amp; ]]> \n\t$(e);";

static char *read_back(const char *xml, const char *xpath)
{
    struct err e = ERR_INIT;
    struct xml_doc *doc;
    assert_int_equal(xml_parse(xml, &doc, &e), 0);
    char *s = xml_string(doc, NULL, xpath);
    xml_free(doc);
    return s;
}

static void hostile_names_are_escaped(void **state)
{
    (void)state;
    static const char *const places[] = {"/pool/name", "/pool/@type", "/pool/source/host/@name",
                                         "/pool/source/adapter/@wwnn", "/pool/target/path"};
    char *xml = storage_pool_xml(&(struct pool_spec){
        .name = hostile, .type = hostile, .source_host = hostile, .adapter_wwnn = hostile, .target = hostile});
    for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
        char *s = read_back(xml, places[i]);
        assert_string_equal(s, hostile);
        free(s);
    }
    free(xml);
    xml = storage_vol_xml(&(struct vol_spec){.name = hostile, .capacity = 5, .format = hostile});
    char *name = read_back(xml, "/volume/name"), *format = read_back(xml, "/volume/target/format/@type");
    assert_string_equal(name, hostile);
    assert_string_equal(format, hostile);
    free(name);
    free(format);
    free(xml);
}

static void a_volume_is_renamed_with_its_paths(void **state)
{
    (void)state;
    struct err e = ERR_INIT;
    char *xml;
    assert_int_equal(storage_vol_rename("<volume><name>a</name><key>/p/a</key><capacity>1</capacity>"
                                        "<target><path>/p/a</path><format type='raw'/></target></volume>",
                                        hostile, &xml, &e),
                     0);
    char *name = read_back(xml, "/volume/name"), *format = read_back(xml, "/volume/target/format/@type");
    assert_string_equal(name, hostile);
    assert_string_equal(format, "raw");
    assert_null(read_back(xml, "/volume/key"));
    assert_null(read_back(xml, "/volume/target/path"));
    free(name);
    free(format);
    free(xml);
    assert_int_equal(storage_vol_rename("<volume/>", "b", &xml, &e), -1);
    err_release(&e);
}

static void an_essence_leaves_out_what_differs_by_chance(void **state)
{
    (void)state;
    struct err e = ERR_INIT;
    char *a, *b, *c;
    assert_int_equal(storage_pool_essence("<pool type='dir'>\n  <name>p</name>\n  <uuid>1</uuid>\n  "
                                          "<capacity>5</capacity><target><path>/p</path>"
                                          "<permissions><mode>0711</mode></permissions></target></pool>",
                                          &a, &e),
                     0);
    assert_int_equal(
        storage_pool_essence("<pool type='dir'><name>p</name><target><path>/p</path></target></pool>", &b, &e), 0);
    assert_int_equal(
        storage_pool_essence("<pool type='dir'><name>p</name><target><path>/q</path></target></pool>", &c, &e), 0);
    assert_string_equal(a, b);
    assert_string_not_equal(b, c);
    free(a);
    free(b);
    free(c);
}

static void only_a_directory_is_made_for_a_pool(void **state)
{
    (void)state;
    struct err e = ERR_INIT;
    char *path;
    bool made;
    assert_int_equal(
        storage_pool_target("<pool type='netfs'><target><path>/p</path></target></pool>", &path, &made, &e), 0);
    assert_string_equal(path, "/p");
    assert_true(made);
    free(path);
    assert_int_equal(
        storage_pool_target("<pool type='disk'><target><path>/dev</path></target></pool>", &path, &made, &e), 0);
    assert_false(made); // building it would partition a device
    free(path);
}

static size_t entries(const char *dir)
{
    DIR *d = opendir(dir);
    size_t n = 0;
    while (readdir(d))
        n++;
    closedir(d);
    return n - 2;
}

static void a_new_file_is_there_whole_or_not(void **state)
{
    (void)state;
    struct err e = ERR_INIT;
    struct file_new f;
    char dir[] = "/tmp/migsh-storage-XXXXXX", *text;
    assert_non_null(mkdtemp(dir));
    char *path = xasprintf("%s/a b", dir), *link = xasprintf("%s/link", dir);
    assert_int_equal(file_replace(path, "old", 3, 0640, &e), 0);
    assert_int_equal(symlink("a b", link), 0);

    assert_int_equal(file_new_open(link, &f, &e), 0);
    assert_int_equal(write(f.fd, "new", 3), 3);
    file_new_release(&f); // not committed
    assert_int_equal(entries(dir), 2);
    assert_int_equal(file_read(path, 100, &text, NULL, &e), 0);
    assert_string_equal(text, "old");
    free(text);

    assert_int_equal(file_new_open(link, &f, &e), 0);
    assert_int_equal(write(f.fd, "new", 3), 3);
    assert_int_equal(file_new_commit(&f, &e), 0);
    file_new_release(&f);
    assert_int_equal(entries(dir), 2);
    struct stat st;
    assert_int_equal(lstat(link, &st), 0);
    assert_true(S_ISLNK(st.st_mode));
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0640);
    assert_int_equal(file_read(path, 100, &text, NULL, &e), 0);
    assert_string_equal(text, "new");
    free(text);

    assert_int_equal(file_new_open(dir, &f, &e), -1);
    err_release(&e);
    unlink(link);
    unlink(path);
    rmdir(dir);
    free(path);
    free(link);
}

static void a_text_is_read_whole(void **state)
{
    (void)state;
    struct err e = ERR_INIT;
    char dir[] = "/tmp/migsh-storage-XXXXXX", *text = NULL;
    assert_non_null(mkdtemp(dir));
    char *path = xasprintf("%s/text", dir);
    struct buf b = BUF_INIT;
    for (int i = 0; i < 10000; i++)
        buf_addf(&b, "%d\n", i);
    assert_int_equal(file_replace(path, b.s, b.len, 0600, &e), 0);
    assert_int_equal(file_read_text(path, b.len, &text, &e), 0);
    assert_string_equal(text, b.s);
    mem_wipe_text(text);
    text = NULL;
    assert_int_equal(file_read_text(path, b.len - 1, &text, &e), -1);
    assert_int_equal(e.code, ERR_IO);
    b.s[5000] = '\0';
    assert_int_equal(file_replace(path, b.s, b.len, 0600, &e), 0);
    assert_int_equal(file_read_text(path, b.len, &text, &e), -1);
    assert_int_equal(e.code, ERR_USAGE);
    assert_null(text);
    err_release(&e);
    buf_release(&b);
    unlink(path);
    rmdir(dir);
    free(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hostile_names_are_escaped),
        cmocka_unit_test(a_volume_is_renamed_with_its_paths),
        cmocka_unit_test(an_essence_leaves_out_what_differs_by_chance),
        cmocka_unit_test(only_a_directory_is_made_for_a_pool),
        cmocka_unit_test(a_new_file_is_there_whole_or_not),
        cmocka_unit_test(a_text_is_read_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
