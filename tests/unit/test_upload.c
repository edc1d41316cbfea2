#include "test.h"

#include "base/memory.h"
#include "store/upload.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static char root[64];

static int make_root(void **state)
{
    (void)state;
    snprintf(root, sizeof(root), "/tmp/upload-XXXXXX");
    return mkdtemp(root) ? 0 : -1;
}

static int remove_root(void **state)
{
    char *command = memory_printf("rm -r %s", root);
    int status = system(command);

    (void)state;
    free(command);
    return status;
}

static bool exists(const char *name)
{
    char *path = memory_printf("%s/%s", root, name);
    bool there = access(path, F_OK) == 0;

    free(path);
    return there;
}

static void touch(const char *name, time_t age)
{
    char *path = memory_printf("%s/%s", root, name);
    struct timespec times[2] = {{.tv_sec = time(NULL) - age}, {.tv_sec = time(NULL) - age}};
    int file = open(path, O_WRONLY | O_CREAT, 0644);

    assert_int_equal(write(file, "1234", 4), 4);
    assert_int_equal(futimens(file, times), 0);
    close(file);
    free(path);
}

static void a_file_appears_when_it_is_whole(void **state)
{
    struct upload upload;

    (void)state;
    assert_int_equal(upload_begin(&upload, root, "x", false), UPLOAD_GOOD);
    assert_true(upload_write(&upload, slice_of("hello", 5)));
    assert_false(exists("x"));
    assert_true(exists(upload.temporary));
    assert_int_equal(upload_total(root), 5);
    assert_int_equal(upload_finish(&upload), UPLOAD_GOOD);
    assert_true(exists("x"));
    assert_false(exists(upload.temporary));
    upload_discard(&upload);

    assert_int_equal(upload_begin(&upload, root, "y", false), UPLOAD_GOOD);
    assert_true(upload_write(&upload, slice_of("hello", 5)));
    upload_discard(&upload);
    assert_false(exists("y"));
    assert_int_equal(upload_total(root), 5);
}

static void what_is_there_stays(void **state)
{
    struct upload upload, other;

    (void)state;
    touch("x", 0);
    assert_int_equal(upload_begin(&upload, root, "x", false), UPLOAD_EXISTS);
    assert_int_equal(upload_begin(&upload, root, "x", true), UPLOAD_GOOD);
    assert_int_equal(upload_finish(&upload), UPLOAD_GOOD);
    assert_int_equal(upload_total(root), 0);
    /* Two at a time: the first one that is whole gets the name. */
    assert_int_equal(upload_begin(&upload, root, "y", false), UPLOAD_GOOD);
    assert_int_equal(upload_begin(&other, root, "y", false), UPLOAD_GOOD);
    assert_int_equal(upload_finish(&other), UPLOAD_GOOD);
    assert_int_equal(upload_finish(&upload), UPLOAD_EXISTS);
    assert_false(exists(upload.temporary));
}

static void names_lead_nowhere_else(void **state)
{
    struct upload upload;
    char *directory = memory_printf("%s/d", root), *link = memory_printf("%s/link", root);
    char *outside = memory_printf("%s/outside", root);

    (void)state;
    assert_int_equal(mkdir(directory, 0755), 0);
    assert_int_equal(symlink("/tmp", link), 0);
    assert_int_equal(symlink("/tmp/none", outside), 0);
    assert_int_equal(upload_begin(&upload, root, "none/x", false), UPLOAD_NO_DIRECTORY);
    assert_int_equal(upload_begin(&upload, root, "link/x", true), UPLOAD_NO_DIRECTORY);
    assert_int_equal(upload_begin(&upload, root, "../x", true), UPLOAD_NO_DIRECTORY);
    assert_int_equal(upload_begin(&upload, root, "outside", true), UPLOAD_EXISTS);
    assert_int_equal(upload_begin(&upload, root, "d", true), UPLOAD_EXISTS);
    assert_int_equal(upload_begin(&upload, root, ".upload-0", true), UPLOAD_RESERVED);
    assert_int_equal(upload_begin(&upload, "/none/at/all", "x", true), UPLOAD_NO_ROOT);
    assert_int_equal(upload.error, ENOENT);
    assert_int_equal(upload_begin(&upload, root, "d/x", false), UPLOAD_GOOD);
    assert_int_equal(upload_finish(&upload), UPLOAD_GOOD);
    assert_true(exists("d/x"));
    free(outside);
    free(link);
    free(directory);
}

static void forgotten_ones_go(void **state)
{
    (void)state;
    touch(".upload-0123456789abcdef", 2 * 3600);
    touch(".upload-0123456789abcdee", 60);
    touch("old", 2 * 3600);
    assert_int_equal(upload_total(root), 8);
    assert_false(exists(".upload-0123456789abcdef"));
    assert_true(exists("old"));
    assert_int_equal(upload_total("/none/at/all"), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_file_appears_when_it_is_whole, make_root, remove_root),
        cmocka_unit_test_setup_teardown(what_is_there_stays, make_root, remove_root),
        cmocka_unit_test_setup_teardown(names_lead_nowhere_else, make_root, remove_root),
        cmocka_unit_test_setup_teardown(forgotten_ones_go, make_root, remove_root),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
