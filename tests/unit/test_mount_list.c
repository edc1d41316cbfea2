/* Who mounted what: the list, and the file that keeps it. */
#include "test.h"

#include "base/memory.h"
#include "store/mount_list.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char directory[64], path[80];

static int setup(void **state)
{
    (void)state;
    snprintf(directory, sizeof(directory), "/tmp/bootwire-mounts-XXXXXX");
    assert_non_null(mkdtemp(directory));
    snprintf(path, sizeof(path), "%s/mounts", directory);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    unlink(path);
    rmdir(directory);
    return 0;
}

static int add(struct mount_list *list, uint32_t address, const char *name)
{
    return mount_list_add(
        list, &(struct mounted){
                  .address = address, .exported = address & 1, .host = "h", .directory = name});
}

/* "/b1 /a2 ": directories with the last digit of their address. */
static const char *shown(const struct mount_list *list)
{
    static char text[2000];
    size_t length = 0;

    text[0] = 0;
    for (const struct mounted *at = mount_list_first(list); at; at = at->next)
        length += (size_t)snprintf(text + length, sizeof(text) - length, "%s%u ", at->directory,
                                   at->address);
    return text;
}

static size_t count(const struct mount_list *list)
{
    size_t n = 0;

    for (const struct mounted *at = mount_list_first(list); at; at = at->next)
        n++;
    return n;
}

static void the_youngest_come_first_and_all_outlive_the_process(void **state)
{
    struct mount_list *list = mount_list_open(path);

    (void)state;
    assert_null(mount_list_first(list));
    assert_int_equal(add(list, 1, "/a"), 0);
    assert_int_equal(add(list, 2, "/a"), 0);
    assert_int_equal(add(list, 1, "/b b\\\n\xff"), 0);
    assert_int_equal(add(list, 1, "/a"), 0);
    assert_int_equal(add(list, 3, "/c"), 0);
    assert_int_equal(mount_list_remove(list, 3, "/c"), 0);
    assert_int_equal(mount_list_remove(list, 3, "/none"), 0);
    assert_string_equal(shown(list), "/a1 /b b\\\n\xff"
                                     "1 /a2 ");
    mount_list_free(list);
    list = mount_list_open(path);
    assert_string_equal(shown(list), "/a1 /b b\\\n\xff"
                                     "1 /a2 ");
    assert_true(mount_list_first(list)->exported);
    assert_string_equal(mount_list_first(list)->host, "h");
    assert_int_equal(mount_list_remove(list, 1, NULL), 0);
    assert_string_equal(shown(list), "/a2 ");
    mount_list_free(list);
    list = mount_list_open(path);
    assert_string_equal(shown(list), "/a2 ");
    assert_false(mount_list_first(list)->exported);
    mount_list_free(list);
}

static void the_list_and_its_file_are_bounded(void **state)
{
    struct mount_list *list = mount_list_open(path);
    struct stat status;
    char name[32];

    (void)state;
    /* One machine takes no more than its share. */
    for (uint32_t i = 0; i <= MOUNT_LIST_ADDRESS_MAX; i++) {
        snprintf(name, sizeof(name), "/%u", i);
        add(list, 7, name);
    }
    assert_int_equal(count(list), MOUNT_LIST_ADDRESS_MAX);
    assert_null(strstr(shown(list), "/07"));
    assert_non_null(strstr(shown(list), "/17"));
    mount_list_free(list);

    /* In memory alone: the file is not what this is about. */
    list = mount_list_open(NULL);
    for (uint32_t i = 0; i < MOUNT_LIST_MAX + 10; i++)
        add(list, 100 + i, "/x");
    assert_int_equal(count(list), MOUNT_LIST_MAX);
    assert_int_equal(mount_list_first(list)->address, 100 + MOUNT_LIST_MAX + 9);
    mount_list_free(list);

    list = mount_list_open(path);
    for (uint32_t i = 0; i < 20000; i++) {
        add(list, 8, i % 2 ? "/y" : "/z");
        mount_list_remove(list, 8, i % 2 ? "/y" : "/z");
    }
    assert_int_equal(stat(path, &status), 0);
    assert_true(status.st_size < 4 * MOUNT_LIST_MAX * 40);
    mount_list_free(list);
    list = mount_list_open(path);
    assert_int_equal(count(list), MOUNT_LIST_ADDRESS_MAX);
    mount_list_free(list);
}

static void lines_that_say_nothing_change_nothing(void **state)
{
    static const char *const lines[] = {
        "",
        "+",
        "+ 10.0.0.1",
        "+ 10.0.0.1 root",
        "+ 10.0.0.1 root h",
        "+ 10.0.0.1 root h d",
        "+ 10.0.0.1 other h /d",
        "+ 10.0.0.1 root h /d more",
        "+ 10.0.0.1 root h /d\\",
        "+ 10.0.0.1 root h /d\\12",
        "+ 10.0.0.1 root h /d\\000",
        "+ 10.0.0.1 root h /d\\777",
        "+ 10.0.0.256 root h /d",
        "* 10.0.0.1 root h /d",
        "- 10.0.0.1 \\0",
    };
    struct mount_list *list = mount_list_open(NULL);
    char *longest = memory_zeroed(1, 4000);

    (void)state;
    assert_true(mount_list_apply(list, slice_of_string("+ 10.0.0.1 root h /keep")));
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        if (mount_list_apply(list, slice_of_string(lines[i])))
            fail_msg("%s", lines[i]);
    }
    memset(longest, 'x', 3999);
    memcpy(longest, "+ 10.0.0.1 root h /", 19);
    assert_false(mount_list_apply(list, slice_of_string(longest)));
    free(longest);
    assert_int_equal(count(list), 1);
    assert_true(mount_list_apply(list, slice_of_string("- 10.0.0.1")));
    assert_int_equal(count(list), 0);
    mount_list_free(list);
}

static void a_file_that_cannot_be_written_is_told_once(void **state)
{
    struct mount_list *list = mount_list_open(path);

    (void)state;
    /* A directory in its place: not even root writes to that. */
    assert_int_equal(mkdir(path, 0700), 0);
    assert_int_equal(add(list, 1, "/a"), EISDIR);
    assert_int_equal(add(list, 1, "/b"), 0);
    assert_int_equal(rmdir(path), 0);
    /* What the file missed it gets with the rest. */
    assert_int_equal(add(list, 1, "/c"), 0);
    mount_list_free(list);
    list = mount_list_open(path);
    assert_string_equal(shown(list), "/c1 /b1 /a1 ");
    mount_list_free(list);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_youngest_come_first_and_all_outlive_the_process, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(the_list_and_its_file_are_bounded, setup, teardown),
        cmocka_unit_test_setup_teardown(lines_that_say_nothing_change_nothing, setup, teardown),
        cmocka_unit_test_setup_teardown(a_file_that_cannot_be_written_is_told_once, setup,
                                        teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
