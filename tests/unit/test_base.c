#include "test.h"

#include "base/cursor.h"
#include "base/log.h"
#include "base/map.h"
#include "base/memory.h"
#include "base/region.h"
#include "base/text.h"
#include "base/thread.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void reader_reads_both_byte_orders(void **state)
{
    const uint8_t bytes[] = {1, 0, 2, 0, 0, 0, 3, 0x78, 0x56, 0x34, 0x12, 'h', 'i', 0};
    struct reader r = reader_of(bytes, sizeof(bytes));

    (void)state;
    assert_int_equal(reader_u8(&r), 1);
    assert_int_equal(reader_be16(&r), 2);
    assert_int_equal(reader_be32(&r), 3);
    assert_int_equal(reader_le32(&r), 0x12345678);
    assert_true(slice_equal_string(reader_string(&r), "hi"));
    assert_int_equal(reader_left(&r), 0);
    assert_false(r.failed);
}

static void reader_error_is_sticky(void **state)
{
    const uint8_t bytes[] = {1, 2, 3};
    struct reader r = reader_of(bytes, sizeof(bytes));
    uint8_t copy[2] = {9, 9};

    (void)state;
    assert_int_equal(reader_be32(&r), 0);
    assert_true(r.failed);
    assert_int_equal(reader_u8(&r), 0);
    assert_int_equal(reader_left(&r), 0);
    reader_copy(&r, copy, sizeof(copy));
    assert_int_equal(copy[0], 0);
    r = reader_of(bytes, sizeof(bytes));
    assert_int_equal(reader_string(&r).length, 0);
    assert_true(r.failed);
}

static void writer_stops_at_its_capacity(void **state)
{
    uint8_t bytes[6];
    struct writer w = writer_of(bytes, sizeof(bytes));

    (void)state;
    writer_be16(&w, 0x0102);
    writer_be32(&w, 0);
    writer_patch_be32(&w, 2, 0x03040506);
    assert_false(w.failed);
    assert_memory_equal(bytes, "\1\2\3\4\5\6", 6);
    writer_u8(&w, 7);
    assert_true(w.failed);
    assert_int_equal(w.length, 6);
    w = writer_of(bytes, sizeof(bytes));
    writer_patch_be32(&w, 0, 1);
    assert_true(w.failed);
}

static void region_keeps_its_limit(void **state)
{
    struct region region;

    (void)state;
    region_init(&region, 1024);
    assert_non_null(region_allocate(&region, 1000));
    assert_null(region_allocate(&region, 100));
    region_reset(&region);
    assert_string_equal(region_printf(&region, "%s-%d", "x", 7), "x-7");
    assert_null(region_allocate(&region, SIZE_MAX));
    region_release(&region);
}

static void map_finds_what_it_was_given(void **state)
{
    struct map map = {0};
    struct map_entry *entry;
    size_t place = 0, seen = 0;
    int values[1000];

    (void)state;
    assert_null(map_get(&map, "a", 1));
    for (int i = 0; i < 1000; i++)
        assert_null(map_put(&map, &i, sizeof(i), &values[i]));
    for (int i = 0; i < 1000; i++)
        assert_ptr_equal(map_get(&map, &i, sizeof(i)), &values[i]);
    for (int i = 0; i < 1000; i += 2)
        assert_ptr_equal(map_remove(&map, &i, sizeof(i)), &values[i]);
    while (map_next(&map, &place, &entry))
        seen++;
    assert_int_equal(seen, 500);
    assert_int_equal(map.count, 500);
    map_release(&map);
}

static void text_shows_no_control_characters(void **state)
{
    char text[16];

    (void)state;
    assert_string_equal(text_printable(text, sizeof(text), slice_of("a\n\x1b[", 4)),
                        "a\\x0a\\x1b[");
    assert_string_equal(text_printable(text, 8, slice_of_string("abcdefghij")), "abcd...");
    assert_string_equal(text_printable(text, 8, slice_of_string("abcdefg")), "abcdefg");
}

static void bytes_as_hexadecimal_text(void **state)
{
    const uint8_t bytes[] = {0x22, 0, 0xff};
    char text[9];

    (void)state;
    assert_string_equal(text_hex(text, sizeof(text), slice_of(bytes, 3)), "22:00:ff");
    assert_string_equal(text_hex(text, sizeof(text), slice_of(bytes, 0)), "");
    assert_string_equal(text_hex(text, 8, slice_of(bytes, 3)), "22:00");
    assert_string_equal(text_hex(text, 1, slice_of(bytes, 3)), "");
}

/* What can be read now from a descriptor that does not block; returns the number of lines. */
static size_t lines_in(int descriptor, char *text, size_t size)
{
    ssize_t length = read(descriptor, text, size - 1);
    size_t lines = 0;

    text[length > 0 ? length : 0] = 0;
    for (const char *at = text; (at = strchr(at, '\n')) != NULL; at++)
        lines++;
    return lines;
}

static void held_lines_leave_together(void **state)
{
    int before = dup(STDERR_FILENO), ends[2];
    char text[32768];
    size_t early, at_release, after;

    (void)state;
    assert_int_equal(pipe(ends), 0);
    fcntl(ends[0], F_SETFL, O_NONBLOCK);
    dup2(ends[1], STDERR_FILENO);
    log_hold();
    log_info("one");
    log_warning("%s", "two");
    early = lines_in(ends[0], text, sizeof(text));
    log_release();
    at_release = lines_in(ends[0], text, sizeof(text));
    log_info("three");
    after = lines_in(ends[0], text + 1000, sizeof(text) - 1000);
    dup2(before, STDERR_FILENO);
    assert_int_equal(early, 0);
    assert_int_equal(at_release, 2);
    assert_non_null(strstr(text, " one\n"));
    assert_non_null(strstr(text, " warning: two\n"));
    assert_int_equal(after, 1);
    /* More than there is room for leaves before the release; nothing is lost or cut in two. */
    dup2(ends[1], STDERR_FILENO);
    log_hold();
    for (int i = 0; i < 300; i++)
        log_info("a line of some length, number %d of a good many more than fit", i);
    early = lines_in(ends[0], text, sizeof(text));
    log_release();
    after = lines_in(ends[0], text, sizeof(text));
    dup2(before, STDERR_FILENO);
    assert_in_range(early, 1, 299);
    assert_int_equal(early + after, 300);
    close(before);
    close(ends[0]);
    close(ends[1]);
}

static void *look_at_mask(void *argument)
{
    pthread_sigmask(SIG_SETMASK, NULL, argument);
    return NULL;
}

static void thread_takes_no_signals(void **state)
{
    sigset_t mask, before, after;
    pthread_t thread;

    (void)state;
    pthread_sigmask(SIG_SETMASK, NULL, &before);
    assert_int_equal(thread_start(&thread, look_at_mask, &mask), 0);
    pthread_sigmask(SIG_SETMASK, NULL, &after);
    pthread_join(thread, NULL);
    assert_int_equal(sigismember(&mask, SIGTERM), 1);
    assert_int_equal(sigismember(&mask, SIGHUP), 1);
    assert_int_equal(sigismember(&after, SIGTERM), sigismember(&before, SIGTERM));
    assert_int_equal(sigismember(&after, SIGTERM), 0);
}

/* What one call writes, as JSON. */
static void log_says(enum log_format format, bool priorities, const struct log_field *fields,
                     size_t count, const char *text, char *said, size_t size)
{
    int ends[2], before = dup(STDERR_FILENO);
    ssize_t n;

    assert_int_equal(pipe(ends), 0);
    dup2(ends[1], STDERR_FILENO);
    log_set_format(format);
    log_set_priorities(priorities);
    log_line_with(LOG_WARNING, fields, count, "%s", text);
    log_set_format(LOG_TEXT);
    log_set_priorities(false);
    dup2(before, STDERR_FILENO);
    n = read(ends[0], said, size - 1);
    assert_true(n > 0);
    said[n] = 0;
    close(before);
    close(ends[0]);
    close(ends[1]);
}

static void a_line_as_json_is_one_object(void **state)
{
    const struct log_field fields[] = {
        {"name", LOG_FIELD_TEXT, "a\"b\\c\n\x7f\xc3\xa4\xc3\xff\xed\xa0\x80", 0},
        {"none", LOG_FIELD_TEXT, NULL, 0},
        {"big", LOG_FIELD_NUMBER, NULL, UINT64_C(18446744073709551615)},
        {"flag", LOG_FIELD_FLAG, NULL, 1},
    };
    char said[40000];

    (void)state;
    log_says(LOG_JSON, false, fields, 4, "what \"it\" is", said, sizeof(said));
    /* {"time":"2038-01-19T03:14:07.123Z", */
    assert_memory_equal(said, "{\"time\":\"2", 10);
    assert_string_equal(said + 32, "Z\",\"level\":\"warning\",\"text\":\"what \\\"it\\\" is\","
                                   "\"name\":\"a\\\"b\\\\c\\u000a\\u007f\xc3\xa4\\ufffd\\ufffd"
                                   "\\ufffd\\ufffd\\ufffd\",\"none\":null,"
                                   "\"big\":18446744073709551615,\"flag\":true}\n");
    log_says(LOG_JSON, true, NULL, 0, "x", said, sizeof(said));
    assert_memory_equal(said, "<4>{\"time\":", 11);
    log_says(LOG_TEXT, true, fields, 4, "x", said, sizeof(said));
    assert_string_equal(said, "<4>warning: x\n");
    log_says(LOG_TEXT, false, fields, 4, "x", said, sizeof(said));
    assert_non_null(strstr(said, " warning: x\n"));
}

/* However long and odd its texts are, the object is whole. */
static void a_long_line_as_json_is_whole(void **state)
{
    static char odd[5000], said[40000];
    struct log_field fields[5];

    (void)state;
    memset(odd, 1, sizeof(odd) - 1);
    for (size_t i = 0; i < 5; i++)
        fields[i] = (struct log_field){"name", LOG_FIELD_TEXT, odd, 0};
    log_says(LOG_JSON, false, fields, 5, odd, said, sizeof(said));
    assert_in_range(strlen(said), 10000, 16000);
    assert_string_equal(said + strlen(said) - 9, "\\u0001\"}\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line_as_json_is_one_object),
        cmocka_unit_test(a_long_line_as_json_is_whole),
        cmocka_unit_test(bytes_as_hexadecimal_text),
        cmocka_unit_test(held_lines_leave_together),
        cmocka_unit_test(reader_reads_both_byte_orders),
        cmocka_unit_test(reader_error_is_sticky),
        cmocka_unit_test(writer_stops_at_its_capacity),
        cmocka_unit_test(region_keeps_its_limit),
        cmocka_unit_test(map_finds_what_it_was_given),
        cmocka_unit_test(text_shows_no_control_characters),
        cmocka_unit_test(thread_takes_no_signals),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
