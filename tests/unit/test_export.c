#include "test.h"

#include "decide/export.h"

#include <string.h>

static enum export_verdict of(const char *root_path, struct export *export)
{
    static char directory[EXPORT_PATH_MAX];
    struct setting setting = {.space = SPACE_DHCP, .code = 17};
    struct scope scope = {.settings = &setting, .count = root_path ? 1 : 0};
    struct scope_view view = {{&scope}, 1};

    if (root_path)
        setting.value = slice_of_string(root_path);
    return export_of(&view, export, directory);
}

static void root_paths_become_directories(void **state)
{
    static const struct {
        const char *root_path, *directory;
    } rows[] = {
        {"/storage/nfs/root", "/storage/nfs/root"},
        {"/storage//nfs/./root/", "/storage/nfs/root"},
        {"10.50.1.1:/root", "/root"},
        {"10.50.1.1:/root,vers=3,tcp", "/root"},
        {"/root,ro", "/root"},
        {"/", "/"},
        {"/odd:name", "/odd:name"},
    };
    struct export export;

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        assert_int_equal(of(rows[i].root_path, &export), EXPORT_GRANTED);
        assert_string_equal(export.directory, rows[i].directory);
    }
}

static void what_is_no_directory_is_no_export(void **state)
{
    char longest[EXPORT_PATH_MAX + 2];
    struct export export;

    (void)state;
    assert_int_equal(of(NULL, &export), EXPORT_NO_ROOT_PATH);
    assert_int_equal(of("", &export), EXPORT_NO_ROOT_PATH);
    assert_int_equal(of("root", &export), EXPORT_BAD_ROOT_PATH);
    assert_int_equal(of("iscsi:10.0.0.1::::iqn", &export), EXPORT_BAD_ROOT_PATH);
    assert_int_equal(of("/root/../etc", &export), EXPORT_BAD_ROOT_PATH);
    memset(longest, 'x', sizeof(longest));
    longest[0] = '/';
    longest[EXPORT_PATH_MAX - 1] = 0;
    assert_int_equal(of(longest, &export), EXPORT_GRANTED);
    longest[EXPORT_PATH_MAX - 1] = 'x';
    longest[EXPORT_PATH_MAX] = 0;
    assert_int_equal(of(longest, &export), EXPORT_BAD_ROOT_PATH);
    memset(longest, '/', sizeof(longest));
    longest[1] = 'a';
    longest[EXPORT_PATH_MAX] = 0;
    assert_int_equal(of(longest, &export), EXPORT_GRANTED);
    assert_string_equal(export.directory, "/a");
}

static void mounts_stay_inside(void **state)
{
    static const struct {
        const char *asked;
        const char *below; /* NULL: refused */
    } rows[] = {
        {"/srv/root", ""},
        {"/srv/root/", ""},
        {"/srv//root/usr/share", "usr/share"},
        {"10.50.1.1:/srv/root", ""}, /* the NetBSD 6 kernel */
        {"/srv/root,vers=3", ""},
        {"/srv/root/a,b", "a,b"},
        {"/srv/root2", NULL},
        {"/srv/roo", NULL},
        {"/srv", NULL},
        {"/", NULL},
        {"", NULL},
        {"srv/root", NULL},
        {"/srv/root/../other", NULL},
    };
    struct export export = {.directory = "/srv/root"};
    char below[EXPORT_PATH_MAX];

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        enum export_verdict verdict = export_allows(&export, slice_of_string(rows[i].asked), below);

        assert_int_equal(verdict, rows[i].below ? EXPORT_GRANTED : EXPORT_OTHER_PATH);
        assert_string_equal(below, rows[i].below ? rows[i].below : "");
    }
    assert_int_equal(export_allows(&export, slice_of("/srv/root\0x", 11), below),
                     EXPORT_OTHER_PATH);
    export = (struct export){.directory = "/"};
    assert_int_equal(export_allows(&export, slice_of_string("/etc"), below), EXPORT_GRANTED);
    assert_string_equal(below, "etc");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(root_paths_become_directories),
        cmocka_unit_test(what_is_no_directory_is_no_export),
        cmocka_unit_test(mounts_stay_inside),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
