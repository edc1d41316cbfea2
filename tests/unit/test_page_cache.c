#include "test.h"

#include "platform/linux/page_cache.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { SIZE = 1 << 20 };

static int make_file(char *path)
{
    static char bytes[SIZE];
    int descriptor = mkstemp(path);

    assert_true(descriptor >= 0);
    memset(bytes, 'x', sizeof(bytes));
    assert_int_equal(write(descriptor, bytes, sizeof(bytes)), SIZE);
    assert_int_equal(fsync(descriptor), 0);
    return descriptor;
}

static void what_was_written_is_there(void **state)
{
    char path[] = "page-cache-XXXXXX";
    int descriptor = make_file(path);

    (void)state;
    assert_true(page_cache_has(descriptor, 0, SIZE));
    assert_true(page_cache_has(descriptor, 4095, 2));
    assert_true(page_cache_has(descriptor, SIZE - 1, 1));
    assert_true(page_cache_has(descriptor, 12345, 0));
    close(descriptor);
    unlink(path);
}

/* Not every file system lets go of pages when it is asked to (tmpfs has no other place for them):
 * where it does, they are missed, until they were filled in again. */
static void what_was_dropped_is_missed(void **state)
{
    char path[] = "page-cache-XXXXXX";
    int descriptor = make_file(path);
    size_t count = 0;

    (void)state;
    assert_int_equal(posix_fadvise(descriptor, 0, SIZE, POSIX_FADV_DONTNEED), 0);
    if (page_cache_has(descriptor, 0, SIZE))
        print_message("nothing was dropped here\n");
    assert_int_equal(page_cache_fill(descriptor, 0, SIZE, &count), 0);
    assert_int_equal(count, SIZE);
    assert_true(page_cache_has(descriptor, 0, SIZE));
    close(descriptor);
    unlink(path);
}

static void filling_ends_with_the_file(void **state)
{
    char path[] = "page-cache-XXXXXX";
    int descriptor = make_file(path);
    size_t count = 0;

    (void)state;
    assert_int_equal(page_cache_fill(descriptor, SIZE - 10, 4096, &count), 0);
    assert_int_equal(count, 10);
    assert_int_equal(page_cache_fill(descriptor, 2 * SIZE, 4096, &count), 0);
    assert_int_equal(count, 0);
    close(descriptor);
    descriptor = open(path, O_WRONLY | O_CLOEXEC);
    assert_int_equal(page_cache_fill(descriptor, 0, 4096, &count), EBADF);
    close(descriptor);
    unlink(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_written_is_there),
        cmocka_unit_test(what_was_dropped_is_missed),
        cmocka_unit_test(filling_ends_with_the_file),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
