#include "test.h"

#include "base/memory.h"
#include "store/boot_file_cache.h"
#include "store/boot_files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A directory with root/ to serve, and beside it what must stay out of reach. */
struct place {
    char directory[64];
    char root[80];
};

static void make_file(const char *directory, const char *name, const char *text, mode_t mode)
{
    char *path = memory_printf("%s/%s", directory, name);
    FILE *file = fopen(path, "w");

    assert_non_null(file);
    fputs(text, file);
    fclose(file);
    assert_int_equal(chmod(path, mode), 0);
    free(path);
}

static void make_link(const struct place *place, const char *target, const char *name)
{
    char *path = memory_printf("%s/%s", place->root, name);

    assert_int_equal(symlink(target, path), 0);
    free(path);
}

static int set_up(void **state)
{
    struct place *place = memory_zeroed(1, sizeof(*place));
    char *path;

    snprintf(place->directory, sizeof(place->directory), "/tmp/bootwire-test-XXXXXX");
    assert_non_null(mkdtemp(place->directory));
    snprintf(place->root, sizeof(place->root), "%s/root", place->directory);
    assert_int_equal(mkdir(place->root, 0755), 0);
    path = memory_printf("%s/dir", place->root);
    assert_int_equal(mkdir(path, 0755), 0);
    free(path);
    path = memory_printf("%s/pipe", place->root);
    assert_int_equal(mkfifo(path, 0644), 0);
    free(path);
    make_file(place->directory, "outside", "secret", 0644);
    make_file(place->root, "file", "content", 0644);
    make_file(place->root, "private", "key", 0600);
    make_link(place, "../outside", "relative-out");
    make_link(place, "/etc/passwd", "absolute-out");
    make_link(place, "/proc/self/root/etc/passwd", "magic-out");
    make_link(place, "/file", "absolute-in");
    make_link(place, "../file", "clamped-in");
    make_link(place, "loop", "loop");
    *state = place;
    return 0;
}

static int tear_down(void **state)
{
    struct place *place = *state;
    char *command = memory_printf("rm -rf %s", place->directory);
    int status = system(command);

    free(command);
    free(place);
    return status;
}

static void names_stay_inside(void **state)
{
    static const struct {
        const char *path;
        enum boot_file_status status;
    } rows[] = {
        {"file", BOOT_FILE_OPEN},
        {"dir/../file", BOOT_FILE_OPEN},
        {"absolute-in", BOOT_FILE_OPEN},
        {"clamped-in", BOOT_FILE_OPEN},
        {"../outside", BOOT_FILE_NOT_FOUND},
        {"/etc/passwd", BOOT_FILE_NOT_FOUND},
        {"relative-out", BOOT_FILE_BAD_LINK},
        {"absolute-out", BOOT_FILE_BAD_LINK},
        {"magic-out", BOOT_FILE_BAD_LINK},
        {"loop", BOOT_FILE_BAD_LINK},
        {"file/x", BOOT_FILE_NOT_FOUND},
        {"nothing", BOOT_FILE_NOT_FOUND},
        {"dir", BOOT_FILE_DIRECTORY},
        {"pipe", BOOT_FILE_SPECIAL},
        {"private", BOOT_FILE_PRIVATE},
    };
    struct place *place = *state;

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct boot_file file;

        if (boot_file_open(&file, place->root, rows[i].path, false) != rows[i].status)
            fail_msg("%s", rows[i].path);
        assert_int_equal(file.descriptor >= 0, rows[i].status == BOOT_FILE_OPEN);
        boot_file_close(&file);
    }
}

static void files_are_read_at_any_place(void **state)
{
    struct place *place = *state;
    struct boot_file file;
    char bytes[16];

    assert_int_equal(boot_file_open(&file, place->root, "file", false), BOOT_FILE_OPEN);
    assert_int_equal(file.size, 7);
    assert_int_equal(boot_file_read(&file, 3, bytes, 2), 2);
    assert_memory_equal(bytes, "te", 2);
    assert_int_equal(boot_file_read(&file, 3, bytes, sizeof(bytes)), 4);
    assert_int_equal(boot_file_read(&file, 100, bytes, sizeof(bytes)), 0);
    boot_file_close(&file);
    assert_int_equal(file.descriptor, -1);
}

static void case_counts_unless_it_does_not(void **state)
{
    struct place *place = *state;
    char *inner = memory_printf("%s/dir", place->root);
    struct boot_file file;

    make_file(inner, "BCD", "store", 0644);
    assert_int_equal(boot_file_open(&file, place->root, "DIR/bcd", false), BOOT_FILE_NOT_FOUND);
    assert_int_equal(boot_file_open(&file, place->root, "DIR/bcd", true), BOOT_FILE_OPEN);
    assert_int_equal(file.size, 5);
    boot_file_close(&file);
    assert_int_equal(boot_file_open(&file, place->root, "DIR/bcx", true), BOOT_FILE_NOT_FOUND);
    assert_int_equal(boot_file_open(&file, place->root, "DIR", true), BOOT_FILE_DIRECTORY);
    assert_int_equal(boot_file_open(&file, place->root, "FILE/x", true), BOOT_FILE_NOT_FOUND);
    free(inner);
}

static void a_missing_root_is_told(void **state)
{
    struct place *place = *state;
    struct boot_file file;
    char *gone = memory_printf("%s/gone", place->directory);
    char *plain = memory_printf("%s/file", place->root);

    assert_int_equal(boot_file_open(&file, gone, "file", false), BOOT_FILE_NO_ROOT);
    assert_int_equal(file.error, ENOENT);
    assert_int_equal(boot_file_open(&file, plain, "file", false), BOOT_FILE_NO_ROOT);
    assert_int_equal(file.error, ENOTDIR);
    free(gone);
    free(plain);
}

static void bytes_are_a_file_too(void **state)
{
    struct boot_file file;
    char bytes[16];

    (void)state;
    assert_int_equal(boot_file_of_bytes(&file, slice_of_string("#!ipxe\n")), BOOT_FILE_OPEN);
    assert_int_equal(file.size, 7);
    assert_int_equal(boot_file_read(&file, 2, bytes, sizeof(bytes)), 5);
    assert_memory_equal(bytes, "ipxe\n", 5);
    boot_file_close(&file);
    assert_int_equal(boot_file_of_bytes(&file, slice_of(NULL, 0)), BOOT_FILE_OPEN);
    assert_int_equal(file.size, 0);
    boot_file_close(&file);
}

static bool cached_text(struct boot_file_cache *cache, const char *root, const char *name,
                        const char *text)
{
    struct boot_file file;
    char bytes[64];
    ssize_t length;

    if (boot_file_cache_open(cache, &file, root, name, false) != BOOT_FILE_OPEN)
        return !text;
    length = boot_file_read(&file, 0, bytes, sizeof(bytes));
    boot_file_close(&file);
    return text && length == (ssize_t)strlen(text) && memcmp(bytes, text, strlen(text)) == 0;
}

static void open_files_are_given_again_while_they_are_the_same(void **state)
{
    struct place *place = *state;
    struct boot_file_cache *cache = boot_file_cache_new(1);
    char *path = memory_printf("%s/kept", place->root);
    char *outside = memory_printf("%s/outside", place->directory);
    struct boot_file first, second;

    make_file(place->root, "kept", "one", 0644);
    make_file(place->directory, "outside", "secret", 0644);
    assert_int_equal(boot_file_cache_open(cache, &first, place->root, "kept", false),
                     BOOT_FILE_OPEN);
    assert_int_equal(boot_file_cache_open(cache, &second, place->root, "kept", false),
                     BOOT_FILE_OPEN);
    assert_int_equal(first.descriptor, second.descriptor);
    boot_file_close(&first);
    assert_true(cached_text(cache, place->root, "kept", "one"));
    /* Another file of that name, other bytes, no right any more, a way out, no file. */
    assert_int_equal(unlink(path), 0);
    make_file(place->root, "kept", "two", 0644);
    assert_true(cached_text(cache, place->root, "kept", "two"));
    make_file(place->root, "kept", "three", 0644);
    assert_true(cached_text(cache, place->root, "kept", "three"));
    assert_int_equal(chmod(path, 0600), 0);
    assert_true(cached_text(cache, place->root, "kept", NULL));
    assert_int_equal(unlink(path), 0);
    assert_int_equal(symlink(outside, path), 0);
    assert_true(cached_text(cache, place->root, "kept", NULL));
    assert_int_equal(unlink(path), 0);
    assert_true(cached_text(cache, place->root, "kept", NULL));
    make_file(place->root, "kept", "four", 0644);
    assert_true(cached_text(cache, place->root, "kept", "four"));
    boot_file_cache_sweep(cache);
    boot_file_cache_sweep(cache);
    assert_true(cached_text(cache, place->root, "kept", "four"));
    boot_file_cache_free(cache);
    boot_file_close(&second);
    unlink(path);
    unlink(outside);
    free(path);
    free(outside);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_stay_inside),
        cmocka_unit_test(files_are_read_at_any_place),
        cmocka_unit_test(case_counts_unless_it_does_not),
        cmocka_unit_test(a_missing_root_is_told),
        cmocka_unit_test(bytes_are_a_file_too),
        cmocka_unit_test(open_files_are_given_again_while_they_are_the_same),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
