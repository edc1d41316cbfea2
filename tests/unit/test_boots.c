#include "decide/verdict.h"
#include "service/boots.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* The machine of that number. */
static struct boot_step step_of(unsigned number, enum step_event event)
{
    struct boot_step step = {
        .service = "dhcp",
        .event = event,
        .stage = STAGE_ROM,
        .hardware = {1,
                     6,
                     {2, 0, (uint8_t)(number >> 16), (uint8_t)(number >> 8), (uint8_t)number}},
        .asked = "it asks",
        .got = "it gets",
    };

    return step;
}

static void tell(struct boots *boots, unsigned number, enum step_event event)
{
    struct boot_step step = step_of(number, event);

    boots_step(boots, &step);
}

static void count_boot(void *argument, const struct boot *boot)
{
    (void)boot;
    ++*(unsigned *)argument;
}

static bool count_change(void *argument, const struct boot *boot)
{
    count_boot(argument, boot);
    return true;
}

static bool stop_after_two(void *argument, const struct boot *boot)
{
    count_boot(argument, boot);
    return *(unsigned *)argument < 2;
}

static bool is_known(struct boots *boots, const char *name)
{
    unsigned count = 0;

    return boots_visit(boots, name, count_boot, &count) && count == 1;
}

static void the_machine_that_was_silent_longest_is_forgotten(void **state)
{
    struct boots *boots = boots_new();

    (void)state;
    for (unsigned i = 0; i < BOOTS_MAX; i++)
        tell(boots, i, STEP_OFFER);
    tell(boots, 0, STEP_ACK);
    tell(boots, BOOTS_MAX, STEP_OFFER);
    assert_int_equal(boots_count(boots), BOOTS_MAX);
    assert_true(is_known(boots, "02:00:00:00:00:00"));
    assert_false(is_known(boots, "02:00:00:00:01:00"));
    assert_true(is_known(boots, "02:00:00:10:00:00"));
    assert_false(is_known(boots, ""));
    boots_free(boots);
}

static void a_step_by_address_belongs_to_who_has_it(void **state)
{
    struct boots *boots = boots_new();
    struct boot_step named = step_of(1, STEP_ACK), other = step_of(2, STEP_ACK);
    struct boot_step file = {.service = "http",
                             .event = STEP_FILE_SENT,
                             .address = 0x0a320109,
                             .asked = "GET",
                             .got = "10 bytes",
                             .subject = "a"};

    (void)state;
    named.address = other.address = 0x0a320109;
    boots_step(boots, &named);
    boots_step(boots, &file);
    assert_int_equal(boots_count(boots), 1);
    assert_true(is_known(boots, "10.50.1.9"));
    /* Another machine takes the address. */
    boots_step(boots, &other);
    boots_step(boots, &file);
    assert_int_equal(boots_count(boots), 2);
    /* An address that nobody has asked for by DHCP is a machine of its own. */
    file.address++;
    boots_step(boots, &file);
    boots_step(boots, &file);
    assert_int_equal(boots_count(boots), 3);
    /* Neither hardware nor address: nobody's. */
    file.address = 0;
    boots_step(boots, &file);
    assert_int_equal(boots_count(boots), 3);
    boots_free(boots);
}

static void a_slow_reader_learns_what_it_lost(void **state)
{
    struct boots *boots = boots_new();
    struct boots_reader reader;
    struct boots_step step;
    uint64_t lost = 0;
    unsigned read = 0, changed = 0;

    (void)state;
    tell(boots, 7, STEP_OFFER);
    boots_follow(boots, &reader);
    assert_false(boots_read(boots, &reader, &step, &lost));
    for (unsigned i = 0; i < BOOTS_STEPS + 5; i++)
        tell(boots, i % 3, STEP_OFFER);
    while (boots_read(boots, &reader, &step, &lost)) {
        assert_string_equal(step.exchange.asked, "it asks");
        boots_step_release(&step);
        read++;
    }
    assert_int_equal(lost, 5);
    assert_int_equal(read, BOOTS_STEPS);
    /* States are never lost, and what is not taken now is news the next time. */
    boots_changed(boots, &reader, stop_after_two, &changed);
    assert_int_equal(changed, 2);
    boots_changed(boots, &reader, count_change, &changed);
    assert_int_equal(changed, 5);
    boots_changed(boots, &reader, count_change, &changed);
    assert_int_equal(changed, 5);
    boots_unfollow(boots, &reader);
    boots_free(boots);
}

static void a_verdict_is_told_once_and_is_a_change(void **state)
{
    struct boots *boots = boots_new();
    struct boots_reader reader = {0};
    struct boots_found found[BOOTS_FOUND_MAX];
    unsigned changed = 0;

    (void)state;
    for (unsigned i = 0; i < 3; i++) {
        tell(boots, 1, STEP_OFFER);
        tell(boots, 2, STEP_INFORM);
    }
    boots_changed(boots, &reader, count_change, &changed);
    assert_int_equal(changed, 2);
    assert_int_equal(boots_judge(boots, found), 1);
    assert_string_equal(found[0].verdict.id, "offer-unheard");
    assert_int_equal(found[0].hardware.address[4], 1);
    assert_int_equal(boots_judge(boots, found), 0);
    boots_changed(boots, &reader, count_change, &changed);
    assert_int_equal(changed, 3);
    /* It goes on. */
    tell(boots, 1, STEP_ACK);
    assert_int_equal(boots_judge(boots, found), 0);
    boots_free(boots);
}

static void a_crowd_that_stands_is_told_of_in_turns(void **state)
{
    struct boots *boots = boots_new();
    struct boots_found found[BOOTS_FOUND_MAX];

    (void)state;
    for (unsigned i = 0; i < 3 * (BOOTS_FOUND_MAX + 3); i++)
        tell(boots, i % (BOOTS_FOUND_MAX + 3), STEP_OFFER);
    assert_int_equal(boots_judge(boots, found), BOOTS_FOUND_MAX);
    assert_int_equal(boots_judge(boots, found), 3);
    assert_int_equal(boots_judge(boots, found), 0);
    boots_free(boots);
}

static void *tell_many(void *argument)
{
    for (unsigned i = 0; i < 20000; i++)
        tell(argument, i % 50, i % 2 ? STEP_OFFER : STEP_ACK);
    return NULL;
}

static void woken(void *argument)
{
    ++*(unsigned *)argument;
}

static void steps_come_from_any_thread(void **state)
{
    struct boots *boots = boots_new();
    struct boots_reader reader;
    struct boots_step step;
    pthread_t threads[3];
    uint64_t lost = 0, read = 0;
    unsigned wakes = 0;

    (void)state;
    boots_wake(boots, woken, &wakes);
    boots_follow(boots, &reader);
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, tell_many, boots), 0);
    for (int i = 0; i < 1000; i++) {
        while (boots_read(boots, &reader, &step, &lost)) {
            boots_step_release(&step);
            read++;
        }
    }
    for (size_t i = 0; i < 3; i++)
        pthread_join(threads[i], NULL);
    while (boots_read(boots, &reader, &step, &lost)) {
        boots_step_release(&step);
        read++;
    }
    assert_int_equal(read + lost, 60000);
    assert_int_not_equal(wakes, 0);
    assert_int_equal(boots_count(boots), 50);
    boots_unfollow(boots, &reader);
    boots_wake(boots, NULL, NULL);
    boots_free(boots);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_machine_that_was_silent_longest_is_forgotten),
        cmocka_unit_test(a_step_by_address_belongs_to_who_has_it),
        cmocka_unit_test(a_slow_reader_learns_what_it_lost),
        cmocka_unit_test(a_verdict_is_told_once_and_is_a_change),
        cmocka_unit_test(a_crowd_that_stands_is_told_of_in_turns),
        cmocka_unit_test(steps_come_from_any_thread),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
