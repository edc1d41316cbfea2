/* What stays open, what does not, and who closes it. */
#include "test.h"

#include "store/open_files.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { EXPORT = 1, OTHER_EXPORT = 2, NOW = 1000000 };

static struct handle handle_number(unsigned number)
{
    struct handle handle = {{0}};

    memcpy(handle.bytes, &number, sizeof(number));
    /* As a keyed hash would be: different for each, in all its bits. */
    for (unsigned i = 0; i < 8; i++)
        handle.bytes[HANDLE_SIZE - 8 + i] = (uint8_t)(number * 2654435761u >> (i * 3));
    return handle;
}

static int open_something(void)
{
    int descriptor = open("/dev/null", O_PATH | O_CLOEXEC);

    assert_true(descriptor >= 0);
    return descriptor;
}

static bool is_open(int descriptor)
{
    return fcntl(descriptor, F_GETFD) >= 0;
}

static struct open_file *keep(struct open_files *files, unsigned number, uint64_t now)
{
    struct handle handle = handle_number(number);

    return open_files_keep(files, handle.bytes, EXPORT, open_something(), now);
}

static bool is_kept(struct open_files *files, unsigned number, uint64_t export, uint64_t now)
{
    struct handle handle = handle_number(number);
    struct open_file *file = open_files_get(files, handle.bytes, export, now);

    open_file_free(file);
    return file != NULL;
}

static void what_is_kept_is_found_by_its_export_alone(void **state)
{
    struct open_files *files = open_files_new(64);
    struct open_file *file = keep(files, 1, NOW), *again;
    struct handle handle = handle_number(1);

    (void)state;
    again = open_files_get(files, handle.bytes, EXPORT, NOW);
    assert_ptr_equal(again, file);
    assert_int_equal(open_file_path(again), open_file_path(file));
    open_file_free(again);
    open_file_free(file);
    assert_true(is_kept(files, 1, EXPORT, NOW));
    assert_false(is_kept(files, 1, OTHER_EXPORT, NOW));
    assert_false(is_kept(files, 2, EXPORT, NOW));
    open_files_free(files);
}

static void a_handle_kept_twice_is_open_once(void **state)
{
    struct open_files *files = open_files_new(64);
    struct open_file *file = keep(files, 1, NOW), *again;
    struct handle handle = handle_number(1);
    int second = open_something(), third = open_something();

    (void)state;
    again = open_files_keep(files, handle.bytes, EXPORT, second, NOW + 1);
    assert_ptr_equal(again, file);
    assert_false(is_open(second));
    open_file_free(again);
    /* Another export's takes its place; who has the first may go on with it. */
    again = open_files_keep(files, handle.bytes, OTHER_EXPORT, third, NOW + 1);
    assert_ptr_not_equal(again, file);
    assert_int_equal(open_file_path(again), third);
    assert_true(is_open(open_file_path(file)));
    second = open_file_path(file);
    open_file_free(file);
    assert_false(is_open(second));
    open_file_free(again);
    open_files_free(files);
    assert_false(is_open(third));
}

static void a_handle_is_looked_up_anew_after_a_while(void **state)
{
    struct open_files *files = open_files_new(64);

    (void)state;
    open_file_free(keep(files, 1, NOW));
    assert_true(is_kept(files, 1, EXPORT, NOW + OPEN_FILES_VALID_MS - 1));
    assert_false(is_kept(files, 1, EXPORT, NOW + OPEN_FILES_VALID_MS));
    open_file_free(keep(files, 1, NOW + OPEN_FILES_VALID_MS));
    assert_true(is_kept(files, 1, EXPORT, NOW + OPEN_FILES_VALID_MS));
    /* A clock read a moment earlier by another thread is no age. */
    assert_true(is_kept(files, 1, EXPORT, NOW));
    open_files_free(files);
}

static void what_nobody_uses_is_closed(void **state)
{
    struct open_files *files = open_files_new(64);
    struct open_file *held = keep(files, 1, NOW), *other = keep(files, 2, NOW);
    int first = open_file_path(held), second = open_file_path(other);

    (void)state;
    open_file_free(other);
    assert_int_equal(open_files_sweep(files, NOW + OPEN_FILES_IDLE_MS - 1), 2);
    open_file_free(keep(files, 3, NOW + OPEN_FILES_IDLE_MS));
    assert_int_equal(open_files_sweep(files, NOW + OPEN_FILES_IDLE_MS), 1);
    assert_false(is_open(second));
    /* In use: closed when that ends. */
    assert_true(is_open(first));
    open_file_free(held);
    assert_false(is_open(first));
    open_files_free(files);
}

static void what_is_forgotten_is_closed(void **state)
{
    struct open_files *files = open_files_new(64);
    struct handle handle = handle_number(1);
    struct open_file *file = keep(files, 1, NOW);
    int descriptor = open_file_path(file);

    (void)state;
    open_file_free(file);
    open_files_forget(files, handle.bytes);
    assert_false(is_open(descriptor));
    assert_false(is_kept(files, 1, EXPORT, NOW));
    open_files_forget(files, handle.bytes);
    open_files_free(files);
}

static void there_is_a_limit(void **state)
{
    struct open_files *files = open_files_new(64);

    (void)state;
    for (unsigned i = 0; i < 1000; i++) {
        open_file_free(keep(files, i, NOW + i / 10));
        /* What is used all the time stays. */
        if (i > 0)
            open_file_free(keep(files, 0, NOW + i / 10));
    }
    assert_in_range(open_files_sweep(files, NOW), 32, 64);
    assert_true(is_kept(files, 0, EXPORT, NOW + 100));
    assert_true(is_kept(files, 999, EXPORT, NOW + 100));
    open_files_free(files);

    assert_int_equal(open_files_limit(0), open_files_limit(10));
    assert_true(open_files_limit(1024) * OPEN_FILE_DESCRIPTORS <= 512);
    assert_true(open_files_limit(UINT64_MAX) < 100000);
}

static void a_reader_and_a_writer_are_opened_once(void **state)
{
    struct open_files *files = open_files_new(64);
    char path[] = "/tmp/bootwire-open-files-XXXXXX", text[8];
    struct handle handle = handle_number(1);
    int descriptor = mkstemp(path), reader, writer;
    struct open_file *file;

    (void)state;
    assert_int_equal(write(descriptor, "text", 4), 4);
    close(descriptor);
    file = open_files_keep(files, handle.bytes, EXPORT, open(path, O_PATH), NOW);
    assert_int_equal(open_file_reader_if_open(file), -1);
    reader = open_file_reader(file);
    assert_true(reader >= 0);
    assert_int_equal(open_file_reader(file), reader);
    assert_int_equal(open_file_reader_if_open(file), reader);
    assert_int_equal(pread(reader, text, sizeof(text), 0), 4);
    assert_int_equal(open_file_writer_if_open(file), -1);
    writer = open_file_writer(file);
    assert_true(writer >= 0 && writer != reader);
    assert_int_equal(open_file_writer(file), writer);
    assert_int_equal(open_file_writer_if_open(file), writer);
    assert_int_equal(pwrite(writer, "again", 5, 0), 5);
    open_file_free(file);
    open_files_free(files);
    assert_false(is_open(reader));
    assert_false(is_open(writer));
    unlink(path);
}

struct race {
    struct open_files *files;
    unsigned start;
};

static void *run(void *argument)
{
    struct race *race = argument;

    for (unsigned i = 0; i < 20000; i++) {
        unsigned number = (race->start + i * 7) % 200;
        struct handle handle = handle_number(number);
        struct open_file *file = open_files_get(race->files, handle.bytes, EXPORT, NOW + i);

        if (!file)
            file = open_files_keep(race->files, handle.bytes, EXPORT, open_something(), NOW + i);
        if (!is_open(open_file_path(file)))
            abort();
        open_file_free(file);
        if (i % 50 == 0)
            open_files_forget(race->files, handle.bytes);
        if (i % 500 == 0)
            (void)open_files_sweep(race->files, NOW + i);
    }
    return NULL;
}

static void threads_may_share_it(void **state)
{
    struct open_files *files = open_files_new(128);
    struct race races[4];
    pthread_t threads[4];

    (void)state;
    for (unsigned i = 0; i < 4; i++) {
        races[i] = (struct race){files, i * 50};
        assert_int_equal(pthread_create(&threads[i], NULL, run, &races[i]), 0);
    }
    for (unsigned i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    open_files_free(files);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_kept_is_found_by_its_export_alone),
        cmocka_unit_test(a_handle_kept_twice_is_open_once),
        cmocka_unit_test(a_handle_is_looked_up_anew_after_a_while),
        cmocka_unit_test(what_nobody_uses_is_closed),
        cmocka_unit_test(what_is_forgotten_is_closed),
        cmocka_unit_test(there_is_a_limit),
        cmocka_unit_test(a_reader_and_a_writer_are_opened_once),
        cmocka_unit_test(threads_may_share_it),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
