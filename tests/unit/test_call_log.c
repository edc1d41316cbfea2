#include "test.h"

#include "store/call_log.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct place {
    char directory[64], file[96];
    struct call_log *log;
};

static void open_log(struct place *place)
{
    char error[512] = "";

    place->log = call_log_open(place->directory, error, sizeof(error));
    if (!place->log)
        fail_msg("%s", error);
}

static void end_process(struct place *place)
{
    call_log_free(place->log);
    open_log(place);
}

static void place_init(struct place *place)
{
    snprintf(place->directory, sizeof(place->directory), "/tmp/bootwire-calls-XXXXXX");
    assert_non_null(mkdtemp(place->directory));
    snprintf(place->file, sizeof(place->file), "%s/calls.log", place->directory);
    open_log(place);
}

static void place_release(struct place *place)
{
    call_log_free(place->log);
    unlink(place->file);
    rmdir(place->directory);
}

static struct call_log_key key_of(const struct place *place, uint32_t number)
{
    return call_log_key_of(place->log, slice_of(&number, sizeof(number)));
}

static enum call_log_verdict find(const struct place *place, uint32_t number, struct slice *answer)
{
    struct call_log_key key = key_of(place, number);

    return call_log_find(place->log, &key, answer);
}

static uint32_t begin(struct place *place, uint32_t number)
{
    struct call_log_key key = key_of(place, number);

    return call_log_begin(place->log, &key);
}

static void end(struct place *place, uint32_t at, uint32_t number, struct slice answer)
{
    struct call_log_key key = key_of(place, number);

    call_log_end(place->log, at, &key, answer);
}

static void an_answer_outlives_the_process(void **state)
{
    struct slice answer;
    struct place place;

    (void)state;
    place_init(&place);
    assert_int_equal(find(&place, 1, &answer), CALL_LOG_NEW);
    end(&place, begin(&place, 1), 1, slice_of_string("done"));
    begin(&place, 2);
    /* This process's own calls are for others to know. */
    assert_int_equal(find(&place, 1, &answer), CALL_LOG_NEW);
    for (int lives = 0; lives < 3; lives++) {
        end_process(&place);
        assert_int_equal(find(&place, 1, &answer), CALL_LOG_ANSWERED);
        assert_true(slice_equal_string(answer, "done"));
        assert_int_equal(find(&place, 2, &answer), CALL_LOG_INTERRUPTED);
        assert_int_equal(find(&place, 3, &answer), CALL_LOG_NEW);
    }
    /* What is done at last counts from then on. */
    end(&place, begin(&place, 2), 2, slice_of_string("late"));
    end_process(&place);
    assert_int_equal(find(&place, 2, &answer), CALL_LOG_ANSWERED);
    assert_true(slice_equal_string(answer, "late"));
    place_release(&place);
}

static void an_answer_that_does_not_fit_forgets_the_call(void **state)
{
    uint8_t longer[CALL_LOG_ANSWER_MAX + 1] = {1};
    struct slice answer;
    struct place place;

    (void)state;
    place_init(&place);
    end(&place, begin(&place, 1), 1, slice_of(longer, sizeof(longer)));
    end(&place, begin(&place, 2), 2, (struct slice){NULL, 0});
    end(&place, begin(&place, 3), 3, slice_of(longer, sizeof(longer) - 1));
    end_process(&place);
    assert_int_equal(find(&place, 1, &answer), CALL_LOG_NEW);
    assert_int_equal(find(&place, 2, &answer), CALL_LOG_NEW);
    assert_int_equal(find(&place, 3, &answer), CALL_LOG_ANSWERED);
    assert_int_equal(answer.length, CALL_LOG_ANSWER_MAX);
    place_release(&place);
}

static void the_ring_keeps_the_latest(void **state)
{
    struct slice answer;
    struct place place;
    uint32_t first;

    (void)state;
    place_init(&place);
    first = begin(&place, 0);
    for (uint32_t i = 1; i <= 5000; i++)
        end(&place, begin(&place, i), i, slice_of_string("done"));
    end(&place, first, 0, slice_of_string("its place is another's"));
    end_process(&place);
    assert_int_equal(find(&place, 0, &answer), CALL_LOG_NEW);
    assert_int_equal(find(&place, 5000 - 4096, &answer), CALL_LOG_NEW);
    assert_int_equal(find(&place, 5001 - 4096, &answer), CALL_LOG_ANSWERED);
    assert_int_equal(find(&place, 5000, &answer), CALL_LOG_ANSWERED);
    /* The next process goes on behind the latest. */
    begin(&place, 5001);
    end_process(&place);
    assert_int_equal(find(&place, 5001 - 4096, &answer), CALL_LOG_NEW);
    assert_int_equal(find(&place, 5001, &answer), CALL_LOG_INTERRUPTED);
    place_release(&place);
}

static void write_at(const struct place *place, off_t offset, const char *bytes, size_t length)
{
    int file = open(place->file, O_RDWR);

    assert_true(file >= 0);
    assert_int_equal(pwrite(file, bytes, length, offset), (ssize_t)length);
    close(file);
}

static void a_file_of_another_boot_or_form_says_nothing(void **state)
{
    static const off_t offsets[] = {0, 8, 12}; /* the magic, the form, the boot id */
    struct slice answer;
    struct place place;

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        place_init(&place);
        end(&place, begin(&place, 1), 1, slice_of_string("done"));
        write_at(&place, offsets[i], "?", 1);
        end_process(&place);
        assert_int_equal(find(&place, 1, &answer), CALL_LOG_NEW);
        place_release(&place);
    }
}

static void losses_are_counted_on_until_another_boot(void **state)
{
    struct place place;
    uint64_t first;

    (void)state;
    place_init(&place);
    first = atomic_load(call_log_losses(place.log));
    end_process(&place);
    assert_true(atomic_load(call_log_losses(place.log)) == first);
    atomic_fetch_add(call_log_losses(place.log), 1);
    end_process(&place);
    assert_true(atomic_load(call_log_losses(place.log)) == first + 1);
    write_at(&place, 12, "?", 1);
    end_process(&place);
    assert_true(atomic_load(call_log_losses(place.log)) - first > 2);
    place_release(&place);
}

static void a_damaged_file_does_no_harm(void **state)
{
    struct slice answer;
    struct place place;
    char noise[4096];

    (void)state;
    place_init(&place);
    end(&place, begin(&place, 1), 1, slice_of_string("done"));
    for (size_t i = 0; i < sizeof(noise); i++)
        noise[i] = (char)(i % 7 == 0 ? 2 : i * 31);
    for (off_t at = 4096; at < 4096 + 64 * 4096; at += 4096)
        write_at(&place, at, noise, sizeof(noise));
    end_process(&place);
    assert_int_equal(find(&place, 1, &answer), CALL_LOG_ANSWERED);
    assert_int_equal(find(&place, 2, &answer), CALL_LOG_NEW);
    /* Cut short, it is made whole. */
    assert_int_equal(truncate(place.file, 100), 0);
    end_process(&place);
    end(&place, begin(&place, 3), 3, slice_of_string("done"));
    end_process(&place);
    assert_int_equal(find(&place, 3, &answer), CALL_LOG_ANSWERED);
    place_release(&place);
}

static void what_cannot_be_opened_is_named(void **state)
{
    char error[512];

    (void)state;
    assert_null(call_log_open("/nowhere", error, sizeof(error)));
    assert_string_equal(error, "/nowhere/calls.log cannot be used: No such file or directory");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_answer_outlives_the_process),
        cmocka_unit_test(an_answer_that_does_not_fit_forgets_the_call),
        cmocka_unit_test(the_ring_keeps_the_latest),
        cmocka_unit_test(a_file_of_another_boot_or_form_says_nothing),
        cmocka_unit_test(losses_are_counted_on_until_another_boot),
        cmocka_unit_test(a_damaged_file_does_no_harm),
        cmocka_unit_test(what_cannot_be_opened_is_named),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
